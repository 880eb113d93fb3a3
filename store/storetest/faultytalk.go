package storetest

import (
	"context"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// The calls about communications.
const (
	Accounts          Call = "accounts"
	AllAccounts       Call = "all accounts"
	Account           Call = "account"
	SetAccount        Call = "set account"
	DeleteAccount     Call = "delete account"
	Cursors           Call = "cursors"
	DueCursors        Call = "due cursors"
	SetCursor         Call = "set cursor"
	StorePull         Call = "store pull"
	Occurrences       Call = "occurrences"
	ForgetOccurrences Call = "forget occurrences"
	Item              Call = "item"
	Items             Call = "items"
	Timeline          Call = "timeline"
	Owners            Call = "owners"
	ThreadOwners      Call = "thread owners"
	Links             Call = "links"
	SetLink           Call = "set link"
	Untold            Call = "untold"
	Told              Call = "told"
	KeptItems         Call = "kept items"
	RestoreTalks      Call = "restore talks"
)

// Accounts implements [store.Accounts].
func (f *Faulty) Accounts(ctx context.Context, supplier string) ([]store.Account, error) {
	return attempt(ctx, f, Accounts, func() ([]store.Account, error) { return f.inner.Accounts(ctx, supplier) })
}

// AllAccounts implements [store.Accounts].
func (f *Faulty) AllAccounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return attempt(ctx, f, AllAccounts, func() ([]store.Account, error) { return f.inner.AllAccounts(ctx, after, limit) })
}

// Account implements [store.Accounts].
func (f *Faulty) Account(ctx context.Context, id string) (store.Account, error) {
	return attempt(ctx, f, Account, func() (store.Account, error) { return f.inner.Account(ctx, id) })
}

// SetAccount implements [store.Accounts].
func (f *Faulty) SetAccount(ctx context.Context, a store.Account) error {
	return f.attemptWrite(ctx, SetAccount, func() error { return f.inner.SetAccount(ctx, a) })
}

// DeleteAccount implements [store.Accounts].
func (f *Faulty) DeleteAccount(ctx context.Context, supplier, id string) error {
	return f.attemptWrite(ctx, DeleteAccount, func() error { return f.inner.DeleteAccount(ctx, supplier, id) })
}

// Cursors implements [store.Communications].
func (f *Faulty) Cursors(ctx context.Context, supplier, account string) ([]store.Cursor, error) {
	return attempt(ctx, f, Cursors, func() ([]store.Cursor, error) { return f.inner.Cursors(ctx, supplier, account) })
}

// DueCursors implements [store.Communications].
func (f *Faulty) DueCursors(ctx context.Context, now time.Time, limit int) ([]store.CursorKey, error) {
	return attempt(ctx, f, DueCursors, func() ([]store.CursorKey, error) { return f.inner.DueCursors(ctx, now, limit) })
}

// SetCursor implements [store.Communications].
func (f *Faulty) SetCursor(ctx context.Context, c store.Cursor) error {
	return f.attemptWrite(ctx, SetCursor, func() error { return f.inner.SetCursor(ctx, c) })
}

// StorePull implements [store.Communications].
func (f *Faulty) StorePull(ctx context.Context, p store.Pull) (store.Pulled, error) {
	return attempt(ctx, f, StorePull, func() (store.Pulled, error) { return f.inner.StorePull(ctx, p) })
}

// Occurrences implements [store.Communications].
func (f *Faulty) Occurrences(ctx context.Context, supplier, account, after string, limit int) ([]string, error) {
	return attempt(ctx, f, Occurrences, func() ([]string, error) { return f.inner.Occurrences(ctx, supplier, account, after, limit) })
}

// ForgetOccurrences implements [store.Communications].
func (f *Faulty) ForgetOccurrences(ctx context.Context, supplier, account string, limit int) (int, error) {
	return attempt(ctx, f, ForgetOccurrences, func() (int, error) { return f.inner.ForgetOccurrences(ctx, supplier, account, limit) })
}

// Item implements [store.Communications].
func (f *Faulty) Item(ctx context.Context, supplier, id string) (store.Item, error) {
	return attempt(ctx, f, Item, func() (store.Item, error) { return f.inner.Item(ctx, supplier, id) })
}

// Items implements [store.Communications].
func (f *Faulty) Items(ctx context.Context, supplier string, ids []string) ([]store.Item, error) {
	return attempt(ctx, f, Items, func() ([]store.Item, error) { return f.inner.Items(ctx, supplier, ids) })
}

// Timeline implements [store.Communications].
func (f *Faulty) Timeline(ctx context.Context, supplier string, q store.TimelineQuery) ([]store.Item, error) {
	return attempt(ctx, f, Timeline, func() ([]store.Item, error) { return f.inner.Timeline(ctx, supplier, q) })
}

// Owners implements [store.Communications].
func (f *Faulty) Owners(ctx context.Context, supplier string, items []string) (map[string][]crdt.RecordID, error) {
	return attempt(ctx, f, Owners, func() (map[string][]crdt.RecordID, error) { return f.inner.Owners(ctx, supplier, items) })
}

// ThreadOwners implements [store.Communications].
func (f *Faulty) ThreadOwners(ctx context.Context, supplier string, threads [][32]byte, limit int) (map[[32]byte][]crdt.RecordID, error) {
	return attempt(ctx, f, ThreadOwners, func() (map[[32]byte][]crdt.RecordID, error) {
		return f.inner.ThreadOwners(ctx, supplier, threads, limit)
	})
}

// Links implements [store.Communications].
func (f *Faulty) Links(ctx context.Context, supplier, item string) ([]store.Link, error) {
	return attempt(ctx, f, Links, func() ([]store.Link, error) { return f.inner.Links(ctx, supplier, item) })
}

// SetLink implements [store.Communications].
func (f *Faulty) SetLink(ctx context.Context, l store.Link) error {
	return f.attemptWrite(ctx, SetLink, func() error { return f.inner.SetLink(ctx, l) })
}

// Untold implements [store.Communications].
func (f *Faulty) Untold(ctx context.Context, before time.Time, limit int) ([]store.EventKey, error) {
	return attempt(ctx, f, Untold, func() ([]store.EventKey, error) { return f.inner.Untold(ctx, before, limit) })
}

// Told implements [store.Communications].
func (f *Faulty) Told(ctx context.Context, supplier string, items []string) error {
	return f.attemptWrite(ctx, Told, func() error { return f.inner.Told(ctx, supplier, items) })
}

// KeptItems implements [store.Copier].
func (f *Faulty) KeptItems(ctx context.Context, supplier, after string, limit int) ([]store.KeptItem, error) {
	return attempt(ctx, f, KeptItems, func() ([]store.KeptItem, error) { return f.inner.KeptItems(ctx, supplier, after, limit) })
}

// RestoreTalks implements [store.Copier].
func (f *Faulty) RestoreTalks(ctx context.Context, supplier string, t store.Talks) error {
	return f.attemptWrite(ctx, RestoreTalks, func() error { return f.inner.RestoreTalks(ctx, supplier, t) })
}
