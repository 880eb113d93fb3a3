package storetest

import (
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

var talkErasureCases = []testcase{
	{"ErasedClientsItemsAreGoneAndNeverComeBack", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ben@x.test"}`)
		b.pulled(all[0], mail(1), between(mail(2), from("ben@x.test", "Ben")), between(mail(3), from("eve@x.test", "")), mail(4))
		b.gone(all[0], mail(4).Occurrences[0].Provider)
		b.say(store.Linked, itemID(3), ada)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ada, 1)))
		b.restart()
		b.same("items", b.items("rose", itemID(1), itemID(2), itemID(3), itemID(4)), 1)
		b.same("links", len(b.links(itemID(3))), 0)
		b.same("ben's", b.of(ben), []int{2})
		b.same("nobody's", len(b.of(crdt.RecordID{})), 0)
		again := at(mail(1), "another id", store.LevelEverything)
		again.ID = itemID(8)
		otherKey := mail(3)
		otherKey.Key, otherKey.ID = hash("other"), itemID(9)
		none := store.Pulled{IDs: []string{"", ""}}
		b.same("the same again", b.pulled(all[0], mail(1), mail(4)), none)
		got := b.pulled(all[0], again, otherKey)
		b.same("with another id, with another key", got.IDs, none.IDs)
		got = b.pulled(all[1], again, at(mail(1), "third id", store.LevelEverything))
		b.same("in another account", got.IDs, none.IDs)
		moved := at(mail(7), "another id", store.LevelEverything)
		b.same("that id with another key", b.pulled(all[0], moved).IDs, []string{""})
		b.ok("delete", b.DeleteAccount(b.ctx, "rose", all[0].ID))
		for n := 1; n > 0; {
			var err error
			n, err = b.ForgetOccurrences(b.ctx, "rose", all[0].ID, 9)
			b.ok("forget", err)
		}
		b.same("after the account is gone", b.pulled(all[1], mail(1)).IDs, []string{""})
		b.same("items", b.items("rose", itemID(1), itemID(3), itemID(4), itemID(7), itemID(8), itemID(9)), 0)
		b.same("nobody's", len(b.of(crdt.RecordID{})), 0)
		keys, err := b.Untold(b.ctx, noon.AddDate(1, 0, 0), 9)
		b.ok("untold", err)
		b.same("untold", len(keys), 0)
	}},
	{"ItemThatIsAnotherClientsTooLosesTheErasedOne", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ben@x.test"}`)
		both := between(mail(1), from("ada@x.test", "Ada Lovelace"), from("ben@x.test", "Ben"))
		unlinked := mail(2)
		b.pulled(all[0], both, unlinked, mail(3))
		b.say(store.Linked, itemID(1), ada)
		b.say(store.Unlinked, itemID(2), ada)
		kept := b.say(store.Linked, itemID(3), ben)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ada, 1)))
		b.restart()
		want := between(both, from("ben@x.test", "Ben"))
		b.same("item", b.item(itemID(1)), stored(want, 2, inside(all[0], both)))
		b.same("links", len(b.links(itemID(1))), 0)
		b.same("unlinked", b.item(itemID(2)).Participants, []store.Participant{own("rose@hall.test")})
		b.same("linked with another", b.links(itemID(3)), []store.Link{kept})
		b.same("ben's", b.of(ben), []int{3, 1})
		b.same("by the name", len(b.timeline("rose", store.TimelineQuery{Record: ben, Text: "lovelace"})), 0)
		b.same("by what is left", b.timeline("rose", store.TimelineQuery{Record: ben, Text: "ben"}), []int{1})
		b.same("the same again", b.pulled(all[0], both), store.Pulled{IDs: []string{itemID(1)}})
		b.pulled(all[1], at(both, "x", store.LevelEverything))
		b.same("in another account", b.item(itemID(1)).Participants, want.Participants)
		moved := both
		moved.Key, moved.ID = hash("other"), itemID(5)
		b.pulled(all[0], moved)
		b.same("with another key", b.item(itemID(5)).Participants, want.Participants)
		b.same("by the name", len(b.timeline("rose", store.TimelineQuery{Text: "lovelace"})), 0)
	}},
	{"ContactOfAnotherClientStaysWhenOneIsErased", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test, own@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ada@x.test"}`)
		foreign := b.client("lily", 3, `{"email":"own@x.test"}`)
		lily := b.mailbox(account("lily", 2))[0]
		b.pulled(a, mail(1), between(mail(2), from("own@x.test", "Ada")))
		b.pulled(lily, between(mail(2), from("own@x.test", "Ada")))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ada, 1)))
		b.same("ben's", b.of(ben), []int{1})
		b.same("item", b.item(itemID(1)).Participants, mail(1).Participants)
		b.same("items", b.items("rose", itemID(2)), 0)
		b.same("another supplier's", b.timeline("lily", store.TimelineQuery{Record: foreign}), []int{2})
	}},
	{"ItemsWithContactsThatAClientHadBeforeGoWhenItIsErased", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"new@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ben@x.test"}`)
		other := b.client("rose", 3, `{"email":"once@x.test"}`)
		text := mail(4)
		text.Participants = []store.Participant{{Role: "from", Contact: store.Contact{Kind: store.Phone, Value: "5550123"}}}
		both := between(mail(2), from("ada@x.test", "Ada Lovelace"), from("ben@x.test", "Ben"))
		b.pulled(a, mail(1), both, between(mail(3), from("once@x.test", "Cleo")), text, between(mail(5), from("new@x.test", "Ada")), mail(6))
		b.say(store.Unlinked, itemID(6), ada)
		e := erasure("rose", ada, 1)
		e.Contacts = []store.Contact{
			{Kind: store.EMail, Value: "ada@x.test"},
			{Kind: store.EMail, Value: "once@x.test"},
			{Kind: store.EMail, Value: "new@x.test"},
			{Kind: store.Phone, Value: "5550123"},
		}
		many := e
		for n := range store.MaxFormerContacts {
			many.Contacts = append(many.Contacts, store.Contact{Kind: store.EMail, Value: fmt.Sprint(n, "@x.test")})
		}
		b.tooMany("an erasure of too many contacts", b.Erase(b.ctx, many))
		b.same("items", b.items("rose", itemID(1), itemID(5)), 2)
		b.ok("erase", b.Erase(b.ctx, e))
		b.restart()
		b.same("items", b.items("rose", itemID(1), itemID(5)), 0)
		b.same("ben's", b.of(ben), []int{2})
		b.same("what is left of it", b.item(itemID(2)).Participants, []store.Participant{from("ben@x.test", "Ben")})
		b.same("of who has the address now", b.of(other), []int{3})
		b.same("nobody's", b.of(crdt.RecordID{}), []int{6, 4})
		b.same("what was unlinked", len(b.item(itemID(6)).Participants), 1)
		b.same("the same again", b.pulled(a, mail(1), both), store.Pulled{IDs: []string{"", itemID(2)}})
	}},
	{"DeletedClientsItemsGoWhenItIsErased", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		b.pulled(a, mail(1))
		deleted := commit("rose", ada, 1)
		deleted.State = store.Deleted
		b.must(deleted)
		b.same("nobody's", b.of(crdt.RecordID{}), []int{1})
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ada, 2)))
		b.same("items", b.items("rose", itemID(1)), 0)
		b.same("the same again", b.pulled(a, mail(1)).IDs, []string{""})
	}},
}
