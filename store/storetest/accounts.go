package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/store"
)

func account(supplier string, n int) store.Account {
	return store.Account{
		Supplier: supplier, ID: fmt.Sprintf("%s-%03d", supplier, n), Provider: "goo\\gle\x00", Settings: []byte{0, 255, byte(n)},
		Created: noon, Changed: noon,
	}
}

// mailbox stores accounts, which must succeed, and returns them as stored.
func (b *bench) mailbox(all ...store.Account) []store.Account {
	b.Helper()
	for i := range all {
		b.ok("set account", b.SetAccount(b.ctx, all[i]))
		all[i].Version++
	}
	return all
}

func (b *bench) accounts(supplier string) []store.Account {
	b.Helper()
	found, err := b.Accounts(b.ctx, supplier)
	b.ok("accounts", err)
	return found
}

func cursor(a store.Account, scope string, due time.Time) store.Cursor {
	return store.Cursor{Supplier: a.Supplier, Account: a.ID, Scope: scope, Due: due, State: []byte(scope + "\x00")}
}

// scoped stores cursors, which must succeed, and returns them as stored.
func (b *bench) scoped(all ...store.Cursor) []store.Cursor {
	b.Helper()
	for i := range all {
		b.ok("set cursor", b.SetCursor(b.ctx, all[i]))
		all[i].Version++
	}
	return all
}

func (b *bench) cursors(a store.Account) []store.Cursor {
	b.Helper()
	found, err := b.Cursors(b.ctx, a.Supplier, a.ID)
	b.ok("cursors", err)
	return found
}

var accountCases = []testcase{
	{"AccountsSurviveARestartAndAreNobodyElses", func(b *bench) {
		want := b.mailbox(account("rose", 2), account("rose", 1), account("lily", 3))
		b.restart()
		b.same("accounts", b.accounts("rose"), []store.Account{want[1], want[0]})
		b.same("another's", b.accounts("lily"), want[2:])
		b.same("an unknown supplier's", len(b.accounts("mill")), 0)
		got, err := b.Account(b.ctx, want[2].ID)
		b.ok("account of whomever", err)
		b.same("account", got, want[2])
		_, err = b.Account(b.ctx, "nobody's")
		b.notFound("unknown account", err)
	}},
	{"AccountsOfAllSuppliersAreReadInOrderOfTheirIDs", func(b *bench) {
		want := b.mailbox(account("rose", 2), account("rose", 1), account("lily", 3))
		for what, c := range map[string]struct {
			after string
			limit int
			want  []store.Account
		}{
			"all":       {"", 9, []store.Account{want[2], want[1], want[0]}},
			"first":     {"", 1, []store.Account{want[2]}},
			"next page": {want[2].ID, 1, []store.Account{want[1]}},
			"the end":   {want[0].ID, 9, nil},
			"none":      {"", 0, nil},
			"negative":  {"", -1, nil},
		} {
			got, err := b.AllAccounts(b.ctx, c.after, c.limit)
			b.ok("all accounts", err)
			b.same(what, got, c.want)
		}
	}},
	{"AccountIsChangedByWhoHasReadIt", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		a.Settings, a.Changed = []byte("new"), noon.Add(time.Hour)
		b.ok("change", b.SetAccount(b.ctx, a))
		b.stale("change again", b.SetAccount(b.ctx, a))
		a.Version++
		changed := a
		changed.Provider, changed.Created = "other", noon.Add(time.Hour)
		b.ok("change what never changes", b.SetAccount(b.ctx, changed))
		a.Version++
		foreign := a
		foreign.Supplier = "lily"
		b.stale("change another's", b.SetAccount(b.ctx, foreign))
		foreign.Version = 0
		b.stale("make another's anew", b.SetAccount(b.ctx, foreign))
		b.stale("make it anew", b.SetAccount(b.ctx, account("rose", 1)))
		gone := account("rose", 9)
		gone.Version = 3
		b.stale("change what is not there", b.SetAccount(b.ctx, gone))
		b.same("account", b.accounts("rose"), []store.Account{a})
	}},
	{"OfAllWhoChangeAnAccountAtOnceOneDoes", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.same("winners", b.race(func(n int) error {
			mine := a
			mine.Settings = []byte{byte(n)}
			return b.SetAccount(b.ctx, mine)
		}), int32(1))
	}},
	{"AccountsAndTheirSettingsAreBounded", func(b *bench) {
		for n := range store.MaxAccounts {
			b.mailbox(account("rose", n))
		}
		b.tooMany("one more", b.SetAccount(b.ctx, account("rose", store.MaxAccounts)))
		b.mailbox(account("lily", 1))
		b.ok("delete", b.DeleteAccount(b.ctx, "rose", account("rose", 1).ID))
		b.mailbox(account("rose", store.MaxAccounts))
		b.same("accounts", len(b.accounts("rose")), store.MaxAccounts)
		large := account("lily", 2)
		large.Settings = make([]byte, store.MaxHookBytes+1)
		b.tooMany("large settings", b.SetAccount(b.ctx, large))
	}},
	{"DeletedAccountIsGoneWithItsCursorsAndItsPullsAreRefused", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		c := b.scoped(cursor(a, "mail", noon))[0]
		stored := b.pulled(a, mail(1))
		b.notFound("delete another's", b.DeleteAccount(b.ctx, "lily", a.ID))
		b.ok("delete", b.DeleteAccount(b.ctx, "rose", a.ID))
		b.notFound("delete again", b.DeleteAccount(b.ctx, "rose", a.ID))
		b.restart()
		_, err := b.Account(b.ctx, a.ID)
		b.notFound("account", err)
		b.same("cursors", len(b.cursors(a)), 0)
		b.same("due", len(b.dueCursors(noon.Add(time.Hour), 9)), 0)
		b.notFound("set a cursor", b.SetCursor(b.ctx, c))
		_, err = b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Cursor: &c, Items: []store.Item{mail(2)}})
		b.notFound("pull", err)
		b.same("items", b.items("rose", stored.IDs...), 1)
	}},
}

