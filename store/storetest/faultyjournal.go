package storetest

import (
	"context"

	"wedsync/crdt"
	"wedsync/store"
)

// Journal implements [store.Journal].
func (f *Faulty) Journal(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return attempt(ctx, f, Journal, func() ([]store.Entry, error) { return f.inner.Journal(ctx, supplier, after, limit) })
}

// History implements [store.Journal].
func (f *Faulty) History(ctx context.Context, supplier string, id crdt.RecordID, after uint64, limit int) ([]store.Entry, error) {
	return attempt(ctx, f, History, func() ([]store.Entry, error) { return f.inner.History(ctx, supplier, id, after, limit) })
}

// Happenings implements [store.Journal].
func (f *Faulty) Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return attempt(ctx, f, Happenings, func() ([]store.Entry, error) { return f.inner.Happenings(ctx, supplier, after, limit) })
}

// HappeningsOf implements [store.Journal].
func (f *Faulty) HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]store.Entry, error) {
	return attempt(ctx, f, HappeningsOf, func() ([]store.Entry, error) { return f.inner.HappeningsOf(ctx, supplier, id, before, limit) })
}

// Suppliers implements [store.Census].
func (f *Faulty) Suppliers(ctx context.Context, after string, limit int) ([]store.Supplier, error) {
	return attempt(ctx, f, Suppliers, func() ([]store.Supplier, error) { return f.inner.Suppliers(ctx, after, limit) })
}

// Count implements [store.Census].
func (f *Faulty) Count(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Counted, error) {
	return attempt(ctx, f, Count, func() ([]store.Counted, error) { return f.inner.Count(ctx, supplier, after, limit) })
}

// Release implements [store.Census].
func (f *Faulty) Release(ctx context.Context, id crdt.RecordID) error {
	return f.attemptWrite(ctx, Release, func() error { return f.inner.Release(ctx, id) })
}

// Ends implements [store.Nodes].
func (f *Faulty) Ends(ctx context.Context, suppliers []string) (map[string]store.End, error) {
	return attempt(ctx, f, Ends, func() (map[string]store.End, error) { return f.inner.Ends(ctx, suppliers) })
}

// Moves implements [store.Nodes].
func (f *Faulty) Moves(ctx context.Context, supplier string, after uint64, limit int) ([]store.Move, error) {
	return attempt(ctx, f, Moves, func() ([]store.Move, error) { return f.inner.Moves(ctx, supplier, after, limit) })
}

// Answer implements [store.Answers].
func (f *Faulty) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	return attempt(ctx, f, Answer, func() (store.Answer, error) { return f.inner.Answer(ctx, principal, key) })
}
