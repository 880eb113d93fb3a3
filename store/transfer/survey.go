package transfer

import (
	"context"
	"fmt"
	"slices"

	"wedsync/crdt"
	"wedsync/store"
)

// A supplier is what the source has of one, and how much of it has arrived:
// records up to one, and then entries up to one.
type supplier struct {
	name              string
	records, restored int
	last              crdt.RecordID // restored; zero for none
	entries, entered  uint64
}

// survey finds out what there is and what has arrived.
func (t *transfer) survey(ctx context.Context) error {
	there, err := allSuppliers(ctx, t.From)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	here, err := allSuppliers(ctx, t.To)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	arrived := make(map[string]uint64, len(here))
	for _, s := range here {
		arrived[s.Name] = s.Entries
	}
	for _, s := range there {
		one := supplier{name: s.Name, entries: s.Entries, entered: arrived[s.Name]}
		if err := t.compare(ctx, &one); err != nil {
			return err
		}
		delete(arrived, s.Name)
		t.suppliers = append(t.suppliers, one)
		t.progress.AllRecords += one.records
		t.progress.AllEntries += one.entries
		t.progress.FoundRecords += one.restored
		t.progress.FoundEntries += one.entered
	}
	for name := range arrived {
		return occupied(name, "the source does not have this supplier")
	}
	t.progress.AllSuppliers = len(t.suppliers)
	t.progress.Records, t.progress.Entries = t.progress.FoundRecords, t.progress.FoundEntries
	t.tell()
	return nil
}

// occupied is the error of a destination that holds something else.
func occupied(supplier, why string) error {
	return fmt.Errorf("destination: it holds something else of supplier %q: %s (empty it, or give another one): %w", supplier, why, store.ErrNotEmpty)
}

func allSuppliers(ctx context.Context, s store.Store) (all []store.Supplier, err error) {
	for after := ""; ; {
		page, err := s.Suppliers(ctx, after, pageSuppliers)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		after = page[len(page)-1].Name
	}
}

// compare counts a supplier's records, and holds those that have arrived against
// the first ones of the source.
func (t *transfer) compare(ctx context.Context, s *supplier) error {
	arriving := true
	for after := (crdt.RecordID{}); ; {
		there, err := t.From.Count(ctx, s.name, after, pageCounted)
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		if arriving {
			here, err := t.To.Count(ctx, s.name, after, pageCounted)
			if err != nil {
				return fmt.Errorf("destination: %w", err)
			}
			for i, c := range here {
				if i >= len(there) || !alike(c, there[i]) {
					return occupied(s.name, fmt.Sprintf("record %s is not the source's, or not as it is there now", c.Record))
				}
				s.last = c.Record
			}
			s.restored += len(here)
			arriving = len(here) == pageCounted
		}
		if len(there) == 0 {
			break
		}
		s.records += len(there)
		after = there[len(there)-1].Record
	}
	if s.entered > s.entries || s.entered > 0 && s.restored < s.records {
		return occupied(s.name, fmt.Sprintf("its journal has %d entries, that of the source %d", s.entered, s.entries))
	}
	return nil
}

func alike(a, b store.Counted) bool {
	return a.Record == b.Record && a.Supplier == b.Supplier && a.Version == b.Version && a.State == b.State &&
		slices.Equal(a.Heads.Heads, b.Heads.Heads)
}
