package storetest

import (
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
	"wedsync/store"
)

// itemID is an id that was made n seconds after noon.
func itemID(n int) string {
	id := ulid.ULID{15: byte(n), 14: byte(n >> 8), 13: byte(n >> 16)}
	_ = id.SetTime(ulid.Timestamp(noon.Add(time.Duration(n) * time.Second))) // it is no later than ulids go
	return id.String()
}

// mail makes the n-th e-mail: from ada to the supplier, at n minutes after noon.
func mail(n int) store.Item {
	return store.Item{
		Supplier: "rose", ID: itemID(n), Key: hash("key", n), Kind: "email", Thread: hash("thread", n/2), At: noon.Add(time.Duration(n) * time.Minute),
		Direction: store.Inbound, Subject: fmt.Sprint("Menu\\ \x00", n), Snippet: "Dear Rose", Body: fmt.Sprintf("Dear Rose,\nthe menu nr%d …", n), Detail: []byte(`{"a":1}`),
		Participants: []store.Participant{from("ada@x.test", "Ada Lovelace"), own("rose@hall.test")},
		Occurrences:  []store.Occurrence{{Provider: fmt.Sprint("m\\\x00", n), Level: store.LevelEverything}},
	}
}

func from(address, name string) store.Participant {
	return store.Participant{Role: "from", Contact: store.Contact{Kind: store.EMail, Value: address}, Name: name}
}

func own(address string) store.Participant {
	return store.Participant{Role: "to", Contact: store.Contact{Kind: store.EMail, Value: address}, Own: true}
}

// between makes an item's participants others.
func between(it store.Item, who ...store.Participant) store.Item {
	it.Participants = who
	return it
}

// at makes an item's occurrence another.
func at(it store.Item, provider string, level store.Level) store.Item {
	it.Occurrences = []store.Occurrence{{Provider: provider, Level: level}}
	return it
}

// stored is what an item is once it is in accounts, at a version.
func stored(it store.Item, version uint64, in ...store.Occurrence) store.Item {
	it.Version = version
	it.Occurrences = in
	return it
}

// inside is an item's occurrence in an account.
func inside(a store.Account, it store.Item) store.Occurrence {
	o := it.Occurrences[0]
	o.Account = a.ID
	return o
}

// pulled stores items that an account has, which must succeed.
func (b *bench) pulled(a store.Account, items ...store.Item) store.Pulled {
	b.Helper()
	got, err := b.StorePull(b.ctx, store.Pull{Supplier: a.Supplier, Account: a.ID, Items: items})
	b.ok("store pull", err)
	return got
}

// gone stores that an account has some ids no more.
func (b *bench) gone(a store.Account, providers ...string) store.Pulled {
	b.Helper()
	got, err := b.StorePull(b.ctx, store.Pull{Supplier: a.Supplier, Account: a.ID, Removed: providers})
	b.ok("store pull", err)
	return got
}

func (b *bench) item(id string) store.Item {
	b.Helper()
	it, err := b.Item(b.ctx, "rose", id)
	b.ok("item", err)
	return it
}

// items counts those of some ids that are there.
func (b *bench) items(supplier string, ids ...string) (n int) {
	b.Helper()
	for _, id := range ids {
		if _, err := b.Item(b.ctx, supplier, id); err == nil {
			n++
		}
	}
	return n
}

// client makes the n-th record of a supplier one with contacts.
func (b *bench) client(supplier string, n int, fields string) crdt.RecordID {
	b.Helper()
	id := recordID(n)
	if b.version(id) == 0 {
		b.must(commit(supplier, id, 0))
	}
	b.project(id, fields)
	return id
}

// timeline is the numbers of the items in it; those of mail(n) are n.
func (b *bench) timeline(supplier string, q store.TimelineQuery) (numbers []int) {
	b.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	found, err := b.Timeline(b.ctx, supplier, q)
	b.ok("timeline", err)
	for _, it := range found {
		id, err := ulid.Parse(it.ID)
		b.ok("id", err)
		numbers = append(numbers, int(id[15])|int(id[14])<<8|int(id[13])<<16)
	}
	return numbers
}

func (b *bench) of(record crdt.RecordID) []int {
	b.Helper()
	return b.timeline("rose", store.TimelineQuery{Record: record})
}

func (b *bench) owners(ids ...string) map[string][]crdt.RecordID {
	b.Helper()
	found, err := b.Owners(b.ctx, "rose", ids)
	b.ok("owners", err)
	return found
}

func (b *bench) say(state store.LinkState, item string, record crdt.RecordID) store.Link {
	b.Helper()
	l := store.Link{Supplier: "rose", Item: item, Record: record, State: state, By: "ada\x00", At: noon}
	b.ok("set link", b.SetLink(b.ctx, l))
	return l
}

func (b *bench) links(item string) []store.Link {
	b.Helper()
	found, err := b.Links(b.ctx, "rose", item)
	b.ok("links", err)
	return found
}
