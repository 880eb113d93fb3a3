package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// errUnknown means that there is no connection that the request could be for.
var errUnknown = errors.New("no such connection")

// A sender is the connection that a request turned out to be for.
type sender struct {
	store.Connection
	settings connection.Settings
	signed   signature.Signed
	events   []source.Event // that the request tells of
}

// A refusedError means a request that is not of the connection's sender.
type refusedError struct {
	connection store.Connection
	err        error
}

func (e *refusedError) Error() string { return "connection " + e.connection.ID + ": " + e.err.Error() }

// Unwrap gives what the signature's scheme says.
func (e *refusedError) Unwrap() error { return e.err }

// named is the connection that the URL names, if the request is its sender's. An
// error that is no [signature.Reason] nor errUnknown says nothing of the request.
func (r *Receiver) named(ctx context.Context, id string, in signature.Request) (*sender, error) {
	c, err := r.Store.Connection(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.unknown(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	return r.verified(ctx, c, in)
}

// legacy is the connection whose secret signed a request that names none. Only
// connections of the supplier that the request names are looked at.
func (r *Receiver) legacy(ctx context.Context, in signature.Request) (*sender, error) {
	all, err := r.Store.Connections(ctx, supplierOf(in.Body))
	if err != nil {
		return nil, err
	}
	var found *sender
	unsigned := errUnknown
	for _, c := range all {
		if connection.Source(c.Source) != connection.ClientIntegrations {
			continue
		}
		s, err := r.verified(ctx, c, in)
		switch {
		case err == nil && (found == nil || found.rank() < s.rank()):
			found = s
		case err != nil:
			unsigned = err
		}
	}
	if found != nil {
		return found, nil
	}
	if unsigned == errUnknown {
		unsigned = r.unknown(ctx, in)
	}
	return nil, unsigned
}

// unknown is errUnknown, after as much work as a connection takes that did not
// sign a request.
func (r *Receiver) unknown(ctx context.Context, in signature.Request) error {
	_, _ = r.verified(ctx, r.decoy, in)
	return errUnknown
}

// newDecoy is a connection that nobody can sign for.
func newDecoy() (store.Connection, error) {
	s := connection.Settings{Name: "decoy", Params: connection.Params{Sources: []string{"decoy"}}}
	s.Rotate(connection.Secret{ID: "decoy", Value: connection.NewSecret(connection.ClientIntegrations)}, 0)
	settings, err := s.Marshal()
	return store.Connection{Source: string(connection.ClientIntegrations), Settings: settings}, err
}

// rank is how well a sender fits among those whose signature is as good: one that
// takes what the request is from, and better one that is not paused.
func (s *sender) rank() (rank int) {
	if !s.events[0].Unrouted {
		rank += 2
	}
	if !s.settings.Paused {
		rank++
	}
	return rank
}

// supplierOf is the supplier that a body names, empty if it names none.
func supplierOf(body []byte) string {
	const maxSupplier = 256 // bytes
	var said struct {
		Data struct {
			Supplier string `json:"supplier_id"`
		} `json:"client_data"`
	}
	if json.Unmarshal(body, &said) != nil || len(said.Data.Supplier) > maxSupplier {
		return ""
	}
	return said.Data.Supplier
}

// verified is a connection that signed a request.
func (r *Receiver) verified(ctx context.Context, c store.Connection, in signature.Request) (*sender, error) {
	s, err := connection.Of(c)
	if err != nil {
		return nil, err
	}
	signed, err := r.verify(ctx, c, s, in)
	if err != nil {
		return nil, &refusedError{c, err}
	}
	return &sender{c, s, signed, source.Events(connection.Source(c.Source), s, in, signed)}, nil
}

// verify is the scheme of each source.
func (r *Receiver) verify(ctx context.Context, c store.Connection, s connection.Settings, in signature.Request) (signature.Signed, error) {
	secrets := s.Active(in.Now)
	switch src := connection.Source(c.Source); src {
	case connection.ClientIntegrations:
		return signature.HMAC(in, "X-Webhook-Signature", "", secrets)
	case connection.StandardWebhooks:
		return signature.Standard(in, secrets)
	case connection.Timestamped:
		return signature.Timestamped(in, s.Header(src), secrets)
	case connection.GitHub:
		return signature.HMAC(in, s.Header(src), "sha256=", secrets)
	case connection.Twilio:
		return signature.Twilio(in, secrets)
	case connection.Gmail:
		return signature.PubSub(in, signature.Pusher{Audience: s.Params.Audience, EMail: s.Params.Account}, r.google.of(ctx))
	case connection.Graph:
		return signature.ClientState(in, secrets)
	case connection.VSCO:
		return signature.Secret(in, c.ID, "", secrets)
	case connection.Zapier:
		return signature.Secret(in, c.ID, s.Header(src), secrets)
	default:
		return signature.Signed{}, fmt.Errorf("connection %s has the unknown source %q", c.ID, c.Source)
	}
}
