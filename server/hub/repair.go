package hub

import (
	"context"
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A Repair says what was found wrong with a record, and what was done.
type Repair struct {
	Found []conflicts.Finding
	Done  []string // in plain words; empty if nothing had to be done
	// Reset are the connections of the named device that were told to come back.
	Reset int
}

// KindRepair is the kind of the journal's entry about a repair that stored rows again.
const KindRepair = "repair"

// Repair reads a record anew, and all that is stored of it; what has drifted from
// the stored changes is made again: rows of the queue, merged entries, receipts and
// the projection. What it cannot mend it finds. If a device is named, its connections
// to this node are told to come back: nothing that the hub believed of it counts
// any more, and the exchange begins anew with what it says it holds. Again does
// nothing more, if nothing more is wrong.
func (h *Hub) Repair(ctx context.Context, id crdt.RecordID, by conflicts.Principal, user, device string) (*Repair, error) {
	if !by.Role.MayResolve() {
		return nil, ErrForbidden
	}
	done := make(chan repairResult, 1)
	if err := h.deliver(ctx, id, repairTask{by, done}); err != nil {
		return nil, err
	}
	result := <-done
	if errors.Is(result.err, errStale) {
		return nil, fmt.Errorf("%w: the record is being changed elsewhere", ErrUnavailable)
	}
	if result.err != nil {
		return nil, result.err
	}
	report := result.report
	h.digests.forget(id)
	if report.projection.Fields != nil {
		if err := h.store.Project(ctx, report.projection); err != nil {
			return nil, fmt.Errorf("store projection: %w", err)
		}
	}
	repair := &Repair{Found: report.Findings, Done: report.Mended()}
	if device != "" {
		repair.Reset = h.reset(by.Supplier, user, device)
	}
	if len(repair.Done) > 0 || repair.Reset > 0 {
		h.log.Info("record repaired", "record", id, "supplier", by.Supplier, "user", by.User,
			"found", len(repair.Found), "done", repair.Done, "connections", repair.Reset)
	}
	return repair, nil
}

// reset tells the connections of a device to come back.
func (h *Hub) reset(supplier, user, device string) (n int) {
	for _, d := range h.devices.of(supplier) {
		if d.who.User == user && d.who.Device == device && !d.closed() {
			d.Close(TryAgain)
			n++
		}
	}
	return n
}

// A repairTask has a turn to itself: it examines what is stored, and stages what
// has to be stored again. Others of the record wait meanwhile.
type repairTask struct {
	by   conflicts.Principal
	done chan<- repairResult // has room for one
}

type repairResult struct {
	report *Report
	err    error
}

func (t repairTask) stage(r *room, s *stage) bool {
	if !s.empty() {
		return false
	}
	report, err := t.examine(r, s)
	s.replies = append(s.replies, func(failed error) {
		if failed != nil {
			err = failed
		}
		t.done <- repairResult{report, err}
	})
	return true
}

// examine begins with nothing in memory, but leaves a record of another supplier
// as it is.
func (t repairTask) examine(r *room, s *stage) (*Report, error) {
	if r.known && r.stored.Version > 0 && r.stored.Supplier != t.by.Supplier {
		return nil, store.ErrNotFound
	}
	r.corrupt = nil
	r.forget()
	if err := r.look(); err != nil && r.corrupt == nil {
		return nil, err
	}
	if r.stored.Version == 0 || r.stored.Supplier != t.by.Supplier || r.stored.State != store.Listed {
		return nil, store.ErrNotFound
	}
	ctx := context.WithoutCancel(r.hub.ctx)
	policy, err := r.hub.Policy(ctx, t.by.Supplier)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c := &Checkup{Store: r.hub.store, Engine: r.hub.engine, Env: r.hub.env, Supplier: t.by.Supplier, Policy: policy}
	report, err := t.settled(ctx, r, c)
	if err != nil {
		return nil, err
	}
	if report.rows.Empty() {
		return report, nil
	}
	if err := r.open(); err != nil {
		report.rows = new(conflicts.Rows) // it has been found why; nothing can be stored
		return report, nil
	}
	if report.version != r.stored.Version {
		return nil, errStale
	}
	s.conflicts, s.merged, s.receipts = report.rows.Conflicts, report.rows.Merged, report.rows.Receipts
	s.batches = append(s.batches, store.Batch{Origin: store.Origin{
		Kind: KindRepair, From: t.by, Policy: policy.Version, At: s.now, Input: &conflicts.Input{Repairs: true},
	}})
	return report, nil
}

// settled is a report of a record that did not move on, through another node,
// while it was examined.
func (t repairTask) settled(ctx context.Context, r *room, c *Checkup) (*Report, error) {
	for range maxStaleTurns {
		report, err := c.Record(ctx, r.id)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		known, err := r.hub.store.Heads(ctx, []crdt.RecordID{r.id})
		if err != nil && !errors.Is(err, store.ErrCorrupt) {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if err != nil || report.version == 0 || known[r.id].Version == report.version {
			return report, nil
		}
	}
	return nil, errStale
}

// Mend stores again what a report found to have drifted, while no hub is running.
func (c *Checkup) Mend(ctx context.Context, id crdt.RecordID, r *Report, origin store.Origin) error {
	if !r.rows.Empty() {
		stored, err := c.Store.Heads(ctx, []crdt.RecordID{id})
		if err != nil {
			return err
		}
		h := stored[id]
		origin.Kind, origin.Policy, origin.Input = KindRepair, c.Policy.Version, &conflicts.Input{Repairs: true}
		stale, err := c.Store.Append(ctx, []store.Commit{{
			Supplier: h.Supplier, Record: id, Version: r.version, State: h.State, Heads: h.Heads,
			Batches:   []store.Batch{{Origin: origin}},
			Conflicts: r.rows.Conflicts, Merged: r.rows.Merged, Receipts: r.rows.Receipts,
		}})
		if err != nil {
			return err
		}
		if len(stale) > 0 {
			return fmt.Errorf("record %s has moved on: %w", id, store.ErrStale)
		}
	}
	if r.projection.Fields != nil {
		return c.Store.Project(ctx, r.projection)
	}
	return nil
}
