package storetest

import (
	"sync"

	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
)

// identify says which record an object is, which must then be as wanted.
func (b *bench) identify(want crdt.RecordID, supplier, connection, external string, id crdt.RecordID) {
	b.Helper()
	got, err := b.Identify(b.ctx, supplier, connection, external, id)
	b.ok("identify", err)
	b.same("record", got, want)
}

var identityCases = []testcase{
	{"WhoIdentifiesAnObjectFirstIsRight", func(b *bench) {
		one, other := recordID(1), recordID(2)
		_, err := b.Identified(b.ctx, "rose", "crm", "7\x00")
		b.notFound("what nobody has said", err)
		b.identify(one, "rose", "crm", "7\x00", one)
		b.identify(one, "rose", "crm", "7\x00", other)
		b.identify(other, "rose", "crm2", "7\x00", other)
		b.identify(other, "lily", "crm", "7\x00", other)
		b.restart()
		got, err := b.Identified(b.ctx, "rose", "crm", "7\x00")
		b.ok("identified", err)
		b.same("record", got, one)
		b.ok("unidentify", b.Unidentify(b.ctx, "rose", "crm", "7\x00"))
		b.ok("unidentify again", b.Unidentify(b.ctx, "rose", "crm", "7\x00"))
		_, err = b.Identified(b.ctx, "rose", "crm", "7\x00")
		b.notFound("what was taken back", err)
		b.identify(other, "rose", "crm", "7\x00", other)
		b.identify(other, "lily", "crm", "7\x00", one)
	}},
	{"OfAllWhoIdentifyAnObjectAtOnceOneIsRight", func(b *bench) {
		var mu sync.Mutex
		said := make(map[crdt.RecordID]bool)
		var g errgroup.Group
		for n := range 8 {
			g.Go(func() error {
				id, err := b.Identify(b.ctx, "rose", "crm", "7", recordID(n+1))
				mu.Lock()
				defer mu.Unlock()
				said[id] = true
				return err
			})
		}
		b.ok("identify", g.Wait())
		b.same("records", len(said), 1)
	}},
	{"ErasedOrForeignRecordIsNoObject", func(b *bench) {
		erased, foreign := recordID(1), recordID(2)
		b.must(commit("rose", erased, 0), commit("lily", foreign, 0))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", erased, 1)))
		for _, id := range []crdt.RecordID{erased, foreign} {
			_, err := b.Identify(b.ctx, "rose", "crm", "7", id)
			b.notFound("identify", err)
			e := event("rose", 1)
			e.ID, e.External = id.String(), id.String()
			e = b.received(e)[0]
			e.Record = id
			b.notFound("update an event", b.UpdateEvent(b.ctx, e))
		}
	}},
	{"ObjectsAreReadInPages", func(b *bench) {
		one, other := recordID(1), recordID(2)
		var all []store.ObjectID
		for _, o := range []store.ObjectID{{Connection: "a", External: "2", Record: one}, {Connection: "a", External: "9", Record: other}, {Connection: "b", External: "1", Record: one}} {
			b.identify(o.Record, "rose", o.Connection, o.External, o.Record)
			all = append(all, o)
		}
		b.identify(one, "lily", "a", "1", one)
		objects := func(after store.ObjectID, limit int) []store.ObjectID {
			found, err := b.Objects(b.ctx, "rose", after, limit)
			b.ok("objects", err)
			return found
		}
		b.same("all", objects(store.ObjectID{}, 9), all)
		b.same("first page", objects(store.ObjectID{}, 2), all[:2])
		b.same("next page", objects(all[1], 2), all[2:])
		found, err := b.ObjectsOf(b.ctx, "rose", one, 9)
		b.ok("objects of", err)
		b.same("objects of a record", found, []store.ObjectID{all[0], all[2]})
		found, err = b.ObjectsOf(b.ctx, "rose", one, 1)
		b.ok("objects of", err)
		b.same("first object", found, all[:1])
	}},
	{"ClientsAreFoundByTheirContacts", func(b *bench) {
		one, other, foreign, deleted := recordID(1), recordID(2), recordID(3), recordID(4)
		b.must(commit("rose", one, 0), commit("rose", other, 0), commit("lily", foreign, 0), commit("rose", deleted, 0))
		project := func(id crdt.RecordID, fields string) {
			b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Fields: []byte(fields)}))
		}
		mail := store.Contact{Kind: store.EMail, Value: "ada@example.com"}
		phone := store.Contact{Kind: store.Phone, Value: "+4917212345678"}
		local := store.Contact{Kind: store.Phone, Value: "017212345678"}
		project(one, `{"email":"Ada@Example.com","phone":"+49 172 1234 5678"}`)
		project(other, `{"partner":{"email":["ada@example.com"]},"mobile":"0172/12345678"}`)
		project(foreign, `{"email":"ada@example.com"}`)
		project(deleted, `{"email":"ada@example.com"}`)
		gone := commit("rose", deleted, 1)
		gone.State = store.Deleted
		b.must(gone)
		b.restart()
		found := func(limit int, contacts ...store.Contact) []store.ContactMatch {
			found, err := b.ByContact(b.ctx, "rose", contacts, limit)
			b.ok("by contact", err)
			return found
		}
		b.same("by mail", found(9, mail), []store.ContactMatch{{Record: one, Contact: mail}, {Record: other, Contact: mail}})
		b.same("by phone", found(9, local), []store.ContactMatch{{Record: one, Contact: phone}, {Record: other, Contact: local}})
		b.same("by both", len(found(9, mail, phone, phone)), 4)
		b.same("first", found(1, phone, mail), []store.ContactMatch{{Record: one, Contact: mail}})
		b.same("by none", len(found(9)), 0)
		b.same("by others", len(found(9, store.Contact{Kind: store.Phone, Value: mail.Value}, store.Contact{Kind: store.EMail, Value: "ben@example.com"})), 0)
		project(one, `{"email":"ben@example.com","phone":"+49 172 1234 5678"}`)
		b.same("by what was changed", found(9, mail), []store.ContactMatch{{Record: other, Contact: mail}})
		b.same("by what stayed", len(found(9, phone)), 2)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", other, 1)))
		b.ok("project what is erased", b.Project(b.ctx, store.Projection{Record: other, Fields: []byte(`{"email":"ada@example.com"}`)}))
		b.same("by what was erased", len(found(9, mail)), 0)
	}},
}
