package main

import (
	"context"
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// recordsOf checks all records of a supplier.
func (d *checkup) recordsOf(ctx context.Context, supplier string) error {
	policy, err := d.policy(ctx, supplier)
	if err != nil {
		return err
	}
	for after := (crdt.RecordID{}); ; {
		page, err := d.store.Count(ctx, supplier, after, checkedRecords)
		if errors.Is(err, store.ErrCorrupt) {
			d.find("the records of "+supplier, err.Error(), adviceRestore, false)
			return nil
		}
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			after = c.Record
			d.progress.tell("%d records", d.records)
			examine := func() ([]conflicts.Finding, error) { return d.examine(ctx, policy, c) }
			what := "record " + c.Record.ClientID()
			if c.State == store.Directory {
				examine = func() ([]conflicts.Finding, error) { return d.examineDirectory(ctx, c) }
				what = "directory"
			} else {
				d.records++
			}
			where := fmt.Sprintf("%s (document %s) of %s", what, c.Record.DocumentID(), c.Supplier)
			if err := d.record(where, examine); err != nil {
				return err
			}
		}
	}
}

// policy is the policy of a supplier that is in force.
func (d *checkup) policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	p, err := d.store.Policy(ctx, supplier)
	if errors.Is(err, store.ErrNotFound) {
		return conflicts.DefaultPolicy(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("policy of %s: %w", supplier, err)
	}
	if err := p.Check(); err != nil {
		d.find("the policy of "+supplier, err.Error(), "set it again with PUT /api/policy", false)
	}
	return p, nil
}

// record tells what an examination finds.
func (d *checkup) record(where string, examine func() ([]conflicts.Finding, error)) error {
	findings, err := examine()
	if errors.Is(err, store.ErrCorrupt) {
		d.find(where, err.Error(), adviceRestore, false)
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range findings {
		d.find(where, f.What, f.Advice, f.Warning)
	}
	return nil
}

// examine reads all that is stored of a record.
func (d *checkup) examine(ctx context.Context, policy *conflicts.Policy, c store.Counted) ([]conflicts.Finding, error) {
	stored, err := d.store.Load(ctx, c.Record)
	if err != nil {
		return nil, err
	}
	x := conflicts.NewExamination(c.Record, d.env, policy, stored.Ledger)
	for after := uint64(0); ; {
		entries, err := d.store.History(ctx, c.Supplier, c.Record, after, checkedEntries)
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			break
		}
		for i := range entries {
			after = entries[i].Number
			for _, past := range entries[i].Pasts() {
				x.Add(past)
			}
		}
	}
	rows, err := d.rows(ctx, c)
	if err != nil {
		return nil, err
	}
	merged, err := d.merged(ctx, c)
	if err != nil {
		return nil, err
	}
	return x.Finish(stored.Heads.Heads, rows, merged), nil
}

// examineDirectory reads all that is stored of a supplier's directory.
func (d *checkup) examineDirectory(ctx context.Context, c store.Counted) ([]conflicts.Finding, error) {
	stored, err := d.store.Load(ctx, c.Record)
	if err != nil {
		return nil, err
	}
	batches := make([]conflicts.StoredBatch, len(stored.Batches))
	for i, b := range stored.Batches {
		batches[i] = conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub}
	}
	return conflicts.ExamineDirectory(d.env, c.Supplier, c.Record, batches, stored.Heads.Heads), nil
}

// rows are a record's rows of sync_conflicts.
func (d *checkup) rows(ctx context.Context, c store.Counted) (rows []conflicts.Conflict, err error) {
	q := store.ConflictQuery{Record: c.Record, Limit: checkedRecords}
	for {
		page, err := d.store.Conflicts(ctx, c.Supplier, q)
		if err != nil || len(page) == 0 {
			return rows, err
		}
		rows = append(rows, store.ConflictsOf(page)...)
		q.After = page[len(page)-1].Place
	}
}

// merged are a record's merged entries.
func (d *checkup) merged(ctx context.Context, c store.Counted) (entries []conflicts.Merged, err error) {
	q := store.MergedQuery{Record: c.Record, Limit: checkedRecords, Unlisted: true}
	for {
		page, err := d.store.MergedEntries(ctx, c.Supplier, q)
		if err != nil || len(page) == 0 {
			return entries, err
		}
		entries = append(entries, page...)
		q.After = page[len(page)-1].ID
	}
}
