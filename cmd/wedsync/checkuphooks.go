package main

import (
	"context"
	"errors"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// hooks checks what a supplier's webhooks rest on: that nothing is sent that was
// never written, that what waits is not forgotten, and that objects are records
// which may have some.
func (d *checkup) hooks(ctx context.Context, s store.Supplier) error {
	endpoints, err := d.store.Endpoints(ctx, s.Name)
	if err != nil {
		return err
	}
	counts, err := d.store.DeliveryCounts(ctx, s.Name)
	if err != nil {
		return err
	}
	for _, e := range endpoints {
		where := "the endpoint " + e.ID + " of " + s.Name
		if e.Cursor > s.Entries {
			d.find(where, fmt.Sprintf("it was sent entry %d of the journal, which ends with %d", e.Cursor, s.Entries),
				"restore the newest backup, or delete the endpoint and make it anew", false)
		}
		waiting := counts[e.ID][store.DeliveryPending]
		_, err := d.store.NextDue(ctx, s.Name, e.ID)
		switch {
		case errors.Is(err, store.ErrNotFound) && waiting > 0:
			d.find(where, fmt.Sprintf("%d deliveries wait, and none of them is the first", waiting), "delete the endpoint and make it anew", false)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return d.objects(ctx, s.Name)
}

// objects checks which records a supplier's objects are.
func (d *checkup) objects(ctx context.Context, supplier string) error {
	for after := (store.ObjectID{}); ; {
		page, err := d.store.Objects(ctx, supplier, after, checkedRecords)
		if err != nil || len(page) == 0 {
			return err
		}
		ids := make([]crdt.RecordID, len(page))
		for i, o := range page {
			ids[i] = o.Record
		}
		heads, err := d.store.Heads(ctx, ids)
		if err != nil {
			return err
		}
		for _, o := range page {
			after = o
			h, known := heads[o.Record]
			if known && (h.Supplier != supplier || h.State == store.Erased) {
				d.find("the object "+o.External+" of the connection "+o.Connection+" of "+supplier,
					fmt.Sprintf("it is record %s, which is erased or another supplier's", o.Record), adviceRestore, false)
			}
		}
	}
}
