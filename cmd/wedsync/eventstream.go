package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxEventLine = 1 << 20 // bytes

// errEnded means that a stream ended, which none does by itself.
var errEnded = errors.New("the hub ended it")

// open begins to read an answer that has no end of its own. If the hub refuses,
// the error is a *refusal.
func (h *remoteHub) open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	r, err := h.request(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, h.unreached(err)
	}
	if resp.StatusCode < http.StatusBadRequest {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil, refusalOf(resp, answer)
}

// eachEvent reads server-sent events until show fails or they end, which is
// errEnded. It calls alive for each line.
func eachEvent(r io.Reader, alive func(), show func(data string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEventLine)
	for lines.Scan() {
		alive()
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := show(data); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return errEnded
}
