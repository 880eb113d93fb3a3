package storetest

import (
	"fmt"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
)

// Secrets are what [Talk] had a client and its supplier tell each other, and what
// the client is called there: texts that nothing else has.
var Secrets = []string{"qxzephyrine", "Qxzephyrine", "qvquillfeather", "Qvquillfeather", "qwelope.test", "qjsubject", "qjsnippet", "qjbody", "qjdetail"}

// Former are contacts that the client of [Talk] had before.
var Former = []store.Contact{{Kind: store.EMail, Value: "former@qwelope.test"}}

// Talk stores [One] as a client of "rose", many items between the two that many
// pulls bring and change, one that another client has too, and items of others. It
// returns the record's version.
func Talk(t *testing.T, s store.Store) (version uint64) {
	t.Helper()
	b := &bench{T: t, ctx: t.Context(), Store: s}
	b.must(commit("rose", One, 0))
	b.project(One, `{"name":"Qxzephyrine Qvquillfeather","email":"qxzephyrine@qwelope.test"}`)
	b.client("rose", 2, `{"email":"ben@x.test"}`)
	a := b.mailbox(account("rose", 1))[0]
	secret := func(n int) store.Item {
		it := between(mail(n), from("qxzephyrine@qwelope.test", "Qxzephyrine Qvquillfeather"), own("rose@hall.test"))
		it.Subject, it.Snippet, it.Detail = "Qjsubject qjsubject", "qjsnippet", []byte("qjdetail")
		it.Body = fmt.Sprint("qjbody of Qxzephyrine Qvquillfeather qvquillfeather ", n)
		return it
	}
	for n := range 60 {
		b.pulled(a, secret(10*n), between(mail(10*n+1), from("ben@x.test", "Ben")), between(mail(10*n+2), from("eve@x.test", "")), secret(10*n+3))
	}
	b.pulled(a, between(mail(6000), from(Former[0].Value, "Qxzephyrine")))
	for n := range 20 { // rows of before are elsewhere
		changed := secret(10 * n)
		changed.Body += " again"
		b.pulled(a, changed)
	}
	b.gone(a, secret(0).Occurrences[0].Provider)
	shared := between(mail(5000), from("qxzephyrine@qwelope.test", "Qxzephyrine Qvquillfeather"), from("ben@x.test", "Ben"))
	b.pulled(a, shared)
	b.say(store.Linked, itemID(10), recordID(2)) // and unlinked again
	b.say(store.Unlinked, itemID(10), recordID(2))
	return b.version(One)
}

// TalkAgain brings what Talk stored once more, and what nobody has told yet.
func TalkAgain(t *testing.T, s store.Store) {
	t.Helper()
	b := &bench{T: t, ctx: t.Context(), Store: s}
	a := b.accounts("rose")[0]
	b.same("nothing of it came back", b.pulled(a,
		between(mail(3), from("qxzephyrine@qwelope.test", "Qxzephyrine Qvquillfeather")),
		between(mail(5000), from("qxzephyrine@qwelope.test", "Qxzephyrine Qvquillfeather"), from("ben@x.test", "Ben"))),
		store.Pulled{IDs: []string{"", itemID(5000)}})
	b.same("its timeline", len(b.of(One)), 0)
	b.same("what is left of another's", len(b.timeline("rose", store.TimelineQuery{Record: recordID(2), Limit: 99})), 61)
	b.same("nobody's", len(b.timeline("rose", store.TimelineQuery{Record: crdt.RecordID{}, Limit: 99})), 60)
}
