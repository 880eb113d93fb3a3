package transfer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
	"wedsync/store/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var open = storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) })

func empty(t *testing.T) store.Store {
	t.Helper()
	s, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// filled is a store with something of everything.
func filled(t *testing.T) store.Store {
	t.Helper()
	s := empty(t)
	storetest.Fill(t, s)
	return s
}

func digest(t *testing.T, s store.Store, supplier string) transfer.Digest {
	t.Helper()
	d, err := transfer.DigestOf(t.Context(), s, supplier, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func run(t *testing.T, from, to store.Store) error {
	t.Helper()
	return transfer.Run(t.Context(), transfer.Options{From: from, To: to})
}

// wantCopy checks that a store holds what another does, and is the same hub.
func wantCopy(t *testing.T, from, to store.Store) {
	t.Helper()
	for _, supplier := range []string{"lily", "rose"} {
		if diff := cmp.Diff(digest(t, from, supplier), digest(t, to, supplier)); diff != "" {
			t.Errorf("supplier %s (-source +destination):\n%s", supplier, diff)
		}
	}
	want, err := from.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := to.Identity(t.Context()); err != nil || !cmp.Equal(got, want) {
		t.Errorf("identity: %v", err)
	}
}

func TestCopyHoldsTheSameAndTellsHowFarItIs(t *testing.T) {
	from, to := filled(t), empty(t)
	var last transfer.Progress
	var verified []transfer.Digest
	err := transfer.Run(t.Context(), transfer.Options{
		From: from, To: to,
		Tell:     func(p transfer.Progress) { last = p },
		Verified: func(d transfer.Digest) { verified = append(verified, d) },
	})
	if err != nil {
		t.Fatal(err)
	}
	wantCopy(t, from, to)
	want := transfer.Progress{Verifying: true, Suppliers: 2, AllSuppliers: 2, Records: 7, AllRecords: 7, Entries: 12, AllEntries: 12}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("last progress (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]transfer.Digest{digest(t, from, "lily"), digest(t, from, "rose")}, verified); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
	if err := run(t, from, to); err != nil {
		t.Errorf("once more: %v", err)
	}
	wantCopy(t, from, to)
}

// TestCopyThatFailsAnywhereGoesOnWithoutDoublingAnything lets each call that
// writes fail, done or not.
func TestCopyThatFailsAnywhereGoesOnWithoutDoublingAnything(t *testing.T) {
	from := filled(t)
	if _, err := from.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := []storetest.Call{
		storetest.Receive, storetest.SetPolicy, storetest.Seen, storetest.Restore, storetest.Enter, storetest.Received,
		storetest.RestoreHooks, storetest.RestoreTalks,
	}
	for _, call := range calls {
		for _, fault := range []storetest.Fault{storetest.NotDone, storetest.AnswerLost} {
			for n := 0; ; n++ {
				to := storetest.NewFaulty(empty(t))
				to.Fail(call, append(make([]storetest.Fault, n), fault)...)
				err := run(t, from, to)
				if to.Calls(call) <= n { // there are no more
					if n == 0 || err != nil {
						t.Errorf("%s was called %d times: %v", call, n, err)
					}
					break
				}
				if !errors.Is(err, storetest.ErrFault) {
					t.Fatalf("%s %d: got error %v, want %v", call, n, err, storetest.ErrFault)
				}
				if _, err := to.Identity(t.Context()); call != storetest.Receive && call != storetest.Received && !errors.Is(err, store.ErrUnfinished) {
					t.Errorf("%s %d: half a copy can be served: %v", call, n, err)
				}
				if err := run(t, from, to); err != nil {
					t.Fatalf("%s %d failed (fault %d), and then: %v", call, n, fault, err)
				}
				wantCopy(t, from, to)
			}
		}
	}
}

func step(supplier string, id crdt.RecordID, version uint64) []store.Commit {
	return []store.Commit{{Supplier: supplier, Record: id, Version: version, State: store.Listed, Heads: []crdt.Hash{{byte(version)}}}}
}

func mustAppend(t *testing.T, s store.Store, commits []store.Commit) {
	t.Helper()
	if stale, err := s.Append(t.Context(), commits); err != nil || len(stale) > 0 {
		t.Fatalf("append: %v, %d stale", err, len(stale))
	}
}

func TestDestinationThatHoldsSomethingElseIsLeftAlone(t *testing.T) {
	from := filled(t)
	counted, err := from.Count(t.Context(), "rose", crdt.RecordID{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	known := counted[0]
	for what, c := range map[string]struct {
		prepare func(*testing.T, store.Store)
		want    string
	}{
		"another supplier": {
			func(t *testing.T, to store.Store) { mustAppend(t, to, step("mill", crdt.RecordID{7}, 0)) }, `supplier "mill"`,
		},
		"another record of a supplier": {
			func(t *testing.T, to store.Store) { mustAppend(t, to, step("rose", crdt.RecordID{7}, 0)) }, crdt.RecordID{7}.String(),
		},
		"a record otherwise": {
			func(t *testing.T, to store.Store) { mustAppend(t, to, step("rose", known.Record, 0)) }, known.Record.String(),
		},
		"another hub's supplier of the same name": {
			func(t *testing.T, to store.Store) {
				if _, err := to.Identity(t.Context()); err != nil {
					t.Fatal(err)
				}
				device := store.Device{Supplier: "rose", User: "eve", Device: "phone", At: time.Unix(1, 0)}
				if err := to.Seen(t.Context(), []store.Device{device}); err != nil {
					t.Fatal(err)
				}
			}, "another hub's",
		},
		"a copy that went on": {
			func(t *testing.T, to store.Store) {
				if err := run(t, from, to); err != nil {
					t.Fatal(err)
				}
				mustAppend(t, to, step("rose", known.Record, known.Version))
			}, known.Record.String(),
		},
	} {
		t.Run(what, func(t *testing.T) {
			to := empty(t)
			c.prepare(t, to)
			before := digest(t, to, "rose")
			err := run(t, from, to)
			if !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one of %q", err, c.want)
			}
			if diff := cmp.Diff(before, digest(t, to, "rose")); diff != "" {
				t.Errorf("the destination changed:\n%s", diff)
			}
			if _, err := to.Identity(t.Context()); err != nil {
				t.Errorf("the destination cannot be served any more: %v", err)
			}
		})
	}
}

func TestSourceThatWentOnAfterAnInterruptionIsNotMixed(t *testing.T) {
	from, to := filled(t), storetest.NewFaulty(empty(t))
	to.Fail(storetest.Enter, 0, storetest.NotDone)
	if err := run(t, from, to); !errors.Is(err, storetest.ErrFault) {
		t.Fatal(err)
	}
	counted, err := from.Count(t.Context(), "rose", crdt.RecordID{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, from, step("rose", counted[0].Record, counted[0].Version))
	if err := run(t, from, to); !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), "not as it is there now") {
		t.Errorf("got error %v", err)
	}
}

// A changed store shows a copy otherwise than it was written.
type changed struct {
	store.Store
	whole   func(*store.Whole)
	entry   func(*store.Entry)
	policy  func(*conflicts.Policy)
	devices func([]store.Device) []store.Device
	access  func(*store.Access)
	hooks   func(*store.Hooks)
	talks   func(*store.Talks)
}

func each[T any](all []T, f func(*T)) {
	for i := range all {
		f(&all[i])
	}
}

func TestDifferenceIsNamedAndKeepsTheCopyFromBeingServed(t *testing.T) {
	for part, c := range map[string]changed{
		"policies":                {policy: func(p *conflicts.Policy) { p.Zone = "UTC" }},
		"devices":                 {devices: func(d []store.Device) []store.Device { return d[1:] }},
		"roles and revocations":   {access: func(a *store.Access) { a.Version++ }},
		"records":                 {whole: func(w *store.Whole) { w.Ledger = append(w.Ledger, ' ') }},
		"conflicts":               {whole: func(w *store.Whole) { w.Conflicts = nil }},
		"merged entries":          {whole: func(w *store.Whole) { w.Merged = slices.Clone(w.Merged[1:]) }},
		"receipts":                {whole: func(w *store.Whole) { w.Receipts[0].Devices = w.Receipts[0].Devices[1:] }},
		"answers":                 {whole: func(w *store.Whole) { w.Answers[0].Status++ }},
		"heads that devices hold": {whole: func(w *store.Whole) { w.Devices[0].Refused = "no" }},
		"connections":             {hooks: func(h *store.Hooks) { each(h.Connections, func(c *store.Connection) { c.Settings = nil }) }},
		"objects of connections":  {hooks: func(h *store.Hooks) { each(h.Objects, func(o *store.ObjectID) { o.Record[0]++ }) }},
		"events":                  {hooks: func(h *store.Hooks) { each(h.Events, func(e *store.InboxEvent) { e.Body = nil }) }},
		"endpoints":               {hooks: func(h *store.Hooks) { each(h.Endpoints, func(e *store.Endpoint) { e.Cursor++ }) }},
		"deliveries":              {hooks: func(h *store.Hooks) { each(h.Deliveries, func(d *store.Delivery) { d.Attempts++ }) }},
		"accounts":                {talks: func(t *store.Talks) { each(t.Cursors, func(c *store.Cursor) { c.State = nil }) }},
		"communications":          {talks: func(t *store.Talks) { each(t.Items, func(k *store.KeptItem) { k.Links = nil }) }},
		"journal entries":         {entry: func(e *store.Entry) { e.Batches[0].Origin.At = e.Batches[0].Origin.At.Add(1) }},
	} {
		t.Run(part, func(t *testing.T) {
			from := filled(t)
			c.Store = empty(t)
			err := run(t, from, &c)
			var found *transfer.Mismatch
			if !errors.As(err, &found) || found.Supplier != "rose" || found.Part != part {
				t.Fatalf("got error %v, want a mismatch of %s", err, part)
			}
			if !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "rose") {
				t.Errorf("%q does not name supplier and part", err)
			}
			if _, err := c.Identity(t.Context()); !errors.Is(err, store.ErrUnfinished) {
				t.Errorf("it can be served: %v", err)
			}
		})
	}
}
