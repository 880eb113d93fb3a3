package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	answerWithin = 30 * time.Second
	maxAnswer    = 64 << 20 // bytes
	pageSize     = 200      // rows asked for at once
)

// A remoteHub is a running hub as its API shows it to one token.
type remoteHub struct {
	URL   string `help:"Where the hub is (default ${default})." default:"http://127.0.0.1:8080" env:"WEDSYNC_URL" placeholder:"URL"`
	Token string `help:"Who you are; wedsync token prints one." env:"WEDSYNC_TOKEN" required:"" placeholder:"TOKEN"`
}

// A refusal is a problem document that the hub answered with.
type refusal struct {
	Status   int             `json:"status"`
	Title    string          `json:"title"`
	Detail   string          `json:"detail"`
	Conflict *remoteConflict `json:"conflict"`
	Merged   *remoteMerged   `json:"merged"`
	Import   *remoteImport   `json:"import"`
	Errors   []struct {
		Field string `json:"field"`
		Rule  string `json:"rule"`
	} `json:"errors"`
}

func (r *refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the hub says: %s", printable(r.Title))
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "; %s %s", printable(e.Field), printable(e.Rule))
	}
	if len(r.Errors) == 0 && r.Detail != "" {
		fmt.Fprintf(&b, ". %s", printable(r.Detail))
	}
	return b.String()
}

// get reads path into out.
func (h *remoteHub) get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return h.do(ctx, http.MethodGet, path, nil, out)
}

// do sends a request and reads the answer into out, unless that is nil. If the hub refuses, the
// error is a *refusal.
func (h *remoteHub) do(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	r, err := h.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return h.unreached(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return refusalOf(resp, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer of %s is not that of a hub: %w", h.URL, err)
	}
	return nil
}

// unreached says that the hub did not answer.
func (h *remoteHub) unreached(err error) error {
	var cause *url.Error
	if errors.As(err, &cause) {
		err = cause.Err // its text repeats the URL
	}
	return fmt.Errorf("reach the hub at %s: %w (is it running? --url says where)", h.URL, err)
}

func (h *remoteHub) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(h.URL, "/")+path, sent)
	if err != nil {
		return nil, fmt.Errorf("--url: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+h.Token)
	if method != http.MethodGet {
		r.Header.Set("Idempotency-Key", rand.Text())
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

func refusalOf(resp *http.Response, answer []byte) error {
	var r refusal
	if json.Unmarshal(answer, &r) != nil || r.Title == "" {
		return fmt.Errorf("the hub answered %s", resp.Status)
	}
	return &r
}

// A listing is what was read of a list.
type listing[T any] struct {
	Totals map[string]int `json:"totals,omitempty"`
	Items  []T            `json:"items"`
	Next   *string        `json:"next"` // null at the end of the list
}

// list reads at most limit rows of a list, page by page.
func list[T any](ctx context.Context, h *remoteHub, path string, query url.Values, limit int) (listing[T], error) {
	all := listing[T]{Items: []T{}}
	for {
		query.Set("limit", strconv.Itoa(min(pageSize, limit-len(all.Items))))
		var page listing[T]
		if err := h.get(ctx, path, query, &page); err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
		for what, n := range page.Totals {
			if all.Totals == nil {
				all.Totals = make(map[string]int)
			}
			all.Totals[what] += n
		}
		if page.Next == nil || *page.Next == query.Get("cursor") || len(all.Items) >= limit {
			return all, nil
		}
		query.Set("cursor", *page.Next)
	}
}
