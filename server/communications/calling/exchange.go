package calling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/server/breaker"
	"wedsync/server/communications/source"
)

// Tokens knows what accounts authenticate with.
type Tokens interface {
	// Token is an access token of an account, refreshed if need be.
	Token(ctx context.Context, account string) (token string, expires time.Time, err error)
	// Refused says that a provider did not take a token, or the password of
	// an account that has one: the next Token is another one.
	Refused(ctx context.Context, account, token string) error
	// Credentials are user and password of an account that has no tokens.
	Credentials(ctx context.Context, account string) (user, password string, err error)
}

// A Client sends requests. It is an [outbound.Client], whose bodies end in an error
// where they are too long.
type Client interface {
	Do(r *http.Request) (*http.Response, error)
}

// A Provider is what an exchange knows of one.
type Provider struct {
	URL       string  // below which its API is, without a slash at the end
	PerSecond float64 // units of its quota that each account has; 0 for no bound
	Burst     int     // units that may be used at once; half of those of a second if 0
	AtOnce    int     // requests of an account that may be under way; DefaultAtOnce if 0
	Password  bool    // accounts have user and password, no tokens
}

// DefaultAtOnce is how many requests of an account may be under way.
const DefaultAtOnce = 8

// Options say what an exchange works with. Tokens and Client are needed.
type Options struct {
	Tokens     Tokens
	Client     Client
	Providers  map[string]Provider
	Registerer prometheus.Registerer // none if nil
}

// An Exchange asks providers. Its methods may be called from any goroutine.
type Exchange struct {
	Options
	breakers breaker.Set
	metrics  *metrics

	mu    sync.Mutex
	lines map[string]*line // by account
}

// New makes an exchange.
func New(o Options) (*Exchange, error) {
	if o.Tokens == nil || o.Client == nil {
		return nil, errors.New("an exchange needs tokens and a client")
	}
	for name, p := range o.Providers {
		if u, err := url.Parse(p.URL); err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is no URL of %s", p.URL, name)
		}
	}
	e := &Exchange{Options: o, metrics: newMetrics(o.Registerer), lines: make(map[string]*line)}
	e.breakers.After, e.breakers.For = breakerAfter, breakerFor
	e.breakers.Opened = func(n int) { e.metrics.breakers.Set(float64(n)) }
	return e, nil
}

const (
	breakerAfter = 5           // calls in a row that failed, each asked several times
	breakerFor   = time.Minute // for which the account is left alone then

	maxLines = 10_000 // that are kept; of more, those that nobody uses are forgotten
)

// Caller asks a provider in the name of an account.
func (e *Exchange) Caller(account, provider string) source.Caller {
	return &caller{exchange: e, account: account, name: provider, provider: e.Providers[provider]}
}

// line is that of an account.
func (e *Exchange) line(c *caller) *line {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lines[c.account]
	if l == nil {
		if len(e.lines) >= maxLines {
			for account, other := range e.lines {
				if other.idle(time.Now()) {
					delete(e.lines, account)
				}
			}
		}
		l = newLine(c.provider)
		e.lines[c.account] = l
	}
	return l
}

// A caller asks in the name of one account.
type caller struct {
	exchange *Exchange
	account  string
	name     string // of the provider
	provider Provider
}

// Call implements [source.Caller].
func (c *caller) Call(ctx context.Context, r source.Request) (source.Answer, error) {
	if c.provider.URL == "" {
		return source.Answer{}, fmt.Errorf("%w: nobody knows the provider %q", source.ErrForbidden, c.name)
	}
	target, err := c.target(r.URL)
	if err != nil {
		return source.Answer{}, err
	}
	done, err := c.enter(ctx)
	if err != nil {
		return source.Answer{}, err
	}
	a, err := c.ask(ctx, c.exchange.line(c), target, r)
	done(ctx.Err() == nil && broken(err))
	return a, err
}

// target is the URL of a request. A token goes nowhere but to its provider,
// whatever a provider says where to go on.
func (c *caller) target(text string) (string, error) {
	if len(text) > 0 && text[0] == '/' {
		return c.provider.URL + text, nil
	}
	base, err := url.Parse(c.provider.URL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil {
		return "", fmt.Errorf("%w: it leads away from the provider", source.ErrUnreadable)
	}
	return text, nil
}

const (
	lookAgain = 50 * time.Millisecond // whether the one who tries whether a provider is back has come to know
	lookFor   = 10 * time.Second
)

// enter lets a call pass unless the provider is left alone. If somebody is trying
// whether it is back, it waits for the outcome.
func (c *caller) enter(ctx context.Context) (done func(failed bool), err error) {
	for begun := time.Now(); ; {
		done, err := c.exchange.breakers.Enter(c.account, time.Now())
		var open *breaker.OpenError
		if !errors.As(err, &open) {
			return done, err
		}
		if c.exchange.breakers.Of(c.account).State == breaker.Open || time.Since(begun) > lookFor {
			c.exchange.metrics.count(c.name, "left_alone")
			return nil, &leftAlone{open}
		}
		if err := sleep(ctx, lookAgain); err != nil {
			return nil, err
		}
	}
}

// leftAlone is an error that says when a provider is asked again.
type leftAlone struct{ open *breaker.OpenError }

func (e *leftAlone) Error() string {
	return fmt.Sprintf("%s: %s", source.ErrTemporary, e.open)
}

// Is makes it temporary.
func (e *leftAlone) Is(target error) bool { return target == source.ErrTemporary }

// sleep waits, or returns why ctx ended first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
