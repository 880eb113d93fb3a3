package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/hub"
	"wedsync/store"
)

// recordsOf checks all records of a supplier.
func (d *checkup) recordsOf(ctx context.Context, supplier string) error {
	policy, err := d.policy(ctx, supplier)
	if err != nil {
		return err
	}
	c := &hub.Checkup{Store: d.store, Engine: documents{}, Env: d.env, Supplier: supplier, Policy: policy}
	for after := (crdt.RecordID{}); ; {
		page, err := d.store.Count(ctx, supplier, after, checkedRecords)
		if errors.Is(err, store.ErrCorrupt) {
			d.find("the records of "+supplier, err.Error(), adviceRestore, false)
			return nil
		}
		if err != nil || len(page) == 0 {
			return err
		}
		for _, counted := range page {
			after = counted.Record
			d.progress.tell("%d records", d.records)
			if counted.State != store.Directory {
				d.records++
			}
			if err := d.record(ctx, c, counted); err != nil {
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

// record checks one record, or a directory, and mends it if that is asked for.
func (d *checkup) record(ctx context.Context, c *hub.Checkup, counted store.Counted) error {
	what := "record " + counted.Record.ClientID()
	if counted.State == store.Directory {
		what = "directory"
	}
	where := fmt.Sprintf("%s (document %s) of %s", what, counted.Record.DocumentID(), counted.Supplier)
	report, err := c.Record(ctx, counted.Record)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if report.Unproven != nil {
		d.unproven++
	}
	if report.Behind {
		d.behind++
	}
	done := report.Mended()
	if d.repair && len(done) > 0 {
		if err := c.Mend(ctx, counted.Record, report, store.Origin{From: conflicts.Principal{Supplier: counted.Supplier}, At: time.Now()}); err != nil {
			return fmt.Errorf("repair %s: %w", where, err)
		}
	}
	for _, f := range report.Findings {
		if d.repair && f.Mends {
			d.mended++
			d.tell("MENDED", where, f.What, "")
			continue
		}
		d.find(where, f.What, f.Advice, f.Warning)
	}
	return nil
}

// documents makes the documents of records in this process, which has nothing
// else to do.
type documents struct{}

// Beyond these a projection is not compared.
const (
	maxDocumentOps   = 1 << 22
	maxDocumentBytes = 1 << 28
)

// Materialise implements [hub.Materialiser].
func (documents) Materialise(_ context.Context, _ crdt.RecordID, chunks [][]byte) (*engine.Result, error) {
	value, heads, err := crdt.Materialise(chunks, maxDocumentOps, maxDocumentBytes)
	if err != nil {
		return nil, err
	}
	json, err := crdt.EncodeJSON(value)
	return &engine.Result{Heads: heads, JSON: json}, err
}
