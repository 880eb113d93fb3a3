package activity

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/auth"
	"wedsync/server/hub"
)

// HandlerOptions say what a Handler works with. Streams, Session, Visit and
// Refuse are needed.
type HandlerOptions struct {
	Streams *Streams
	// Session says who a request acts for, and until when.
	Session func(*http.Request) (auth.Session, error)
	// Visit admits who listens, for as long as that lasts; it is that of a [hub.Hub].
	Visit func(context.Context, conflicts.Principal) (*hub.Visit, error)
	// Limits are those of open sockets and of requests, which a listener's messages
	// are too; none if nil.
	Limits *auth.Limits
	// Refuse answers a request for events that cannot be served.
	Refuse func(http.ResponseWriter, *http.Request, error)
	// Origins are patterns of origins that browsers may connect from, beside the
	// hub's own; see websocket.AcceptOptions.
	Origins []string
	Log     *slog.Logger // slog.Default if nil
}

// A Handler serves streams to listeners.
type Handler struct {
	HandlerOptions
	within    Limits
	listeners sync.WaitGroup
}

// NewHandler makes a handler.
func NewHandler(o HandlerOptions) *Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Handler{HandlerOptions: o, within: o.Streams.limits}
}

// Wait returns when all listeners have left. They do soon once the streams are
// closed; before, no request may come any more.
func (h *Handler) Wait() { h.listeners.Wait() }

// A RequestError means a request that cannot be read.
type RequestError struct{ Field, Rule string }

func (e *RequestError) Error() string { return e.Field + " " + e.Rule }

// A request is what a listener asks for.
type request struct {
	clients []crdt.RecordID // nil for all
	from    Start
	moves   bool // from is to be gone to
}

// requestOf reads the query of a URL: clients, separated by commas, and position.
// A last event that the listener got goes before that position. What cannot be
// read is refused: left out, it would have the listener told of all clients.
func (h *Handler) requestOf(u *url.URL, last string) (r request, err error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return r, &RequestError{"query", "cannot be read"}
	}
	if text := strings.Join(query["clients"], ","); text != "" && text != "all" {
		if r.clients, err = h.clientsOf(strings.Split(text, ",")); err != nil {
			return r, err
		}
	}
	r.from, err = startOf(cmp.Or(last, query.Get("position")))
	return r, err
}

func startOf(text string) (Start, error) {
	start, err := ParseStart(text)
	if err != nil {
		return start, &RequestError{"position", err.Error()}
	}
	return start, nil
}

// clientsOf reads ids of clients.
func (h *Handler) clientsOf(ids []string) ([]crdt.RecordID, error) {
	if len(ids) > h.within.Clients {
		return nil, &RequestError{"clients", "are too many: name all instead"}
	}
	clients := make([]crdt.RecordID, len(ids))
	for i, text := range ids {
		id, err := crdt.ParseRecordID(strings.TrimSpace(text))
		if err != nil {
			return nil, &RequestError{"clients", "must be client ids or document ids"}
		}
		clients[i] = id
	}
	return clients, nil
}

// errTooSlow means that a listener took nothing for as long as one may.
var errTooSlow = errors.New("takes nothing")

// A sink is where a listener's events go. An error ends the listener.
type sink interface {
	// send sends messages; it returns once they are on their way, or errTooSlow.
	send([]Message) error
	// beat shows that the hub is there.
	beat() error
}

// pump moves what a listener is to be told until its session ends, the streams
// are closed, or its sink fails.
func (h *Handler) pump(ctx context.Context, l *Listener, to sink, requests <-chan request) error {
	beat := time.NewTicker(h.within.Beat)
	defer beat.Stop()
	for {
		messages, more, err := l.Take(ctx)
		if err == nil && len(messages) > 0 {
			if err = to.send(messages); err == nil {
				more = closed
			}
		}
		if err != nil {
			return err
		}
		select { // the session's end comes first
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		case r := <-requests:
			if l.Choose(r.clients); r.moves {
				err = l.Begin(ctx, r.from)
			}
		case <-beat.C:
			if m, moved := l.Position(); moved {
				err = to.send([]Message{m})
			} else {
				err = to.beat()
			}
		}
		if err != nil {
			return err
		}
	}
}

// closed is for those who need not wait.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
