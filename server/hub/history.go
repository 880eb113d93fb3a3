package hub

import (
	"context"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A HistoryPage is a part of what happened to a record.
type HistoryPage struct {
	Events []conflicts.Event
	More   bool // there are events after the last
	// Log is where the record's decision log stands: who has noted it can prove
	// later that nothing before it was changed.
	Log conflicts.LogHead
}

// historyEntries is how many commits are read from the store at once.
const historyEntries = 1000

// History tells what happened to a listed record of a supplier. It is made from
// what is stored, beside the record's room, one history at a time, and is as of
// one version of the record. A *conflicts.HistoryLimitError says that there is
// too much of it.
func (h *Hub) History(ctx context.Context, supplier string, id crdt.RecordID, q conflicts.HistoryQuery) (HistoryPage, error) {
	var page HistoryPage
	err := h.withHistory(ctx, supplier, id, q.Field, func(history *conflicts.History) {
		page.Log = history.Log()
		page.Events, page.More = history.Page(q)
	})
	return page, err
}

// Surrounding tells, for each proposal of a conflict in a listed record, what
// else its author edited in the same minutes. Its errors are those of History.
func (h *Hub) Surrounding(ctx context.Context, supplier string, c conflicts.Conflict) (map[string][]conflicts.Event, error) {
	around := make(map[string][]conflicts.Event, len(c.Proposals))
	err := h.withHistory(ctx, supplier, c.Record, "", func(history *conflicts.History) {
		for _, p := range c.Proposals {
			around[p.ID] = history.Around(c.Field, p)
		}
	})
	return around, err
}

// withHistory makes a history, and has it read before the next is made.
func (h *Hub) withHistory(ctx context.Context, supplier string, id crdt.RecordID, only crdt.Path, read func(*conflicts.History)) error {
	if err := h.telling.Acquire(ctx, 1); err != nil {
		return err
	}
	defer h.telling.Release(1)
	policy, err := h.Policy(ctx, supplier)
	if err != nil {
		return err
	}
	summary, err := h.store.Summary(ctx, supplier, id)
	if err != nil {
		return err
	}
	history, err := conflicts.NewHistory(id, h.env, policy, summary.Ledger, only)
	if err == nil {
		err = h.tellTo(ctx, history, supplier, id, summary.Version)
	}
	if err != nil {
		return fmt.Errorf("history of record %s: %w", id, err)
	}
	read(history)
	return nil
}

// tellTo reads the commits of a record up to a version into its history.
func (h *Hub) tellTo(ctx context.Context, history *conflicts.History, supplier string, id crdt.RecordID, version uint64) error {
	for after := uint64(0); ; {
		entries, err := h.store.History(ctx, supplier, id, after, historyEntries)
		if err != nil {
			return err
		}
		for _, e := range entries {
			after = e.Number
			for _, past := range e.Pasts() {
				if err := history.Add(past); err != nil {
					return err
				}
			}
			if e.Version >= version {
				return nil // what was stored since has another ledger
			}
		}
		if len(entries) == 0 {
			return fmt.Errorf("the journal ends before version %d", version)
		}
	}
}
