package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// What bounds a request where Options do not say otherwise.
const (
	DefaultWithin = 15 * time.Second // until its answer was read
	DefaultAnswer = 1 << 20          // bytes of an answer

	dialWithin  = 5 * time.Second // until connected, and as long again for TLS
	maxHeader   = 64 << 10        // bytes of an answer's head
	idleFor     = 30 * time.Second
	idleServers = 32 // connections that are kept for the next request
)

// Why nothing is sent or read. Errors of a Client wrap them.
var (
	// ErrTarget means a URL that nothing is sent to.
	ErrTarget = errors.New("target refused")
	// ErrRedirect means an answer that leads elsewhere.
	ErrRedirect = errors.New("redirects are not followed")
	// ErrTooLong means an answer that is longer than allowed.
	ErrTooLong = errors.New("answer too long")
)

// Options say how a client sends.
type Options struct {
	AllowPrivate bool          // also to this machine and to private networks
	Within       time.Duration // DefaultWithin if 0
	Answer       int64         // bytes; DefaultAnswer if 0
	Resolver     *net.Resolver // net.DefaultResolver if nil
}

// A Client sends requests. Its methods may be called from any goroutine.
type Client struct {
	Options
	http http.Client
}

// New makes a client.
func New(o Options) *Client {
	o.Within, o.Answer = cmp.Or(o.Within, DefaultWithin), cmp.Or(o.Answer, DefaultAnswer)
	c := &Client{Options: o}
	allowed := public
	if o.AllowPrivate {
		allowed = publicOrPrivate
	}
	c.http = http.Client{
		Transport:     bySchemes{secure: o.transport(allowed), plain: o.transport(loopback)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect },
		Timeout:       o.Within,
	}
	return c
}

// Close ends the connections that are kept for the next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// transport connects to allowed addresses alone. They are looked at when a name
// is resolved and the socket about to connect, so that no name can change its
// mind in between.
func (o Options) transport(allowed func(netip.Addr) error) *http.Transport {
	dialer := &net.Dialer{
		Timeout: dialWithin, Resolver: o.Resolver,
		Control: func(network, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("%w: %s %s", ErrTarget, network, address)
			}
			if err := allowed(at.Addr()); err != nil {
				return fmt.Errorf("%w: %w", ErrTarget, err)
			}
			return nil
		},
	}
	return &http.Transport{
		Proxy:                  nil, // a proxy would connect where we must not
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    dialWithin,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           idleServers,
		IdleConnTimeout:        idleFor,
		DisableCompression:     true, // a small answer is what it seems
		ForceAttemptHTTP2:      true,
	}
}

// bySchemes keeps plain HTTP apart, whose targets are others.
type bySchemes struct{ secure, plain *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (s bySchemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return s.secure.RoundTrip(r)
	}
	return s.plain.RoundTrip(r)
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (s bySchemes) CloseIdleConnections() {
	s.secure.CloseIdleConnections()
	s.plain.CloseIdleConnections()
}

// Check refuses a URL to which nothing can be sent, as far as its text says.
func (c *Client) Check(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("%w: not a URL", ErrTarget)
	}
	return c.check(u)
}

func (c *Client) check(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Opaque != "", u.Hostname() == "":
		return fmt.Errorf("%w: it must be https://HOST/PATH", ErrTarget)
	case u.User != nil:
		return fmt.Errorf("%w: a URL with a user or password", ErrTarget)
	}
	at, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && at.Unmap().IsLoopback()
	switch {
	case u.Scheme == "http" && !here:
		return fmt.Errorf("%w: it must begin with https://", ErrTarget)
	case here && !c.AllowPrivate:
		return fmt.Errorf("%w: it is on this machine, and private targets are not allowed", ErrTarget)
	}
	return nil
}

// Do sends a request. The answer's body gives ErrTooLong where it is too long,
// and must be closed.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if err := c.check(r.URL); err != nil {
		return nil, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > c.Answer {
		_ = answer.Body.Close() // nothing was wanted of it
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLong, answer.ContentLength)
	}
	answer.Body = &bounded{answer.Body, c.Answer}
	return answer, nil
}

// Get reads what a URL answers with, if its status is 200.
func (c *Client) Get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered with status %d", answer.StatusCode)
	}
	return body, nil
}

// bounded is a body of which at most left bytes are read.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), ErrTooLong
	}
	return n, err
}
