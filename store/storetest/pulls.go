package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
)

var pullCases = []testcase{
	{"PullMovesItsCursorWithItsItemsOrStoresNothing", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		c := b.scoped(cursor(a, "mail", noon))[0]
		moved := c
		moved.State, moved.Due = []byte("page 2"), noon.Add(time.Minute)
		pull := store.Pull{Supplier: "rose", Account: a.ID, Cursor: &moved, Items: []store.Item{mail(1), mail(2)}}
		got, err := b.StorePull(b.ctx, pull)
		b.ok("store pull", err)
		b.same("pulled", got, store.Pulled{IDs: []string{itemID(1), itemID(2)}, Fresh: 2})
		pull.Items = []store.Item{mail(3)}
		_, err = b.StorePull(b.ctx, pull)
		b.stale("pull from where another has been", err)
		b.restart()
		moved.Version++
		b.same("cursor", b.cursors(a), []store.Cursor{moved})
		b.same("item", b.item(itemID(1)), stored(mail(1), 1, inside(a, mail(1))))
		b.same("items", b.items("rose", itemID(1), itemID(2), itemID(3)), 2)
		fresh := cursor(a, "other", noon)
		_, err = b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Cursor: &fresh})
		b.ok("pull with a new cursor", err)
		b.same("cursors", len(b.cursors(a)), 2)
		_, err = b.StorePull(b.ctx, store.Pull{Supplier: "lily", Account: a.ID, Items: []store.Item{mail(3)}})
		b.notFound("pull of another's account", err)
	}},
	{"StepThatIsMadeAgainChangesNothing", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.pulled(a, mail(1), mail(2))
		before := b.item(itemID(1))
		again := mail(1)
		again.ID = itemID(9)
		b.same("again", b.pulled(a, again, mail(2), again), store.Pulled{IDs: []string{itemID(1), itemID(2), itemID(1)}})
		b.same("item", b.item(itemID(1)), before)
		b.same("items", b.items("rose", itemID(9)), 0)
	}},
	{"ItemInTwoAccountsIsOne", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		b.pulled(all[0], mail(1))
		copied := at(mail(1), "sent", store.LevelEverything)
		copied.ID = itemID(9)
		b.same("second", b.pulled(all[1], copied), store.Pulled{IDs: []string{itemID(1)}, Changed: 1})
		b.same("item", b.item(itemID(1)), stored(mail(1), 2, inside(all[0], mail(1)), inside(all[1], copied)))
		b.same("first gone", b.gone(all[0], mail(1).Occurrences[0].Provider), store.Pulled{Changed: 1})
		removed := inside(all[0], mail(1))
		removed.Removed = true
		b.same("item", b.item(itemID(1)), stored(mail(1), 3, removed, inside(all[1], copied)))
		b.same("other gone", b.gone(all[1], "sent", "never seen"), store.Pulled{Changed: 1})
		b.same("items", b.items("rose", itemID(1)), 0)
		b.same("gone again", b.gone(all[1], "sent"), store.Pulled{})
	}},
	{"OccurrenceThatWasRemovedComesBack", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.pulled(a, mail(1))
		b.gone(a, mail(1).Occurrences[0].Provider)
		b.same("found again", b.pulled(a, mail(1)), store.Pulled{IDs: []string{itemID(1)}, Changed: 1})
		b.same("item", b.item(itemID(1)), stored(mail(1), 3, inside(a, mail(1))))
		known := mail(2)
		known.Occurrences[0].Removed = true
		b.same("found as removed", b.pulled(a, known), store.Pulled{IDs: []string{itemID(2)}, Fresh: 1})
		b.same("items", b.items("rose", itemID(2)), 0)
	}},
	{"RemovalAppliesToWhatTheSamePullFound", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		_, err := b.StorePull(b.ctx, store.Pull{
			Supplier: "rose", Account: a.ID, Items: []store.Item{mail(1), mail(2)}, Removed: []string{mail(1).Occurrences[0].Provider},
		})
		b.ok("store pull", err)
		b.same("items", b.items("rose", itemID(1), itemID(2)), 1)
	}},
	{"ItemShowsWhatItsWidestOccurrenceShows", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		bare, subject := mail(1), mail(1)
		bare.Subject, bare.Snippet, bare.Body, bare.Detail = "", "", "", nil
		subject.Snippet, subject.Body, subject.Detail = "", "", nil
		b.pulled(all[0], at(mail(1), "a", store.LevelMetadata))
		b.same("metadata", b.item(itemID(1)), stored(bare, 1, store.Occurrence{Account: all[0].ID, Provider: "a", Level: store.LevelMetadata}))
		b.pulled(all[1], at(mail(1), "b", store.LevelEverything))
		inA, inB := store.Occurrence{Account: all[0].ID, Provider: "a", Level: store.LevelMetadata}, store.Occurrence{Account: all[1].ID, Provider: "b", Level: store.LevelEverything}
		b.same("everything", b.item(itemID(1)), stored(mail(1), 2, inA, inB))
		b.pulled(all[0], at(bare, "a", store.LevelMetadata))
		b.same("nothing new", b.item(itemID(1)), stored(mail(1), 2, inA, inB))
		b.pulled(all[0], at(mail(1), "a", store.LevelSubject))
		inA.Level, inB.Removed = store.LevelSubject, true
		b.gone(all[1], "b")
		b.same("subject alone", b.item(itemID(1)), stored(subject, 4, inA, inB))
		changed := at(mail(1), "a", store.LevelEverything)
		changed.Body, changed.Subject = "Other", "Another"
		b.pulled(all[0], changed)
		b.same("as it came last", b.item(itemID(1)).Body, "Other")
		b.pulled(all[0], at(mail(1), "a", store.LevelMetadata))
		inA.Level = store.LevelMetadata
		b.restart()
		b.same("metadata again", b.item(itemID(1)), stored(bare, 6, inA, inB))
	}},
	{"ItemHasTheParticipantsOfAllItsOccurrences", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		hidden := from("ben@x.test", "Ben")
		hidden.Role = "bcc"
		mine := own("rose@hall.test")
		mine.Own = false
		named := from("ada@x.test", "")
		b.pulled(all[0], between(at(mail(1), "a", store.LevelEverything), named, mine, hidden))
		b.pulled(all[1], at(mail(1), "b", store.LevelEverything))
		want := []store.Participant{from("ada@x.test", "Ada Lovelace"), own("rose@hall.test"), hidden}
		b.same("together", b.item(itemID(1)).Participants, want)
		b.pulled(all[1], at(mail(1), "b", store.LevelEverything))
		b.same("again", b.item(itemID(1)).Participants, want)
		b.gone(all[0], "a")
		b.same("of what is left", b.item(itemID(1)).Participants, mail(1).Participants)
	}},
	{"OccurrenceWithAnotherKeyMovesThere", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		id := b.client("rose", 1, `{}`)
		b.pulled(all[0], mail(1))
		link := b.say(store.Linked, itemID(1), id)
		moved := mail(1)
		moved.Key, moved.ID = hash("other"), itemID(7)
		b.same("alone", b.pulled(all[0], moved), store.Pulled{IDs: []string{itemID(1)}, Changed: 1})
		old := at(mail(1), "x", store.LevelEverything)
		old.ID = itemID(8)
		b.same("by its old key", b.pulled(all[1], old), store.Pulled{IDs: []string{itemID(8)}, Fresh: 1})
		b.gone(all[1], "x")

		b.pulled(all[1], mail(2))
		known := mail(2)
		known.Occurrences = moved.Occurrences
		b.same("to one that is there", b.pulled(all[0], known), store.Pulled{IDs: []string{itemID(2)}, Changed: 1})
		b.same("items", b.items("rose", itemID(1), itemID(2)), 1)
		link.Item = itemID(2)
		b.same("links", b.links(itemID(2)), []store.Link{link})
		b.same("timeline", b.of(id), []int{2})
		b.same("occurrences", b.item(itemID(2)).Occurrences, []store.Occurrence{inside(all[0], moved), inside(all[1], mail(2))})

		apart := known
		apart.Key, apart.ID = hash("third"), itemID(3)
		b.same("away from another's", b.pulled(all[0], apart), store.Pulled{IDs: []string{itemID(3)}, Fresh: 1, Changed: 1})
		b.same("what stays", b.item(itemID(2)).Occurrences, []store.Occurrence{inside(all[1], mail(2))})
	}},
	{"TwoThatChangeTheirKeysWithEachOtherAreBothThere", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.pulled(a, mail(1), mail(2))
		one, two := mail(1), mail(2)
		one.Key, two.Key = two.Key, one.Key
		one.ID, two.ID = itemID(3), itemID(4)
		ids := b.pulled(a, one, two).IDs
		b.same("items", b.items("rose", ids...), 2)
		b.same("nobody's", len(b.of(crdt.RecordID{})), 2)
		one.Key, two.Key = hash("free"), one.Key // which is free by then
		one.ID, two.ID = itemID(5), itemID(6)
		b.same("the same", b.pulled(a, one, two).IDs, ids)
		b.same("items", b.items("rose", ids...), 2)
	}},
	{"WhatAPersonEnteredHasNoAccount", func(b *bench) {
		note := mail(1)
		note.Kind, note.Occurrences = "note", []store.Occurrence{{Level: store.LevelEverything}}
		pull := store.Pull{Supplier: "rose", Items: []store.Item{note}}
		got, err := b.StorePull(b.ctx, pull)
		b.ok("store pull", err)
		b.same("pulled", got, store.Pulled{IDs: []string{itemID(1)}, Fresh: 1})
		pull.Items[0].ID = itemID(2)
		got, err = b.StorePull(b.ctx, pull)
		b.ok("store pull again", err)
		b.same("pulled", got, store.Pulled{IDs: []string{itemID(1)}})
		note.ID = itemID(1)
		b.same("item", b.item(itemID(1)), stored(note, 1, store.Occurrence{Provider: itemID(1), Level: store.LevelEverything}))
		_, err = b.Item(b.ctx, "lily", itemID(1))
		b.notFound("another supplier's item", err)
	}},
	{"PullsAreBounded", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		try := func(what string, change func(*store.Item)) {
			it := mail(2)
			change(&it)
			_, err := b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Items: []store.Item{mail(1), it}})
			b.tooMany(what, err)
		}
		large := strings.Repeat("x", store.MaxItemBytes+1)
		try("subject", func(it *store.Item) { it.Subject = large })
		try("snippet", func(it *store.Item) { it.Snippet = large })
		try("body", func(it *store.Item) { it.Body = large })
		try("detail", func(it *store.Item) { it.Detail = []byte(large) })
		try("participants", func(it *store.Item) { it.Participants = make([]store.Participant, store.MaxParticipants+1) })
		_, err := b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Items: make([]store.Item, store.MaxPull+1)})
		b.tooMany("items", err)
		_, err = b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Removed: make([]string, store.MaxPull+1)})
		b.tooMany("removals", err)
		b.same("items", b.items("rose", itemID(1)), 0)
		full := mail(1)
		full.Body, full.Detail = large[1:], []byte(large[1:])
		b.pulled(a, full)
		b.same("item", b.item(itemID(1)), stored(full, 1, inside(a, full)))
	}},
	{"OfAccountsThatPullTheSameAtOnceNothingIsLostOrTwice", func(b *bench) {
		const accounts, items = 4, 30
		all := make([]store.Account, accounts)
		for n := range all {
			all[n] = b.mailbox(account("rose", n))[0]
		}
		var g errgroup.Group
		for n, a := range all {
			g.Go(func() error {
				for start := 0; start < items; start += 10 {
					pull := store.Pull{Supplier: "rose", Account: a.ID}
					for i := range 10 {
						it := at(mail(start+(i*3+n)%10), fmt.Sprint(start+(i*3+n)%10), store.LevelEverything)
						it.ID = itemID(1000*(n+1) + start + i)
						pull.Items = append(pull.Items, it)
					}
					if _, err := b.StorePull(b.ctx, pull); err != nil {
						return err
					}
				}
				return nil
			})
		}
		b.ok("pull", g.Wait())
		found, err := b.Timeline(b.ctx, "rose", store.TimelineQuery{Limit: 99})
		b.ok("timeline", err)
		b.same("items", len(found), items)
		for _, it := range found {
			b.same("occurrences", len(it.Occurrences), accounts)
		}
	}},
	{"OccurrencesOfAnAccountAreNamedUnlessTheyAreRemoved", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		b.pulled(all[0], mail(1), mail(2), mail(3), mail(4))
		b.pulled(all[1], mail(1), mail(5))
		b.gone(all[0], mail(3).Occurrences[0].Provider)
		b.restart()
		var named []string
		for after := ""; ; {
			ids, err := b.Occurrences(b.ctx, "rose", all[0].ID, after, 2)
			b.ok("occurrences", err)
			if len(ids) == 0 {
				break
			}
			named, after = append(named, ids...), ids[len(ids)-1]
		}
		slices.Sort(named)
		want := []string{mail(1).Occurrences[0].Provider, mail(2).Occurrences[0].Provider, mail(4).Occurrences[0].Provider}
		slices.Sort(want)
		b.same("named", named, want)
		ids, err := b.Occurrences(b.ctx, "lily", all[0].ID, "", 9)
		b.ok("occurrences", err)
		b.same("another supplier's", len(ids), 0)
	}},
	{"OccurrencesOfAnAccountThatIsGoneAreForgottenInSteps", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		id := b.client("rose", 1, `{}`)
		for n := range 5 {
			b.pulled(all[0], mail(n))
		}
		b.pulled(all[1], mail(4))
		b.say(store.Linked, itemID(0), id)
		b.say(store.Linked, itemID(4), id)
		b.ok("delete", b.DeleteAccount(b.ctx, "rose", all[0].ID))
		for _, want := range []int{2, 2, 1, 0} {
			n, err := b.ForgetOccurrences(b.ctx, "rose", all[0].ID, 2)
			b.ok("forget", err)
			b.same("forgotten", n, want)
		}
		b.restart()
		b.same("items", b.items("rose", itemID(0), itemID(1), itemID(2), itemID(3), itemID(4)), 1)
		b.same("links", len(b.links(itemID(0))), 0)
		b.same("links", len(b.links(itemID(4))), 1)
		b.same("occurrences", b.item(itemID(4)).Occurrences, []store.Occurrence{inside(all[1], mail(4))})
		b.same("nobody's", b.timeline("rose", store.TimelineQuery{}), []int(nil))
		b.same("found anew", b.pulled(all[1], mail(1)).Fresh, 1)
	}},
	{"UntoldItemsAreNamedUntilTheyAreTold", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		already := mail(3)
		already.Told = true
		b.pulled(a, mail(2), mail(1), already, mail(4), mail(5))
		b.gone(a, mail(5).Occurrences[0].Provider)
		untold := func(before time.Time, limit int) (ids []string) {
			keys, err := b.Untold(b.ctx, before, limit)
			b.ok("untold", err)
			for _, k := range keys {
				b.same("supplier", k.Supplier, "rose")
				ids = append(ids, k.ID)
			}
			return ids
		}
		b.same("all", untold(noon.Add(time.Hour), 9), []string{itemID(1), itemID(2), itemID(4)})
		b.same("first", untold(noon.Add(time.Hour), 1), []string{itemID(1)})
		b.same("of before", untold(noon.Add(2*time.Second), 9), []string{itemID(1)})
		b.ok("told", b.Told(b.ctx, "lily", []string{itemID(1)}))
		b.ok("told", b.Told(b.ctx, "rose", []string{itemID(2), itemID(1), "none"}))
		b.restart()
		b.same("the rest", untold(noon.Add(time.Hour), 9), []string{itemID(4)})
		changed := mail(1)
		changed.Subject = "Other"
		b.pulled(a, changed)
		b.same("told", b.item(itemID(1)).Told, true)
	}},
}
