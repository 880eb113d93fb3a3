package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"wedsync/server/communications/source"
)

const (
	attempts = 50      // of a request, before it is given up
	maxBody  = 8 << 20 // bytes of an answer
)

// A Caller asks a test server. It asks again at once what was refused for a while.
type Caller struct {
	Client *http.Client
	Base   string // what stands before a path
	Sign   func(r *http.Request)

	asked atomic.Int64
}

// Asked is how many requests were made.
func (c *Caller) Asked() int { return int(c.asked.Load()) }

// Call implements [source.Caller].
func (c *Caller) Call(ctx context.Context, r source.Request) (source.Answer, error) {
	var err error
	for range attempts {
		var a source.Answer
		if a, err = c.once(ctx, r); err == nil || !errors.Is(err, source.ErrTemporary) {
			return a, err
		}
	}
	return source.Answer{}, err
}

func (c *Caller) once(ctx context.Context, r source.Request) (source.Answer, error) {
	url := r.URL
	if strings.HasPrefix(url, "/") {
		url = c.Base + url
	}
	if !strings.HasPrefix(url, c.Base) {
		return source.Answer{}, fmt.Errorf("%w: %s is not the provider's", source.ErrForbidden, url)
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(r.Body))
	if err != nil {
		return source.Answer{}, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	c.Sign(req)
	c.asked.Add(1)
	resp, err := c.Client.Do(req)
	if err != nil {
		return source.Answer{}, fmt.Errorf("%w: %w", source.ErrTemporary, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read only
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return source.Answer{}, fmt.Errorf("%w: %w", source.ErrTemporary, err)
	}
	if resp.StatusCode/100 == 2 {
		return source.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
	}
	return source.Answer{}, refused(r, resp, body)
}

// refused is the error of an answer that is no success.
func refused(r source.Request, resp *http.Response, body []byte) error {
	if r.Judge != nil {
		if err := r.Judge(resp.StatusCode, resp.Header, body); err != nil {
			return err
		}
	}
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %s", source.ErrGone, body)
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden,
		resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return fmt.Errorf("%w: %s: %s", source.ErrTemporary, resp.Status, body)
	}
	return fmt.Errorf("%s %s: %s: %s", r.Method, r.URL, resp.Status, body)
}
