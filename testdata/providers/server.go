package providers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Provider is one of those that a server speaks as.
type Provider string

// The providers. Each is served below its name.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
	Twilio    Provider = "twilio"
)

// Options say how a server behaves.
type Options struct {
	Seed  uint64           // of troubles, ids and tokens
	Clock func() time.Time // time.Now if nil

	Quota      map[Provider]int // units per second of each account; none has no bound
	TokenLife  time.Duration    // of an access token; an hour if 0
	Rotate     bool             // a refresh token is good for one refresh, which gives the next one
	SlowFor    time.Duration    // what a slow answer takes; 20 ms if 0
	RetryAfter time.Duration    // what a limited answer says, in whole seconds
}

// A Server answers as the providers do. Its methods may be called from any
// goroutine.
type Server struct {
	options Options
	mux     *http.ServeMux

	mu       sync.Mutex // guards all below
	skew     map[Provider]time.Duration
	accounts map[account]*identity
	tokens   tokens
	faults   faults
	quotas   map[account]*bucket
	counts   map[string]Count
	push     func(Push)
	serial   uint64 // of ids that are made

	google    googleState
	microsoft microsoftState
	twilio    twilioState
}

// An account is one of a provider's.
type account struct {
	provider Provider
	address  string // e-mail address, or the id of a Twilio account
}

// An identity is what is known of the owner of an account.
type identity struct {
	name   string
	secret string // the password of an account without OAuth
}

// New makes a server without accounts.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.TokenLife = cmp.Or(o.TokenLife, time.Hour)
	o.SlowFor = cmp.Or(o.SlowFor, 20*time.Millisecond)
	s := &Server{
		options:   o,
		mux:       http.NewServeMux(),
		skew:      make(map[Provider]time.Duration),
		accounts:  make(map[account]*identity),
		tokens:    newTokens(),
		faults:    newFaults(o.Seed),
		quotas:    make(map[account]*bucket),
		counts:    make(map[string]Count),
		google:    newGoogleState(),
		microsoft: newMicrosoftState(),
		twilio:    newTwilioState(),
	}
	s.handleOAuth(Google, "/o/oauth2/v2/auth", "/token", "/revoke")
	s.handleOAuth(Microsoft, "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token", "")
	s.handleGoogle()
	s.handleMicrosoft()
	s.handleTwilio()
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// AddAccount makes an account with a provider that is connected by OAuth. One that
// is there stays.
func (s *Server) AddAccount(p Provider, address, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(p, address, name)
}

// account is the identity of an account, which is made if it is new.
func (s *Server) account(p Provider, address, name string) *identity {
	of, ok := s.accounts[account{p, address}]
	if !ok {
		of = &identity{name: name}
		s.accounts[account{p, address}] = of
	}
	return of
}

// Skew makes a provider's clock go wrong by d.
func (s *Server) Skew(p Provider, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew[p] = d
}

// now is a provider's time. The lock is held.
func (s *Server) now(p Provider) time.Time { return s.options.Clock().Add(s.skew[p]).UTC() }

// next is a number that nothing was given yet. The lock is held.
func (s *Server) next() uint64 {
	s.serial++
	return s.serial
}

// A request is one of an account that was let in.
type request struct {
	*http.Request
	account
	now time.Time // the provider's
}

// An answer is what a handler answers with that is more than JSON with status 200.
type answer struct {
	status int
	header http.Header
	body   any // JSON, or []byte for what is none; nil for none
}

// A handler answers with an answer, or with what is sent as JSON; or with a failure
// as its error. It takes the server's lock itself, and nobody may change what it
// returned.
type handler func(r *request) (any, error)

// handle serves a path below a provider for whoever has an account. Each request
// costs units of the account's quota.
func (s *Server) handle(p Provider, method, path string, cost int, serve handler) {
	s.route(p, method, path, func(r *http.Request) (any, error) {
		req := &request{Request: r, account: account{provider: p}}
		if err := s.admit(req, cost); err != nil {
			return nil, err
		}
		return serve(req)
	})
}

// route serves a path below a provider for everybody.
func (s *Server) route(p Provider, method, path string, serve func(r *http.Request) (any, error)) {
	pattern := method + " /" + string(p) + path
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		m := s.asked(p, pattern, r)
		if m.slow && !wait(r.Context(), s.options.SlowFor) || m.dropped {
			panic(http.ErrAbortHandler)
		}
		var body any
		err := m.err
		if err == nil {
			body, err = serve(r)
		}
		s.answered(pattern, err)
		s.send(w, p, body, err, m.truncated)
	})
}

// wait reports whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// send writes an answer, or half of it.
func (s *Server) send(w http.ResponseWriter, p Provider, body any, err error, half bool) {
	a, ok := body.(answer)
	if !ok {
		a = answer{status: http.StatusOK, body: body}
	}
	if err != nil {
		var f failure
		if !errors.As(err, &f) {
			f = failure{status: http.StatusInternalServerError, reason: "internalError", message: err.Error()}
		}
		a = f.answer(p)
	}
	for key, values := range a.header {
		w.Header()[key] = values
	}
	s.mu.Lock()
	w.Header().Set("Date", s.now(p).Format(http.TimeFormat))
	s.mu.Unlock()
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	data, ok := a.body.([]byte)
	if !ok {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		var buffer bytes.Buffer
		e := json.NewEncoder(&buffer)
		e.SetEscapeHTML(false)
		if err := e.Encode(a.body); err != nil {
			panic(err) // a bug: all bodies are made of plain values
		}
		data = buffer.Bytes()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if half {
		if data = data[:len(data)/2]; len(data)%2 == 0 { // a connection that broke, or a proxy that thinks it is whole
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(data) // whoever asked may have gone
}
