package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/store"
)

// series is the numbers up to the largest bound.
const series = `WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 200000) `

// fill runs statements that make many rows.
func fill(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	err := s.write(t.Context(), s.lax, "fill", func(ctx context.Context, tx *transaction) error {
		for _, statement := range statements {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFullInboxRefusesItsSupplierAlone(t *testing.T) {
	s := opened(t, t.TempDir())
	fill(t, s, `INSERT INTO suppliers (key, name) VALUES (1, 'rose')`, series+`INSERT INTO inbox
		(supplier, connection, id, external, subject, type, received, state, version, attempts, due, error, kept)
		SELECT 1, 'crm', 'id' || n, CAST(n AS TEXT), '', '', 0, 'dead', 1, 0, 0, '', 0 FROM series WHERE n < `+fmt.Sprint(store.MaxInbox))
	event := func(supplier, external string) store.InboxEvent {
		return store.InboxEvent{Supplier: supplier, Connection: "crm", ID: supplier + external, External: external, State: store.EventReceived, Received: time.Unix(1, 0)}
	}
	got, err := s.ReceiveEvents(t.Context(), []store.InboxEvent{event("rose", "a"), event("rose", "b"), event("lily", "c"), event("rose", "7")})
	want := []store.Arrival{store.EventStored, store.EventRefused, store.EventStored, store.EventKnown}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	fill(t, s, `UPDATE inbox SET state = 'done' WHERE id = 'id7'`)
	if got, err := s.ReceiveEvents(t.Context(), []store.InboxEvent{event("rose", "b")}); err != nil || !cmp.Equal(got, want[:1]) {
		t.Errorf("when there is room: got %v, %v", got, err)
	}
}

func TestFullEndpointStopsItsCursor(t *testing.T) {
	s := opened(t, t.TempDir())
	if err := s.SetEndpoint(t.Context(), store.Endpoint{Supplier: "rose", ID: "e"}); err != nil {
		t.Fatal(err)
	}
	fill(t, s, series+`INSERT INTO deliveries (supplier, endpoint, id, number, type, state, head, version, attempts, due, created)
		SELECT (SELECT key FROM suppliers), 'e', 'id' || n, 0, '', 'pending', 1, 1, 0, 0, 0 FROM series WHERE n < `+fmt.Sprint(store.MaxPending))
	dispatch := func(from uint64, ids ...string) error {
		var all []store.Delivery
		for _, id := range ids {
			all = append(all, store.Delivery{ID: id, Due: time.Unix(1, 0), Created: time.Unix(1, 0)})
		}
		return s.Dispatch(t.Context(), "rose", "e", from, from+1, all)
	}
	if err := dispatch(0, "a", "b"); !errors.Is(err, store.ErrTooMany) {
		t.Errorf("two more: got error %v, want %v", err, store.ErrTooMany)
	}
	if err := errors.Join(dispatch(0, "a"), dispatch(1, "a")); err != nil {
		t.Errorf("one more, and the same again: %v", err)
	}
	if err := dispatch(2, "b"); !errors.Is(err, store.ErrTooMany) {
		t.Errorf("one too many: got error %v, want %v", err, store.ErrTooMany)
	}
	// It goes in parts.
	if err := s.DeleteEndpoint(t.Context(), "rose", "e"); err != nil {
		t.Error(err)
	}
	var left int
	if err := s.readers.row(t.Context(), `SELECT count(*) FROM deliveries`, nil, &left); err != nil || left != 0 {
		t.Errorf("%d deliveries are left, %v", left, err)
	}
}
