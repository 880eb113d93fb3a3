package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A Checkup examines what a store holds of a supplier's records. It needs no
// hub, and is for one goroutine.
type Checkup struct {
	Store    store.Store
	Engine   Materialiser
	Env      *conflicts.Env
	Supplier string
	Policy   *conflicts.Policy // in force

	policies map[uint64]*conflicts.Policy // that were, by version
}

// A Report is what an examination of one record found, and what would mend it.
type Report struct {
	Findings []conflicts.Finding
	// Unproven says why closed rows could not be held against the journal, or the
	// projection against the changes; nil if they were.
	Unproven error
	Behind   bool // the projection is older than the record, which is no fault

	version    uint64           // of the record
	rows       *conflicts.Rows  // to be stored again
	projection store.Projection // of the newest heads; zero if the one that is stored is right
}

const (
	checkedEntries = 1000 // of a record's journal, read at once
	checkedRows    = 200

	adviceRepair  = "wedsync doctor --repair brings it back, and so does POST /api/clients/{id}/repair"
	adviceRestore = "restore the data directory from a backup; devices bring back what it lacks"
)

func (r *Report) find(what, advice string, mends bool) {
	r.Findings = append(r.Findings, conflicts.Finding{What: what, Advice: advice, Mends: mends})
}

// Record examines all that is stored of a record. An error is one of the store,
// not of the record.
func (c *Checkup) Record(ctx context.Context, id crdt.RecordID) (*Report, error) {
	r := &Report{rows: new(conflicts.Rows)}
	stored, err := c.Store.Load(ctx, id)
	if errors.Is(err, store.ErrCorrupt) {
		r.find(err.Error(), adviceRestore, false)
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	r.version = stored.Version
	if stored.State == store.Directory {
		batches := storedBatches(stored.Batches)
		r.Findings = conflicts.ExamineDirectory(c.Env, c.Supplier, id, batches, stored.Heads.Heads)
		return r, nil
	}
	x := conflicts.NewExamination(id, c.Env, c.Policy, stored.Ledger)
	again := conflicts.NewRebuilding(id, c.Env)
	if err := c.journal(ctx, id, x, again); errors.Is(err, store.ErrCorrupt) {
		r.find(err.Error(), adviceRestore, false)
		return r, nil
	} else if err != nil {
		return nil, err
	}
	kept, doubt, err := c.rows(ctx, r, id)
	if err != nil {
		return nil, err
	}
	r.Findings = append(r.Findings, x.Finish(stored.Heads.Heads, kept.Conflicts, kept.Merged)...)
	if stored.State != store.Erased {
		r.drift(again, stored.Ledger, kept, doubt)
	}
	if stored.State == store.Listed {
		err = c.projected(ctx, r, id, stored)
	}
	return r, err
}

// journal has a record's journal followed.
func (c *Checkup) journal(ctx context.Context, id crdt.RecordID, x *conflicts.Examination, again *conflicts.Rebuilding) error {
	for after := uint64(0); ; {
		entries, err := c.Store.History(ctx, c.Supplier, id, after, checkedEntries)
		if err != nil || len(entries) == 0 {
			return err
		}
		for i := range entries {
			after = entries[i].Number
			for k, past := range entries[i].Pasts() {
				x.Add(past)
				policy, err := c.policyOf(ctx, entries[i].Batches[k].Origin.Policy)
				if err != nil {
					return err
				}
				again.Add(conflicts.Journaled{
					StoredBatch: past.StoredBatch, From: past.From, Policy: policy, At: past.At,
					Input: entries[i].Batches[k].Origin.Input,
				}, past.Log)
			}
		}
	}
}

// policyOf is the supplier's policy of a version; the one in force if nobody
// knows it any more.
func (c *Checkup) policyOf(ctx context.Context, version uint64) (*conflicts.Policy, error) {
	if p := c.policies[version]; p != nil {
		return p, nil
	}
	p, err := c.Store.PolicyOf(ctx, c.Supplier, version)
	switch {
	case errors.Is(err, store.ErrNotFound) && version <= 1:
		p = conflicts.DefaultPolicy()
	case errors.Is(err, store.ErrNotFound):
		p = c.Policy
	case err != nil:
		return nil, err
	}
	_ = p.Check() // looks up its zone; what was let in once stays in force
	if c.policies == nil {
		c.policies = make(map[uint64]*conflicts.Policy)
	}
	c.policies[version] = p
	return p, nil
}

// rows are a record's rows as far as they can be read, and the ids of those that
// the queue finds where they do not belong.
func (c *Checkup) rows(ctx context.Context, r *Report, id crdt.RecordID) (kept *conflicts.Rows, doubt map[string]bool, err error) {
	kept, doubt = new(conflicts.Rows), make(map[string]bool)
	kept.Conflicts, err = c.conflicts(ctx, id, "")
	if err == nil {
		var pending []conflicts.Conflict
		pending, err = c.conflicts(ctx, id, conflicts.Pending)
		misplaced(kept.Conflicts, pending, doubt)
	}
	if err = r.unreadable(err); err != nil {
		return nil, nil, err
	}
	kept.Merged, err = c.merged(ctx, id)
	if err = r.unreadable(err); err != nil {
		return nil, nil, err
	}
	kept.Receipts, err = c.receipts(ctx, id)
	return kept, doubt, r.unreadable(err)
}

// unreadable finds that rows cannot be read; other errors it returns.
func (r *Report) unreadable(err error) error {
	if !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	known := slices.ContainsFunc(r.Findings, func(f conflicts.Finding) bool { return f.What == err.Error() })
	if !known {
		r.find(err.Error(), adviceRepair, true)
	}
	return nil
}

// misplaced notes rows whose body and place in the queue disagree.
func misplaced(all, pending []conflicts.Conflict, doubt map[string]bool) {
	placed := make(map[string]bool)
	for i := range pending {
		placed[pending[i].ID] = true
	}
	for i := range all {
		if placed[all[i].ID] != (all[i].Status == conflicts.Pending) {
			doubt[all[i].ID] = true
		}
	}
}

func (c *Checkup) conflicts(ctx context.Context, id crdt.RecordID, status conflicts.Status) (rows []conflicts.Conflict, err error) {
	q := store.ConflictQuery{Record: id, Status: status, Limit: checkedRows}
	for {
		page, err := c.Store.Conflicts(ctx, c.Supplier, q)
		if err != nil || len(page) == 0 {
			return rows, err
		}
		rows = append(rows, store.ConflictsOf(page)...)
		q.After = page[len(page)-1].Place
	}
}

func (c *Checkup) merged(ctx context.Context, id crdt.RecordID) (entries []conflicts.Merged, err error) {
	q := store.MergedQuery{Record: id, Limit: checkedRows, Unlisted: true}
	for {
		page, err := c.Store.MergedEntries(ctx, c.Supplier, q)
		if err != nil || len(page) == 0 {
			return entries, err
		}
		entries = append(entries, page...)
		q.After = page[len(page)-1].ID
	}
}

func (c *Checkup) receipts(ctx context.Context, id crdt.RecordID) (receipts []conflicts.Receipt, err error) {
	page, err := c.Store.Wholes(ctx, c.Supplier, before(id), 1)
	if err != nil || len(page) == 0 || page[0].Record != id {
		return nil, err
	}
	for _, told := range page[0].Receipts {
		receipts = append(receipts, told.Receipt)
	}
	return receipts, nil
}

// before is the id that comes just before another.
func before(id crdt.RecordID) crdt.RecordID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}

