package transfer

import (
	"bytes"
	"context"
	"fmt"

	"wedsync/store"
)

// How much is read and written at once.
const (
	pageSuppliers = 1000
	pageCounted   = 1000
	pageRecords   = 200
	pageEntries   = 2000
	pageHooks     = 500 // events, deliveries, or objects of connections
	pageItems     = 500
)

// Options say what is moved, and who hears of it.
type Options struct {
	From, To store.Store
	// Tell is called after each page that was written or verified; nil for nobody.
	Tell func(Progress)
	// Verified is called with the digest of each supplier that both stores hold
	// alike, in order of their names; nil for nobody.
	Verified func(Digest)
}

// Progress is how far a transfer is.
type Progress struct {
	Verifying               bool // everything is copied, digests are being made
	Suppliers, AllSuppliers int
	Records, AllRecords     int
	Entries, AllEntries     uint64
	// What an earlier transfer had moved. It is part of Records and Entries.
	FoundRecords int
	FoundEntries uint64
}

// A Mismatch is the error of a transfer after which the stores differ.
type Mismatch struct {
	Supplier string // empty for the identity, which belongs to all
	Part     string // what of it differs
	From, To Sum
}

// Error names the supplier and the part.
func (e *Mismatch) Error() string {
	if e.Supplier == "" {
		return fmt.Sprintf("the %s differs after the copy", e.Part)
	}
	return fmt.Sprintf("supplier %q: the %s differ after the copy: digest %s in the source, %s in the destination", e.Supplier, e.Part, e.From, e.To)
}

// Run moves everything and verifies it. No hub may be running on either store.
//
// It returns store.ErrNotEmpty if the destination holds what the source does not
// have like this; nothing has changed then. After another error the destination
// cannot be served; Run again, with the same source, goes on.
func Run(ctx context.Context, o Options) error {
	if o.Tell == nil {
		o.Tell = func(Progress) {}
	}
	if o.Verified == nil {
		o.Verified = func(Digest) {}
	}
	t := &transfer{Options: o}
	id, err := o.From.Identity(ctx)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if err := t.survey(ctx); err != nil {
		return err
	}
	if err := o.To.Receive(ctx, id); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	for i := range t.suppliers {
		if err := t.copy(ctx, &t.suppliers[i]); err != nil {
			return err
		}
	}
	if err := t.verify(ctx); err != nil {
		return err
	}
	if err := o.To.Received(ctx); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	got, err := o.To.Identity(ctx)
	if err == nil && (got.StorageID != id.StorageID || got.Epoch != id.Epoch || !bytes.Equal(got.Secret, id.Secret)) {
		err = &Mismatch{Part: "identity"}
	}
	return err
}

// A transfer is one on its way.
type transfer struct {
	Options
	suppliers []supplier
	progress  Progress
}

// tell tells how far it is.
func (t *transfer) tell() { t.Tell(t.progress) }
