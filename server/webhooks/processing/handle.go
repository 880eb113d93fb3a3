package processing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"wedsync/crdt"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/mapping"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// A job is one attempt at an event.
type job struct {
	event    store.InboxEvent
	source   connection.Source
	settings connection.Settings
	object   source.Object
	key      string // of the object
	edits    map[crdt.Path]crdt.Value
}

// handle has an event take effect, unless it has had it.
func (p *Processor) handle(ctx context.Context, e store.InboxEvent) (*Outcome, error) {
	told, err := p.answered(ctx, e)
	if told != nil || err != nil {
		return told, err
	}
	c, err := p.connection(ctx, e)
	if err != nil {
		return nil, err
	}
	j := &job{event: e, source: connection.Source(c.Source)}
	if j.settings, err = connection.Of(c); err != nil {
		return nil, dead("the settings of its connection cannot be read: set them again and replay the event")
	}
	j.object, err = p.read(ctx, c, e)
	j.key = j.object.ID
	if j.key == "" {
		j.key = e.Subject
	}
	if errors.Is(err, source.ErrGone) {
		return &Outcome{Result: Nothing, Object: j.key, Note: "the sender does not have the object any more"}, nil
	}
	if err != nil {
		return nil, err
	}
	p.Step("read")
	if a, ok := j.object.Changed(j.source); ok {
		p.Changed(ctx, e.Supplier, a)
	}
	if deletes(e.Type) {
		return &Outcome{Result: Nothing, Object: j.key, Note: "deletions are not carried out: delete the client yourself if it is to go"}, nil
	}
	m, err := mapping.Parse(j.settings.Mapping, c.Source)
	if err != nil {
		return nil, dead("the mapping of its connection is wrong: %v: correct it and replay the event", err)
	}
	j.edits = m.Apply(j.object.Data).Edits
	return p.apply(ctx, j)
}

// apply hands what an event says to its record.
func (p *Processor) apply(ctx context.Context, j *job) (*Outcome, error) {
	t, waits, err := p.identify(ctx, j)
	if err != nil || waits != nil {
		return waits, err
	}
	p.Step("identified")
	if t.missing {
		if err := p.create(ctx, j, t.id); err != nil {
			return nil, err
		}
		p.Step("created")
	}
	o, err := p.commit(ctx, j, t)
	if err != nil {
		return nil, err
	}
	p.Step("committed")
	return o, nil
}

// connection is whose an event is.
func (p *Processor) connection(ctx context.Context, e store.InboxEvent) (store.Connection, error) {
	c, err := p.Store.Connection(ctx, e.Connection)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.Supplier != e.Supplier {
		return c, dead("its connection is gone: assign the event to another one")
	}
	return c, err
}

// read reads what an event is about, unless its sender has failed too often
// lately.
func (p *Processor) read(ctx context.Context, c store.Connection, e store.InboxEvent) (source.Object, error) {
	done, err := p.breakers.Enter(c.ID, p.Now())
	if err != nil {
		return source.Object{}, err
	}
	object, err := p.Objects.Object(ctx, c, e)
	failed := readFailed(err)
	done(failed != nil && !isDead(failed) && ctx.Err() == nil)
	return object, failed
}

// readFailed is what a failure to read an object means, nil if it is none.
func readFailed(err error) error {
	var api *source.APIError
	switch {
	case err == nil || errors.Is(err, source.ErrGone):
		return err
	case errors.Is(err, source.ErrUnreadable):
		return dead("%v: edit its body and replay it", err)
	case errors.Is(err, connection.ErrSettings):
		return dead("the settings of its connection cannot be read: set them again and replay the event")
	case errors.As(err, &api) && !api.Passes():
		return dead("%v, and replay the event", api)
	case errors.As(err, &api):
		return &senderError{api, api.After}
	}
	return &senderError{err, 0}
}

// deletes reports whether a type of event says that its object was deleted.
func deletes(kind string) bool {
	words := strings.FieldsFunc(strings.ToLower(kind), func(r rune) bool { return strings.ContainsRune("._-:/ ", r) })
	return len(words) > 0 && slices.Contains([]string{"deleted", "delete", "removed", "destroyed"}, words[len(words)-1])
}
