package pushing

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"wedsync/server/auth"
	"wedsync/server/communications/account"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/signature"
	"wedsync/server/webhooks/source"
)

// Bounds of what is heard.
const (
	maxBody      = 256 << 10 // bytes
	maxAtOnce    = 64        // bodies that are being read; more are told to come back
	readWithin   = 5 * time.Second
	answerWithin = 2500 * time.Millisecond // Microsoft Graph waits for three seconds
)

// An Engine reads accounts. It is a [pulling.Engine].
type Engine interface {
	// Pushed has an account read soon.
	Pushed(ctx context.Context, account string) error
	// Rewatch has a provider soon be asked again to say when an account changes.
	Rewatch(ctx context.Context, account string) error
}

// Options say what a receiver works with. All but Pusher and Registerer are needed.
type Options struct {
	Targets  Targets
	Engine   Engine
	Accounts Accounts
	Pusher   string                                                  // the service account as which Pub/Sub tells; nobody if empty
	Keys     func(context.Context) jwt.Keyfunc                       // of Google's tokens
	Refuse   func(w http.ResponseWriter, r *http.Request, err error) // answers a request that is refused
	Now      func() time.Time
	Log      *slog.Logger

	Registerer prometheus.Registerer // none if nil
}

// A Receiver answers providers. Its methods may be called from any goroutine.
type Receiver struct {
	Options
	directory *directory
	reading   chan struct{} // has one for each body that is being read
	pushes    *prometheus.CounterVec
}

// New makes a receiver.
func New(o Options) *Receiver {
	r := &Receiver{
		Options: o, directory: newDirectory(o.Accounts, o.Now, o.Log), reading: make(chan struct{}, maxAtOnce),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "communication_pushes_total",
			Help: "Requests by which providers say that something has changed, by what became of them: accepted, asked (whether the hub wants them), unsigned, failed.",
		}, []string{"provider", "result"}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(r.pushes)
	}
	return r
}

// ServeGoogle answers Pub/Sub.
func (r *Receiver) ServeGoogle(w http.ResponseWriter, req *http.Request) {
	r.serve(w, req, account.Google, func(ctx context.Context) error {
		in := signature.Request{Header: req.Header, Now: r.Now()}
		pusher := signature.Pusher{Audience: strings.TrimRight(r.Targets.PublicURL, "/") + GooglePath, EMail: r.Pusher}
		if _, err := signature.PubSub(in, pusher, r.Keys(ctx)); err != nil {
			return err
		}
		body, err := r.body(w, req)
		if err != nil {
			return err
		}
		address, err := source.Mailbox(body)
		if err != nil {
			return nil // it is Google that says something else: sending it again would not help
		}
		ids, err := r.directory.of(ctx, address)
		for _, id := range ids {
			err = errors.Join(err, r.Engine.Pushed(ctx, id))
		}
		return err
	})
}

// ServeMicrosoft answers Microsoft Graph about the account that the path names.
func (r *Receiver) ServeMicrosoft(w http.ResponseWriter, req *http.Request) {
	if token := req.URL.Query().Get("validationToken"); token != "" && len(token) <= maxValidation {
		r.pushes.WithLabelValues(string(account.Microsoft), "asked").Inc()
		agree(w, token)
		return
	}
	r.serve(w, req, account.Microsoft, func(ctx context.Context) error {
		body, err := r.body(w, req)
		if err != nil {
			return err
		}
		id := req.PathValue("account")
		if _, err := signature.ClientState(signature.Request{Body: body}, []string{r.Targets.secret(id)}); err != nil {
			return err
		}
		changed, ends := source.Told(body)
		if ends {
			err = r.Engine.Rewatch(ctx, id)
		}
		if changed {
			err = errors.Join(err, r.Engine.Pushed(ctx, id))
		}
		return err
	})
}

// maxValidation bounds the bytes of a validation token.
const maxValidation = 4 << 10

// agree answers what Microsoft Graph asks before it makes a subscription. Whoever
// else asks learns nothing.
func agree(w http.ResponseWriter, token string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, token) // who has gone away is no error of ours
}

// serve answers a request that take takes.
func (r *Receiver) serve(w http.ResponseWriter, req *http.Request, p account.Provider, take func(context.Context) error) {
	ctx, cancel := context.WithTimeout(req.Context(), readWithin+answerWithin)
	defer cancel()
	err := take(ctx)
	var why signature.Reason
	switch {
	case err == nil:
		r.pushes.WithLabelValues(string(p), "accepted").Inc()
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusAccepted)
	case errors.As(err, &why), errors.Is(err, auth.ErrUnavailable): // who shows nothing is told nothing
		r.pushes.WithLabelValues(string(p), "unsigned").Inc()
		r.Refuse(w, req, inbound.ErrUnsigned)
	default:
		r.pushes.WithLabelValues(string(p), "failed").Inc()
		r.Refuse(w, req, err)
	}
}

// body reads the body of a request.
func (r *Receiver) body(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	select {
	case r.reading <- struct{}{}:
		defer func() { <-r.reading }()
	default:
		return nil, inbound.ErrFull
	}
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(time.Now().Add(readWithin)) // what knows no deadline needs none
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	_ = deadline.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	if err != nil && !errors.As(err, &large) {
		return nil, inbound.ErrBody
	}
	return body, err
}
