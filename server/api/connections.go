package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/mapping"
	"wedsync/store"
)

// ListConnections answers GET /api/webhooks/connections, in order of their making.
func (a *API) ListConnections(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after, err := nameAfter(r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	all, err := a.connections.Connections(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	counts, err := a.inbox.InboxCounts(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(all, func(c store.Connection) bool { return c.ID <= after })
	p, err := pageOf(rest, limit,
		func(c store.Connection) string { return nameCursor(c.ID) },
		func(c store.Connection) (connectionItem, error) {
			return a.readConnection(r, c, counts)
		})
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// CreateConnection answers POST /api/webhooks/connections with the connection and,
// this once, its secret and its whole URL.
func (a *API) CreateConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	now := a.now()
	source := connection.Source(o.text("source"))
	s := connection.Settings{CreateUnknown: true}
	secret := o.newSecret(source)
	o.settings(&s)
	a.checkSettings(o, source, s)
	if err := o.end(); err != nil {
		return err
	}
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return err
	}
	if secret != "" {
		s.Rotate(connection.Secret{ID: rand.Text()[:secretID], Value: secret, Created: now}, 0)
	}
	c := store.Connection{Supplier: who.Supplier, ID: id.String(), Source: string(source), Created: now}
	if c, err = a.setConnection(r.Context(), c, s); err != nil {
		return err
	}
	return a.replyWithSecret(w, r, http.StatusCreated, c, secret)
}

// GetConnection answers GET /api/webhooks/connections/{id}.
func (a *API) GetConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, err := a.connectionOf(r, who)
	if err != nil {
		return err
	}
	counts, err := a.inbox.InboxCounts(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	item, err := a.readConnection(r, c, counts)
	if err != nil {
		return err
	}
	if usual := mapping.For(c.Source); len(usual.Rules) > 0 {
		item.Usual = usual
	}
	return reply(w, http.StatusOK, item)
}

// PatchConnection answers PATCH /api/webhooks/connections/{id}, which changes what
// it names, with the connection.
func (a *API) PatchConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	c, s, err := a.settingsOf(r, who)
	if err != nil {
		return err
	}
	version := o.countIfAny("version")
	o.settings(&s)
	a.checkSettings(o, connection.Source(c.Source), s)
	if err := o.end(); err != nil {
		return err
	}
	if version != 0 && version != c.Version {
		return errConnectionMoved
	}
	if c, err = a.setConnection(r.Context(), c, s); err != nil {
		return err
	}
	item, err := a.showConnection(r, c)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, item)
}

// DeleteConnection answers DELETE /api/webhooks/connections/{id}.
func (a *API) DeleteConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, err := a.connectionOf(r, who)
	if err != nil {
		return err
	}
	if err := a.connections.DeleteConnection(r.Context(), who.Supplier, c.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// RotateConnection answers POST /api/webhooks/connections/{id}/rotate, which puts
// a new secret into use, as CreateConnection does.
func (a *API) RotateConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	c, s, err := a.settingsOf(r, who)
	if err != nil {
		return err
	}
	source := connection.Source(c.Source)
	if !source.HasSecret() {
		o.fault("secret", connection.CheckSecret(source, ""))
	}
	secret, overlap := o.newSecret(source), o.overlap("overlap")
	if err := o.end(); err != nil {
		return err
	}
	s.Rotate(connection.Secret{ID: rand.Text()[:secretID], Value: secret, Created: a.now()}, overlap)
	if c, err = a.setConnection(r.Context(), c, s); err != nil {
		return err
	}
	return a.replyWithSecret(w, r, http.StatusOK, c, secret)
}

// secretID is how many characters the id of a secret has.
const secretID = 8

// connectionOf is the connection that a URL names, of the caller's supplier.
func (a *API) connectionOf(r *http.Request, who conflicts.Principal) (store.Connection, error) {
	c, err := a.connections.Connection(r.Context(), strings.ToUpper(r.PathValue("id")))
	if err == nil && c.Supplier != who.Supplier {
		err = store.ErrNotFound
	}
	return c, err
}

// settingsOf is the connection that a URL names, and its settings.
func (a *API) settingsOf(r *http.Request, who conflicts.Principal) (c store.Connection, s connection.Settings, err error) {
	if c, err = a.connectionOf(r, who); err != nil {
		return c, s, err
	}
	s, err = connection.Of(c)
	return c, s, err
}

// setConnection stores a connection with other settings.
func (a *API) setConnection(ctx context.Context, c store.Connection, s connection.Settings) (store.Connection, error) {
	settings, err := s.Marshal()
	if err != nil {
		return c, err
	}
	c.Settings, c.Changed = settings, a.now()
	err = a.connections.SetConnection(ctx, c)
	c.Version++
	if errors.Is(err, store.ErrStale) {
		return c, errConnectionMoved
	}
	return c, err
}

// checkSettings notes what is wrong with settings for a source.
func (a *API) checkSettings(o *object, source connection.Source, s connection.Settings) {
	for _, f := range s.Check(source) {
		o.fault(f.Field, f.Rule)
	}
	var rule *mapping.RuleError
	if _, err := mapping.Parse(s.Mapping, string(source)); errors.As(err, &rule) {
		o.fault("mapping."+rule.Field(), rule.Reason)
	}
	if s.Params.APIURL != "" && a.checkTarget != nil {
		if err := a.checkTarget(s.Params.APIURL); err != nil {
			o.fault("api_url", err.Error())
		}
	}
}
