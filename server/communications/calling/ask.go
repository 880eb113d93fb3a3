package calling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"time"

	"wedsync/server/communications/source"
)

const (
	maxTries  = 6                      // of a request whose answers are no success
	firstWait = 250 * time.Millisecond // bounds the random time before it is asked again; it doubles
	lastWait  = 8 * time.Second
)

// maxRefused is how often a request is made with other tokens if those that it had
// are refused.
const maxRefused = 2

// ask asks until there is an answer, or it is clear that there is none for now.
func (c *caller) ask(ctx context.Context, l *line, target string, r source.Request) (a source.Answer, err error) {
	refused := 0
	for try := range maxTries {
		var v verdict
		if a, v, err = c.once(ctx, l, target, r); err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return source.Answer{}, ctx.Err()
		}
		if v.refused {
			if refused++; refused > maxRefused {
				break
			}
		} else if !v.again || try == maxTries-1 {
			break
		}
		if v.wait {
			if err := sleep(ctx, rand.N(min(firstWait<<try, lastWait))); err != nil { //nolint:gosec // not to come back together
				return source.Answer{}, err
			}
		}
	}
	return source.Answer{}, err
}

// once asks once.
func (c *caller) once(ctx context.Context, l *line, target string, r source.Request) (source.Answer, verdict, error) {
	asked, err := l.take(ctx, r.Cost)
	if err != nil {
		c.exchange.metrics.count(c.name, "held_back")
		return source.Answer{}, verdict{}, err
	}
	defer l.give()
	ready, err := c.prepare(ctx, target, r)
	if err != nil {
		return source.Answer{}, verdict{}, err
	}
	c.exchange.metrics.units.WithLabelValues(c.name).Add(float64(max(1, r.Cost)))
	a, err := c.exchange.receive(ready.request)
	if err != nil {
		c.exchange.metrics.count(c.name, "broken")
		return a, verdict{again: mayRepeat(r.Method), wait: true}, err
	}
	v := judge(a, r)
	c.exchange.metrics.count(c.name, v.name)
	switch {
	case v.refused:
		if err := c.exchange.Tokens.Refused(ctx, c.account, ready.secret); err != nil {
			return a, verdict{}, err
		}
	case v.limited:
		l.pause(asked, v.after)
	default:
		l.went()
	}
	return a, v, v.err
}

// An errand is a request that is ready to be sent.
type errand struct {
	request *http.Request
	secret  string // by which it authenticates
}

// prepare makes a request ready.
func (c *caller) prepare(ctx context.Context, target string, r source.Request) (errand, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(r.Body))
	if err != nil {
		return errand{}, fmt.Errorf("%w: it gives no URL", source.ErrUnreadable)
	}
	request.Header.Set("Accept", "application/json")
	for name, values := range r.Header {
		request.Header[name] = values
	}
	if c.provider.Password {
		user, password, err := c.exchange.Tokens.Credentials(ctx, c.account)
		if err != nil {
			return errand{}, err
		}
		request.SetBasicAuth(user, password)
		return errand{request, password}, nil
	}
	token, _, err := c.exchange.Tokens.Token(ctx, c.account)
	if err != nil {
		return errand{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return errand{request, token}, nil
}

// receive sends a request and reads the answer. A body that broke off is an error,
// also where HTTP does not notice it.
func (e *Exchange) receive(r *http.Request) (source.Answer, error) {
	response, err := e.Client.Do(r)
	if err != nil {
		return source.Answer{}, unanswered(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return source.Answer{}, fmt.Errorf("%w: %w", source.ErrUnreadable, err)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/json" && len(body) > 0 && !json.Valid(body) {
		return source.Answer{}, fmt.Errorf("%w: it is no JSON", source.ErrUnreadable)
	}
	return source.Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// unanswered is the error of a request without an answer. It leaves the URL out,
// which may say more than owners should read.
func unanswered(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%w: %w", source.ErrTemporary, err)
}

// mayRepeat reports whether a request does no harm if it is carried out twice.
func mayRepeat(method string) bool { return method != http.MethodPost && method != http.MethodPatch }
