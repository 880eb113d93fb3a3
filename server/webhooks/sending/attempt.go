package sending

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wedsync/store"
)

// A Log is what is kept of a delivery's attempts.
type Log struct {
	First    time.Time `json:"first,omitzero"` // since the delivery was put last to be sent
	Attempts []Attempt `json:"attempts,omitempty"`
}

// An Attempt is one request and what came of it. It holds no secret.
type Attempt struct {
	At       time.Time         `json:"at" doc:"When the request began."`
	Took     int64             `json:"took_ms" doc:"Until the answer was read, in milliseconds."`
	URL      string            `json:"url" doc:"Where it went, without the query."`
	Headers  map[string]string `json:"headers" doc:"That were sent, but for the signature."`
	Status   int               `json:"status,omitempty" doc:"Of the answer; left out if there was none."`
	Answered map[string]string `json:"response_headers,omitempty" doc:"Some headers of the answer."`
	Response string            `json:"response,omitempty" doc:"The beginning of the answer."`
	Error    string            `json:"error,omitempty" doc:"Why it failed; left out if it did not."`
}

// logOf is a delivery's log. One that cannot be read is begun anew: it decides
// nothing but how long is tried.
func logOf(d *store.Delivery) (l Log) {
	if json.Unmarshal(d.Log, &l) != nil {
		return Log{}
	}
	return l
}

// add notes an attempt; of too many the oldest goes.
func (l *Log) add(a Attempt) {
	if l.First.IsZero() {
		l.First = a.At
	}
	l.Attempts = append(l.Attempts, a)
	l.Attempts = l.Attempts[max(0, len(l.Attempts)-MaxAttempts):]
}

func (l *Log) encode() []byte {
	b, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("sending: log: %v", err)) // it holds nothing that JSON cannot
	}
	return b
}

// An answer is what came of a request.
type answer struct {
	Attempt
	wait time.Duration // that the receiver wants, 0 if it does not say
}

func (a *answer) came() bool { return a.Error == "" }

// request sends a delivery once.
func (s *Sender) request(ctx context.Context, set *Settings, d *store.Delivery) answer {
	a := answer{Attempt: Attempt{At: s.now().UTC(), URL: bare(set.URL)}}
	err := s.exchange(ctx, set, d, &a)
	a.Took = s.now().Sub(a.At).Milliseconds()
	switch {
	case err != nil:
		a.Error = reason(err)
	case a.Status < 200 || a.Status > 299:
		a.Error = fmt.Sprintf("answered %d", a.Status)
	}
	return a
}

// exchange sends the request and reads the answer into a.
func (s *Sender) exchange(ctx context.Context, set *Settings, d *store.Delivery, a *answer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, set.URL, bytes.NewReader(d.Body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "WedSync-Webhooks/1")
	if err := Sign(r.Header, set.signing(a.At), d.ID, a.At, d.Body); err != nil {
		return err
	}
	a.Headers = some(r.Header, "Content-Type", "User-Agent", "Webhook-Id", "Webhook-Timestamp")
	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.Status, a.Answered, a.wait = resp.StatusCode, some(resp.Header, "Content-Type", "Retry-After"), retryAfter(resp.Header, s.now())
	// The status is the answer. Its body is for people, whatever of it can be read.
	excerpt, _ := io.ReadAll(io.LimitReader(resp.Body, MaxExcerpt))
	a.Response = strings.ToValidUTF8(string(excerpt), "\uFFFD")
	return nil
}

// some are those of the headers that are there, in lower case.
func some(h http.Header, names ...string) map[string]string {
	found := make(map[string]string)
	for _, name := range names {
		if v := h.Get(name); v != "" {
			found[strings.ToLower(name)] = v[:min(len(v), MaxExcerpt)]
		}
	}
	return found
}

// bare is a URL without what may be a secret.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// reason says why a request failed, without the URL.
func reason(err error) string {
	var cause *url.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	text := err.Error()
	return text[:min(len(text), MaxExcerpt)]
}
