package transfer

import (
	"context"
	"fmt"
)

// verify makes the digests of both stores, at the same time, and compares them.
func (t *transfer) verify(ctx context.Context) error {
	p := &t.progress
	*p = Progress{Verifying: true, AllSuppliers: p.AllSuppliers, AllRecords: p.AllRecords, AllEntries: p.AllEntries}
	t.tell()
	for _, s := range t.suppliers {
		d, err := t.compareDigests(ctx, s.name)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		p.Suppliers++
		t.tell()
		t.Verified(d)
	}
	return nil
}

func (t *transfer) compareDigests(ctx context.Context, supplier string) (Digest, error) {
	type answer struct {
		digest Digest
		err    error
	}
	ctx, stop := context.WithCancel(ctx)
	source := make(chan answer, 1)
	go func() { // is waited for below
		d, err := DigestOf(ctx, t.From, supplier, nil)
		source <- answer{d, err}
	}()
	to, err := DigestOf(ctx, t.To, supplier, func(records int, entries uint64) {
		t.progress.Records += records
		t.progress.Entries += entries
		t.tell()
	})
	if err != nil {
		stop()
	}
	from := <-source
	stop()
	switch {
	case err != nil:
		return Digest{}, fmt.Errorf("destination: %w", err)
	case from.err != nil:
		return Digest{}, fmt.Errorf("source: %w", from.err)
	}
	for i, p := range from.digest.Parts {
		if p.Sum != to.Parts[i].Sum {
			return Digest{}, &Mismatch{Supplier: supplier, Part: p.Name, From: p.Sum, To: to.Parts[i].Sum}
		}
	}
	return to, nil
}