// drift finds the rows that are not as the journal leads to or, if the journal
// cannot tell, as the ledger has them.
func (r *Report) drift(again *conflicts.Rebuilding, ledger []byte, kept *conflicts.Rows, doubt map[string]bool) {
	want, err := again.Finish(ledger)
	if err != nil {
		r.Unproven = err
		if want, err = conflicts.LedgerRows(ledger); err != nil {
			return // the examination has said so
		}
	}
	var drifts []conflicts.Drift
	r.rows, drifts = want.Drifted(kept, doubt)
	for _, d := range drifts {
		said := false
		for i := range r.Findings {
			if f := &r.Findings[i]; strings.Contains(f.What, d.ID) {
				f.Mends, f.Advice, said = true, adviceRepair+"; "+f.Advice, true
			}
		}
		if !said {
			r.find(d.What, adviceRepair, true)
		}
	}
}

// projected holds a record's projection against its changes.
func (c *Checkup) projected(ctx context.Context, r *Report, id crdt.RecordID, stored *store.Stored) error {
	summary, err := c.Store.Summary(ctx, c.Supplier, id)
	if errors.Is(err, store.ErrCorrupt) {
		r.find(err.Error(), adviceRestore, false)
		return nil
	}
	if err != nil {
		return err
	}
	var chunks [][]byte
	for _, b := range stored.Batches {
		chunks = append(chunks, b.Chunks...)
	}
	result, err := documentOf(ctx, c.Engine, id, chunks)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, crdt.ErrLimit) {
		r.Unproven = err
		return nil
	}
	if err != nil || !slices.Equal(result.Heads, stored.Heads.Heads) {
		return nil // the examination has said so
	}
	made := store.Projection{Record: id, Heads: result.Heads, Fields: result.JSON}
	switch {
	case !slices.Equal(summary.ProjectedHeads, stored.Heads.Heads) || summary.Projection == nil:
		r.Behind, r.projection = true, made
	case !alike(summary.Projection, result.JSON):
		r.find("its projection shows something else than its changes make", adviceRepair, true)
		r.projection = made
	}
	return nil
}

// alike reports whether two projections say the same. A store may keep one in
// another form than it was given.
func alike(stored, made []byte) bool {
	var texts [2][]byte
	for i, projection := range [2][]byte{stored, made} {
		dec := json.NewDecoder(bytes.NewReader(projection))
		dec.UseNumber()
		var fields map[string]any
		if err := dec.Decode(&fields); err != nil {
			return false
		}
		var err error
		if texts[i], err = appendCanonical(nil, fields); err != nil {
			return false
		}
	}
	return bytes.Equal(texts[0], texts[1])
}

// Mended says what a repair that stored rows and projection again has done.
func (r *Report) Mended() (done []string) {
	for _, kind := range []struct {
		n    int
		what string
	}{
		{len(r.rows.Conflicts), "conflict"},
		{len(r.rows.Merged), "merged entry"},
		{len(r.rows.Receipts), "receipt"},
	} {
		if kind.n > 0 {
			done = append(done, fmt.Sprintf("stored again as it should be: %d × %s", kind.n, kind.what))
		}
	}
	if r.projection.Fields != nil {
		done = append(done, "made the projection anew")
	}
	return done
}