// race lets eight do the same at once, and counts those who were not too late.
func (b *bench) race(do func(n int) error) int32 {
	b.Helper()
	var won atomic.Int32
	var g errgroup.Group
	for n := range 8 {
		g.Go(func() error {
			err := do(n)
			if err == nil {
				won.Add(1)
			}
			if errors.Is(err, store.ErrStale) {
				return nil
			}
			return err
		})
	}
	b.ok("race", g.Wait())
	return won.Load()
}

func (b *bench) dueCursors(now time.Time, limit int) []store.CursorKey {
	b.Helper()
	due, err := b.DueCursors(b.ctx, now, limit)
	b.ok("due cursors", err)
	return due
}

var cursorCases = []testcase{
	{"CursorsSurviveARestartInOrderOfTheirScopes", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("rose", 2), account("lily", 3))
		want := b.scoped(cursor(all[0], "b\\\x00", noon), cursor(all[0], "a", noon), cursor(all[1], "a", noon))
		b.restart()
		b.same("cursors", b.cursors(all[0]), []store.Cursor{want[1], want[0]})
		b.same("another account's", b.cursors(all[1]), want[2:])
		foreign := all[0]
		foreign.Supplier = "lily"
		b.same("another supplier's", len(b.cursors(foreign)), 0)
	}},
	{"CursorIsMovedByWhoHasReadIt", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		c := b.scoped(cursor(a, "mail", noon))[0]
		c.Due, c.State = noon.Add(time.Hour), []byte("on")
		b.ok("move", b.SetCursor(b.ctx, c))
		b.stale("move again", b.SetCursor(b.ctx, c))
		b.stale("make it anew", b.SetCursor(b.ctx, cursor(a, "mail", noon)))
		gone := cursor(a, "other", noon)
		gone.Version = 2
		b.stale("move what is not there", b.SetCursor(b.ctx, gone))
		foreign := c
		foreign.Supplier = "lily"
		b.notFound("move another's", b.SetCursor(b.ctx, foreign))
		c.Version++
		b.same("cursors", b.cursors(a), []store.Cursor{c})
	}},
	{"OfAllWhoClaimACursorAtOnceOneDoes", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		b.same("who make it", b.race(func(int) error { return b.SetCursor(b.ctx, cursor(a, "mail", noon)) }), int32(1))
		c := b.cursors(a)[0]
		b.same("who move it", b.race(func(n int) error {
			mine := c
			mine.Due = noon.Add(time.Duration(n) * time.Hour)
			return b.SetCursor(b.ctx, mine)
		}), int32(1))
	}},
	{"DueCursorsAreNamedInOrderOfTheirTimes", func(b *bench) {
		all := b.mailbox(account("rose", 1), account("lily", 2))
		b.scoped(cursor(all[0], "c", noon.Add(2*time.Second)), cursor(all[1], "b", noon), cursor(all[0], "a", noon.Add(time.Second)))
		key := func(n int, scope string) store.CursorKey {
			return store.CursorKey{Supplier: all[n].Supplier, Account: all[n].ID, Scope: scope}
		}
		first, second, third := key(1, "b"), key(0, "a"), key(0, "c")
		b.same("at noon", b.dueCursors(noon, 9), []store.CursorKey{first})
		b.same("just before", len(b.dueCursors(noon.Add(-time.Microsecond), 9)), 0)
		b.same("later", b.dueCursors(noon.Add(time.Hour), 9), []store.CursorKey{first, second, third})
		b.same("the first two", b.dueCursors(noon.Add(time.Hour), 2), []store.CursorKey{first, second})
		b.same("none", len(b.dueCursors(noon.Add(time.Hour), -1)), 0)
	}},
	{"CursorsAndTheirStatesAreBounded", func(b *bench) {
		a := b.mailbox(account("rose", 1))[0]
		for n := range store.MaxScopes {
			b.scoped(cursor(a, fmt.Sprintf("%04d", n), noon))
		}
		more := cursor(a, "more", noon)
		b.tooMany("one more", b.SetCursor(b.ctx, more))
		_, err := b.StorePull(b.ctx, store.Pull{Supplier: "rose", Account: a.ID, Cursor: &more})
		b.tooMany("one more with a pull", err)
		large := b.cursors(a)[0]
		large.State = make([]byte, store.MaxHookBytes+1)
		b.tooMany("large state", b.SetCursor(b.ctx, large))
		b.same("cursors", len(b.cursors(a)), store.MaxScopes)
		b.same("there is one more", slices.ContainsFunc(b.cursors(a), func(c store.Cursor) bool { return c.Scope == "more" }), false)
	}},
}
