package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/store"
)

func connection(supplier string, n int) store.Connection {
	return store.Connection{
		Supplier: supplier, ID: fmt.Sprintf("%s-%03d", supplier, n), Source: "git\\hub\x00", Settings: []byte{0, 255, byte(n)},
		Created: noon, Changed: noon,
	}
}

// connect stores connections, which must succeed, and returns them as stored.
func (b *bench) connect(all ...store.Connection) []store.Connection {
	b.Helper()
	for i := range all {
		b.ok("set connection", b.SetConnection(b.ctx, all[i]))
		all[i].Version++
	}
	return all
}

func (b *bench) connections(supplier string) []store.Connection {
	b.Helper()
	found, err := b.Connections(b.ctx, supplier)
	b.ok("connections", err)
	return found
}

func (b *bench) stale(what string, err error) {
	b.Helper()
	if !errors.Is(err, store.ErrStale) {
		b.Errorf("%s: got error %v, want %v", what, err, store.ErrStale)
	}
}

func (b *bench) tooMany(what string, err error) {
	b.Helper()
	if !errors.Is(err, store.ErrTooMany) {
		b.Errorf("%s: got error %v, want %v", what, err, store.ErrTooMany)
	}
}

var connectionCases = []testcase{
	{"ConnectionsSurviveARestartAndAreNobodyElses", func(b *bench) {
		want := b.connect(connection("rose", 2), connection("rose", 1), connection("lily", 3))
		b.restart()
		b.same("connections", b.connections("rose"), []store.Connection{want[1], want[0]})
		b.same("another's", b.connections("lily"), want[2:])
		b.same("an unknown supplier's", len(b.connections("mill")), 0)
		got, err := b.Connection(b.ctx, want[2].ID)
		b.ok("connection of whomever", err)
		b.same("connection", got, want[2])
		_, err = b.Connection(b.ctx, "nobody's")
		b.notFound("unknown connection", err)
		suppliers, err := b.Suppliers(b.ctx, "", 9)
		b.ok("suppliers", err)
		b.same("suppliers", suppliers, []store.Supplier{{Name: "lily"}, {Name: "rose"}})
	}},
	{"ConnectionIsChangedByWhoHasReadIt", func(b *bench) {
		c := b.connect(connection("rose", 1))[0]
		c.Settings, c.Changed = []byte("new"), noon.Add(time.Hour)
		b.ok("change", b.SetConnection(b.ctx, c))
		b.stale("change again", b.SetConnection(b.ctx, c))
		c.Version++
		changed := c
		changed.Source, changed.Created = "other", noon.Add(time.Hour)
		b.ok("change what never changes", b.SetConnection(b.ctx, changed))
		c.Version++
		b.same("connection", b.connections("rose"), []store.Connection{c})
		foreign := c
		foreign.Supplier = "lily"
		b.stale("change another's", b.SetConnection(b.ctx, foreign))
		foreign.Version = 0
		b.stale("make another's anew", b.SetConnection(b.ctx, foreign))
		b.stale("make it anew", b.SetConnection(b.ctx, connection("rose", 1)))
		gone := connection("rose", 9)
		gone.Version = 3
		b.stale("change what is not there", b.SetConnection(b.ctx, gone))
		b.same("connection", b.connections("rose"), []store.Connection{c})
	}},
	{"OfAllWhoChangeAConnectionAtOnceOneDoes", func(b *bench) {
		c := b.connect(connection("rose", 1))[0]
		var won atomic.Int32
		var g errgroup.Group
		for n := range 8 {
			g.Go(func() error {
				mine := c
				mine.Settings = []byte{byte(n)}
				err := b.SetConnection(b.ctx, mine)
				if err == nil {
					won.Add(1)
				}
				if errors.Is(err, store.ErrStale) {
					return nil
				}
				return err
			})
		}
		b.ok("change", g.Wait())
		b.same("winners", won.Load(), int32(1))
	}},
	{"ConnectionsAndTheirSettingsAreBounded", func(b *bench) {
		for n := range store.MaxConnections {
			b.connect(connection("rose", n))
		}
		b.tooMany("one more", b.SetConnection(b.ctx, connection("rose", store.MaxConnections)))
		b.connect(connection("lily", 1))
		b.ok("delete", b.DeleteConnection(b.ctx, "rose", connection("rose", 1).ID))
		b.connect(connection("rose", store.MaxConnections))
		b.same("connections", len(b.connections("rose")), store.MaxConnections)
		large := connection("lily", 2)
		large.Settings = make([]byte, store.MaxHookBytes+1)
		b.tooMany("large settings", b.SetConnection(b.ctx, large))
	}},
	{"DeletedConnectionIsGoneAndItsEventsStay", func(b *bench) {
		c := b.connect(connection("rose", 1))[0]
		e := b.received(event("rose", 1))[0]
		b.ok("update", b.UpdateEvent(b.ctx, e))
		e.Version++
		_, err := b.Identify(b.ctx, "rose", c.ID, "contact 1", recordID(1))
		b.ok("identify", err)
		b.notFound("delete another's", b.DeleteConnection(b.ctx, "lily", c.ID))
		b.ok("delete", b.DeleteConnection(b.ctx, "rose", c.ID))
		b.notFound("delete again", b.DeleteConnection(b.ctx, "rose", c.ID))
		b.restart()
		_, err = b.Connection(b.ctx, c.ID)
		b.notFound("connection", err)
		_, err = b.Identified(b.ctx, "rose", c.ID, "contact 1")
		b.notFound("what its objects are", err)
		b.same("events", b.inbox("rose", store.InboxQuery{Limit: 9}), []store.InboxEvent{e})
	}},
}
