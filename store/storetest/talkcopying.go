package storetest

import (
	"wedsync/crdt"
	"wedsync/store"
)

// setTalks stores something of everything about communications of "rose", linked
// with a record that is there, and returns it.
func (b *bench) setTalks(record crdt.RecordID) store.Talks {
	b.Helper()
	all := b.mailbox(account("rose", 1), account("rose", 2))
	b.scoped(cursor(all[0], "mail", noon), cursor(all[0], "a\\\x00", noon), cursor(all[1], "mail", noon))
	c := b.cursors(all[0])[0]
	b.ok("move a cursor", b.SetCursor(b.ctx, c))
	b.pulled(all[0], mail(1), mail(2), at(mail(3), "x", store.LevelSubject))
	b.pulled(all[1], at(mail(1), "copy", store.LevelMetadata))
	b.gone(all[0], mail(2).Occurrences[0].Provider)
	b.say(store.Linked, itemID(1), record)
	b.say(store.Unlinked, itemID(3), record)
	b.ok("told", b.Told(b.ctx, "rose", []string{itemID(3)}))
	erased := store.KeptItem{
		Item: store.Item{
			Supplier: "rose", ID: itemID(4), Key: mail(4).Key, At: noon, Version: 5, Told: true,
			Occurrences: []store.Occurrence{{Account: all[0].ID, Provider: mail(4).Occurrences[0].Provider, Removed: true}},
		},
		Shown: [][]store.Participant{nil}, Erased: true,
	}
	b.ok("restore an erased item", b.RestoreTalks(b.ctx, "rose", store.Talks{Items: []store.KeptItem{erased}}))
	return b.talks("rose")
}

// talks is all that there is of a supplier's communications.
func (b *bench) talks(supplier string) store.Talks {
	b.Helper()
	t := store.Talks{Accounts: b.accounts(supplier)}
	for _, a := range t.Accounts {
		t.Cursors = append(t.Cursors, b.cursors(a)...)
	}
	t.Items = b.keptItems(supplier, "", 99)
	return t
}

func (b *bench) keptItems(supplier, after string, limit int) []store.KeptItem {
	b.Helper()
	found, err := b.KeptItems(b.ctx, supplier, after, limit)
	b.ok("kept items", err)
	return found
}

var talkCopyingCases = []testcase{
	{"KeptItemsHaveAllAndAreReadInPages", func(b *bench) {
		id := b.client("rose", 1, `{"email":"ada@x.test"}`)
		all := b.setTalks(id)
		var ids []string
		for _, k := range all.Items {
			ids = append(ids, k.ID)
		}
		b.same("items", ids, []string{itemID(1), itemID(2), itemID(3), itemID(4)})
		first, a := all.Items[0], all.Accounts
		copied := at(mail(1), "copy", store.LevelMetadata)
		b.same("item", first.Item, stored(mail(1), 2, inside(a[0], mail(1)), inside(a[1], copied)))
		b.same("shown", first.Shown, [][]store.Participant{mail(1).Participants, mail(1).Participants})
		b.same("links", first.Links, b.links(itemID(1)))
		b.same("removed", all.Items[1].Occurrences[0].Removed, true)
		b.same("erased", all.Items[3].Erased, true)
		b.same("first page", b.keptItems("rose", "", 2), all.Items[:2])
		b.same("next page", b.keptItems("rose", itemID(2), 9), all.Items[2:])
		b.same("after the last", len(b.keptItems("rose", itemID(4), 9)), 0)
		b.same("none", len(b.keptItems("rose", "", -1)), 0)
		b.same("another supplier's", len(b.keptItems("lily", "", 9)), 0)
	}},
	{"RestoredTalksAreTheSameAndGoOn", func(b *bench) {
		id := b.client("rose", 1, `{"email":"ada@x.test"}`)
		want := b.setTalks(id)
		to := b.receiving()
		b.copyTo(to, "rose")
		for range 2 {
			b.ok("restore", to.RestoreTalks(b.ctx, "rose", store.Talks{Accounts: want.Accounts, Cursors: want.Cursors}))
			b.ok("restore", to.RestoreTalks(b.ctx, "rose", store.Talks{Items: want.Items}))
		}
		to.restart()
		b.same("talks", to.talks("rose"), want)
		b.same("timeline", to.of(id), b.of(id))
		b.same("nobody's", to.of(crdt.RecordID{}), b.of(crdt.RecordID{}))
		b.same("words", to.timeline("rose", store.TimelineQuery{Record: id, Text: "menu dear"}), []int{1})
		a := want.Accounts[0]
		b.same("what is known, was removed, was erased, is new", to.pulled(a, mail(1), mail(2), mail(4), mail(5)),
			store.Pulled{IDs: []string{itemID(1), itemID(2), "", itemID(5)}, Fresh: 1, Changed: 1})
		b.ok("move a cursor", to.SetCursor(b.ctx, want.Cursors[0]))
		b.ok("change an account", to.SetAccount(b.ctx, a))
	}},
	{"RestoreOfAnothersKeyOrCursorChangesNothing", func(b *bench) {
		id := b.client("rose", 1, `{}`)
		want := b.setTalks(id)
		taken := want.Items[0]
		taken.ID = itemID(9)
		b.notEmpty("restore a key that is another's", b.RestoreTalks(b.ctx, "rose", store.Talks{Items: []store.KeptItem{taken}}))
		b.notFound("restore a cursor of nothing", b.RestoreTalks(b.ctx, "rose", store.Talks{Cursors: []store.Cursor{cursor(account("rose", 9), "x", noon)}}))
		b.same("talks", b.talks("rose"), want)
	}},
}
