package storetest

import (
	"strings"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

var timelineCases = []testcase{
	{"TimelineIsThatOfWhoseContactTookPart", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"Ada@X.test","phone":"+49 170 1234567"}`)
		ben := b.client("rose", 2, `{"email":"ben@x.test"}`)
		foreign := b.client("lily", 3, `{"email":"ada@x.test"}`)
		call := store.Participant{Role: "caller", Contact: store.Contact{Kind: store.Phone, Value: "+491701234567"}}
		local := store.Participant{Role: "caller", Contact: store.Contact{Kind: store.Phone, Value: "01701234567"}}
		mine := from("ada@x.test", "")
		mine.Own = true
		b.pulled(a, mail(3), mail(1), mail(2),
			between(mail(4), call), between(mail(5), local), between(mail(6), from("ben@x.test", "Ben"), from("ada@x.test", "Ada")),
			between(mail(7), mine), between(mail(8), from("eve@x.test", "")))
		b.same("ada's", b.of(ada), []int{6, 4, 3, 2, 1})
		b.same("ben's", b.of(ben), []int{6})
		b.same("nobody's", b.of(crdt.RecordID{}), []int{8, 7, 5})
		b.same("another supplier's", len(b.timeline("lily", store.TimelineQuery{Record: foreign})), 0)
		b.same("of a foreign record", len(b.of(foreign)), 0)
		b.same("owners", b.owners(itemID(1), itemID(6), itemID(8), "none"), map[string][]crdt.RecordID{itemID(1): {ada}, itemID(6): {ada, ben}})
		b.client("rose", 1, `{"email":"other@x.test"}`)
		b.same("after the address is another", len(b.of(ada)), 0)
		b.client("rose", 1, `{"email":"eve@x.test"}`)
		b.restart()
		b.same("after it is another still", b.of(ada), []int{8})
	}},
	{"ItemsAreReadByTheirIDsWithoutTheirTexts", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.pulled(a, mail(1), mail(2), mail(3))
		b.gone(a, mail(2).Occurrences[0].Provider)
		got, err := b.Items(b.ctx, "rose", []string{itemID(3), "none", itemID(2), itemID(1)})
		b.same("read", err, nil)
		want := []store.Item{b.item(itemID(3)), b.item(itemID(1))}
		for i := range want {
			b.same("has a text", want[i].Body != "", true)
			want[i].Body, want[i].Detail = "", nil
		}
		b.same("items", got, want)
		got, err = b.Items(b.ctx, "lily", []string{itemID(1)})
		b.same("another supplier's", len(got), 0)
		b.same("read", err, nil)
		got, err = b.Items(b.ctx, "rose", nil)
		b.same("none", len(got), 0)
		b.same("read", err, nil)
	}},
	{"ContactThatTwoClientsHaveTellsNothing", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ada@x.test, ben@x.test"}`)
		b.pulled(a, mail(1), between(mail(2), from("ben@x.test", "")))
		b.same("ada's", len(b.of(ada)), 0)
		b.same("ben's", b.of(ben), []int{2})
		b.same("nobody's", b.of(crdt.RecordID{}), []int{1})
		deleted := commit("rose", ben, 1)
		deleted.State = store.Deleted
		b.must(deleted)
		b.same("ada's once ben is gone", b.of(ada), []int{1})
		b.same("ben's", len(b.of(ben)), 0)
		b.same("nobody's", b.of(crdt.RecordID{}), []int{2})
	}},
	{"LinksCountMoreThanContacts", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		ben := b.client("rose", 2, `{}`)
		b.pulled(a, mail(1), mail(2), between(mail(3), from("eve@x.test", "")))
		no := b.say(store.Unlinked, itemID(1), ada)
		yes := b.say(store.Linked, itemID(1), ben)
		b.say(store.Linked, itemID(3), ben)
		b.restart()
		b.same("links", b.links(itemID(1)), []store.Link{no, yes})
		b.same("ada's", b.of(ada), []int{2})
		b.same("ben's", b.of(ben), []int{3, 1})
		b.same("nobody's", len(b.of(crdt.RecordID{})), 0)
		b.same("owners", b.owners(itemID(1), itemID(2), itemID(3)), map[string][]crdt.RecordID{itemID(1): {ben}, itemID(2): {ada}, itemID(3): {ben}})
		b.pulled(a, mail(1))
		b.same("after it is read again", b.of(ada), []int{2})
		later := mail(1)
		later.At = noon.Add(24 * time.Hour)
		b.pulled(a, later)
		b.same("after it took place later", b.of(ben), []int{1, 3})
		b.say(store.Unlinked, itemID(3), ben)
		b.same("after another word", b.of(ben), []int{1})
		b.same("nobody's", b.of(crdt.RecordID{}), []int{3})
		b.say(store.Linked, itemID(2), ada)
		b.same("linked with whose it is", b.of(ada), []int{2})
	}},
	{"LinkNeedsAnItemAndAListedRecord", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{}`)
		foreign := b.client("lily", 2, `{}`)
		b.pulled(a, mail(1), mail(2))
		b.gone(a, mail(2).Occurrences[0].Provider)
		link := func(supplier, item string, record crdt.RecordID) error {
			return b.SetLink(b.ctx, store.Link{Supplier: supplier, Item: item, Record: record, State: store.Linked, At: noon})
		}
		b.notFound("no item", link("rose", itemID(9), ada))
		b.notFound("removed item", link("rose", itemID(2), ada))
		b.notFound("no record", link("rose", itemID(1), recordID(9)))
		b.notFound("another's record", link("rose", itemID(1), foreign))
		b.notFound("another's item", link("lily", itemID(1), foreign))
		deleted := commit("rose", ada, 1)
		deleted.State = store.Deleted
		b.must(deleted)
		b.notFound("deleted record", link("rose", itemID(1), ada))
		b.same("links", len(b.links(itemID(1))), 0)
	}},
	{"TimelineIsReadByWhatIsAsked", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2))
		ada := b.client("rose", 1, `{"email":"ada@x.test","phone":"+491701234567"}`)
		for n := range 6 {
			b.pulled(all[0], mail(n))
		}
		sms := between(mail(6), store.Participant{Role: "to", Contact: store.Contact{Kind: store.Phone, Value: "+491701234567"}})
		sms.Kind, sms.Direction = "sms", store.Outbound
		b.pulled(all[1], sms)
		linked := between(mail(7), from("eve@x.test", ""))
		linked.Kind = "call"
		b.pulled(all[1], linked)
		b.say(store.Linked, itemID(7), ada)
		minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
		for what, c := range map[string]struct {
			q    store.TimelineQuery
			want []int
		}{
			"all":          {store.TimelineQuery{}, []int{7, 6, 5, 4, 3, 2, 1, 0}},
			"first page":   {store.TimelineQuery{Limit: 3}, []int{7, 6, 5}},
			"second page":  {store.TimelineQuery{Limit: 3, Before: store.TimelinePosition{At: minute(5), ID: itemID(5)}}, []int{4, 3, 2}},
			"last page":    {store.TimelineQuery{Limit: 3, Before: store.TimelinePosition{At: minute(0), ID: itemID(0)}}, nil},
			"one kind":     {store.TimelineQuery{Kinds: []string{"sms"}}, []int{6}},
			"two kinds":    {store.TimelineQuery{Kinds: []string{"sms", "call"}}, []int{7, 6}},
			"direction":    {store.TimelineQuery{Direction: store.Outbound}, []int{6}},
			"account":      {store.TimelineQuery{Account: all[1].ID}, []int{7, 6}},
			"thread":       {store.TimelineQuery{Thread: hash("thread", 1)}, []int{3, 2}},
			"from and to":  {store.TimelineQuery{From: minute(2), To: minute(4)}, []int{3, 2}},
			"all together": {store.TimelineQuery{Kinds: []string{"email"}, Direction: store.Inbound, Account: all[0].ID, From: minute(1), Text: "menu", Limit: 2}, []int{5, 4}},
			"nothing":      {store.TimelineQuery{Kinds: []string{"fax"}}, nil},
			"none":         {store.TimelineQuery{Limit: -1}, nil},
		} {
			c.q.Record = ada
			b.same(what, b.timeline("rose", c.q), c.want)
		}
		found, err := b.Timeline(b.ctx, "rose", store.TimelineQuery{Record: ada, Limit: 9, Brief: true, Kinds: []string{"email"}})
		b.ok("timeline", err)
		brief := stored(mail(5), 1, inside(all[0], mail(5)))
		brief.Body, brief.Detail = "", nil
		b.same("brief", found[0], brief)
	}},
	{"TextFindsTheBeginningsOfWordsWhateverTheirCaseAndAccents", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		first := mail(1)
		first.Subject, first.Body = "Süßes Café", "Fünfzig Gäste; O'Hara kommt. 東京 \\' \x00\" & | ! <-> NEAR"
		second := between(mail(2), from("ada@x.test", "Zoë Ångström"), own("info@hall.test"))
		second.Subject, second.Body, second.Snippet = "Re: menu", "no", "snippets are not searched"
		b.pulled(a, first, second, mail(3))
		b.say(store.Linked, itemID(3), ada)
		nobodys := between(mail(4), from("eve@x.test", ""))
		nobodys.Subject = "Café"
		b.pulled(a, nobodys)
		for text, want := range map[string][]int{
			"cafe": {1}, "CAFÉ": {1}, "suss": {1}, "SÜẞES": {1}, "gaste funf": {1}, "gaste menu": nil, "hara": {1}, "東": {1},
			"menu": {3, 2}, "men": {3, 2}, "enu": nil, "zoe": {2}, "angstrom menu": {2}, "ada x.test": {3, 2, 1}, "ada@x.test": {3, 2, 1},
			"hall": {3, 2, 1}, "info": {2}, "snippets": nil, "near": {1}, `" OR "`: nil, "café OR menu": nil, "nr3": {3}, "!?": nil, "' & 'x": {3, 2, 1},
			strings.Repeat("x", 70): nil,
		} {
			b.same(text, b.timeline("rose", store.TimelineQuery{Record: ada, Text: text}), want)
		}
		b.same("nobody's", b.timeline("rose", store.TimelineQuery{Text: "caf"}), []int{4})
		changed := mail(3)
		changed.Body, changed.Subject = "other words", "here"
		b.pulled(a, changed)
		b.restart()
		b.same("words that went", b.timeline("rose", store.TimelineQuery{Record: ada, Text: "menu"}), []int{2})
		b.same("words that came", b.timeline("rose", store.TimelineQuery{Record: ada, Text: "other"}), []int{3})
		b.gone(a, mail(2).Occurrences[0].Provider)
		b.same("words of what is removed", len(b.timeline("rose", store.TimelineQuery{Record: ada, Text: "menu"})), 0)
	}},
	{"ItemsOfOneMomentAreReadInOrderOfTheirIDsOverPages", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test, eva@x.test"}`)
		for n := range 9 {
			it := mail(n)
			it.At = noon
			if n%2 == 0 {
				it = between(it, from("eva@x.test", ""), from("ada@x.test", ""))
			}
			b.pulled(a, it)
		}
		var all []int
		q := store.TimelineQuery{Record: ada, Limit: 2}
		for {
			found, err := b.Timeline(b.ctx, "rose", q)
			b.ok("timeline", err)
			if len(found) == 0 {
				break
			}
			last := found[len(found)-1]
			all = append(all, b.timeline("rose", q)...)
			q.Before = store.TimelinePosition{At: last.At, ID: last.ID}
		}
		b.same("items", all, []int{8, 7, 6, 5, 4, 3, 2, 1, 0})
	}},
	{"PageOfLargeItemsEndsEarly", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		large := strings.Repeat("x", store.MaxItemBytes)
		n := store.MaxPage/store.MaxItemBytes/2 + 3
		for i := range n {
			it := mail(i)
			it.Body, it.Detail = large, []byte(large)
			b.pulled(a, it)
		}
		whole := len(b.timeline("rose", store.TimelineQuery{Limit: n}))
		if whole == 0 || whole >= n {
			b.Errorf("%d of %d items were read", whole, n)
		}
		b.same("brief", len(b.timeline("rose", store.TimelineQuery{Limit: n, Brief: true})), n)
	}},
	{"ThreadsTellWhoTookPartInThem", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		ada := b.client("rose", 1, `{"email":"ada@x.test"}`)
		ben := b.client("rose", 2, `{"email":"ben@x.test"}`)
		b.pulled(a, mail(2), between(mail(3), from("ben@x.test", "")), between(mail(4), from("eve@x.test", "")))
		one, two := [32]byte(hash("thread", 1)), [32]byte(hash("thread", 2))
		owners := func(limit int) map[[32]byte][]crdt.RecordID {
			found, err := b.ThreadOwners(b.ctx, "rose", [][32]byte{one, two, one, {1}}, limit)
			b.ok("thread owners", err)
			return found
		}
		b.same("owners", owners(9), map[[32]byte][]crdt.RecordID{one: {ada, ben}})
		b.same("first", owners(1), map[[32]byte][]crdt.RecordID{one: {ada}})
		b.say(store.Linked, itemID(4), ben)
		b.same("owners", owners(9), map[[32]byte][]crdt.RecordID{one: {ada, ben}, two: {ben}})
	}},
}
