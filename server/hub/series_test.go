package hub_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

func TestIdsOfASeriesAscendAndAreTheSameOnEveryNode(t *testing.T) {
	s := openStore(t)
	one, two := startHub(t, s), startHub(t, s)
	other := startHub(t, openStore(t))
	var last crdt.RecordID
	for n := range uint16(math.MaxUint16) {
		id := one.SeriesID("import", n)
		if n > 0 && bytes.Compare(id[:], last[:]) <= 0 {
			t.Fatalf("id %d is %x after %x", n, id, last)
		}
		if id[6]>>4 != 4 || id[8]>>6 != 2 {
			t.Fatalf("id %d is no UUID v4: %x", n, id)
		}
		last = id
	}
	if id := one.SeriesID("import", 7); id != two.SeriesID("import", 7) || id == other.SeriesID("import", 7) || id == one.SeriesID("import 2", 7) {
		t.Error("an id is not that of its hub, series and number alone")
	}
}

func TestRecordIsCreatedUnderAChosenIdUnlessThatIsTaken(t *testing.T) {
	h := startHub(t, openStore(t))
	olga, stranger := principal("olga", conflicts.Owner), principal("eve", conflicts.Owner)
	stranger.Supplier = "other"
	edit := func(who conflicts.Principal) conflicts.Edit {
		return conflicts.Edit{From: who, Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "x"}}}
	}
	deleted, erased := newID(3), newID(4)
	for _, id := range []crdt.RecordID{newID(1), deleted, erased} {
		if _, err := h.CreateAs(t.Context(), id, edit(olga), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(h.Delete(t.Context(), deleted, olga, nil), h.Erase(t.Context(), erased, olga)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateAs(t.Context(), newID(2), edit(stranger), nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range []crdt.RecordID{newID(1), newID(2), deleted, erased} {
		if _, err := h.CreateAs(t.Context(), id, edit(olga), nil); !errors.Is(err, hub.ErrTaken) {
			t.Errorf("%x: %v, want that it is taken", id, err)
		}
	}
	if _, err := h.CreateAs(t.Context(), newID(5), edit(principal("vera", conflicts.Viewer)), nil); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a viewer creates: %v", err)
	}
}

func TestListsShowWhatIsStoredNow(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	const records = 40 // more than are projected together
	for n := range records {
		e := conflicts.Edit{From: olga, Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "x"}}}
		if _, err := h.CreateAs(t.Context(), newID(byte(n+1)), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := h.List(t.Context(), "studio", crdt.RecordID{}, records-1)
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) != records-1 {
		t.Errorf("%d records are listed", len(listed))
	}
	var read []store.Summary
	for after := (crdt.RecordID{}); ; after = read[len(read)-1].Record {
		page, err := h.FreshList(t.Context(), "studio", after, 30)
		if err != nil {
			t.Fatal(err)
		}
		if read = append(read, page...); len(page) == 0 {
			break
		}
	}
	if len(read) != records {
		t.Errorf("%d records", len(read))
	}
	for _, row := range append(listed, read...) {
		if !slices.Equal(row.ProjectedHeads, row.Heads.Heads) || !bytes.Contains(row.Projection, []byte(`"notes":"x"`)) {
			t.Errorf("record %x is shown as %s", row.Record, row.Projection)
		}
	}
}

func TestListOfAStoreThatCannotBeWrittenToShowsWhatIsStored(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	s.Fail(storetest.Project, slices.Repeat([]storetest.Fault{storetest.NotDone}, 100)...)
	h := startHub(t, s)
	e := conflicts.Edit{From: principal("olga", conflicts.Owner), Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "x"}}}
	if _, err := h.CreateAs(t.Context(), newID(1), e, nil); err != nil {
		t.Fatal(err)
	}
	rows, err := h.List(t.Context(), "studio", crdt.RecordID{}, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if !bytes.Contains(rows[0].Projection, []byte(`"notes":"x"`)) {
		t.Errorf("the record is shown as %s", rows[0].Projection)
	}
}

// slowEngine makes no document before its caller gives up.
type slowEngine struct{}

func (slowEngine) Materialise(ctx context.Context, _ crdt.RecordID, _ [][]byte) (*engine.Result, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestListDoesNotWaitForWhatTakesLong(t *testing.T) {
	h, err := hub.New(t.Context(), hub.Options{Store: openStore(t), Engine: slowEngine{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	for n, notes := range []string{"short", strings.Repeat("long ", 4000)} {
		e := conflicts.Edit{From: principal("olga", conflicts.Owner), Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: notes}}}
		if _, err := h.CreateAs(t.Context(), newID(byte(n+1)), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := h.List(t.Context(), "studio", crdt.RecordID{}, 10)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if !slices.Equal(rows[0].ProjectedHeads, rows[0].Heads.Heads) {
		t.Error("a record that takes no time is shown as it was")
	}
	if rows[1].Projection != nil {
		t.Errorf("a record that could not be read is shown with %d bytes", len(rows[1].Projection))
	}
}
