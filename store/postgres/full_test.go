package postgres

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/store"
)

// fill runs statements that make many rows.
func fill(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.durable.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullInboxRefusesItsSupplierAlone(t *testing.T) {
	s := opened(t, database(t))
	fill(t, s, fmt.Sprintf(`INSERT INTO wedsync.inbox (supplier, number, connection, id, external, subject, type, received, body, state, version, attempts, due, error)
		SELECT 'rose', -n, 'crm', 'id' || n, n::text, '', '', now(), '', 'dead', 1, 0, now(), '' FROM generate_series(1, %d) n`, store.MaxInbox-1))
	event := func(supplier, external string) store.InboxEvent {
		return store.InboxEvent{Supplier: supplier, Connection: "crm", ID: supplier + external, External: external, State: store.EventReceived, Received: time.Unix(1, 0)}
	}
	got, err := s.ReceiveEvents(t.Context(), []store.InboxEvent{event("rose", "a"), event("rose", "b"), event("lily", "c"), event("rose", "7")})
	want := []store.Arrival{store.EventStored, store.EventRefused, store.EventStored, store.EventKnown}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	fill(t, s, `UPDATE wedsync.inbox SET state = 'done' WHERE id = 'id7'`)
	if got, err := s.ReceiveEvents(t.Context(), []store.InboxEvent{event("rose", "b")}); err != nil || !cmp.Equal(got, want[:1]) {
		t.Errorf("when there is room: got %v, %v", got, err)
	}
}

func TestFullEndpointStopsItsCursor(t *testing.T) {
	s := opened(t, database(t))
	if err := s.SetEndpoint(t.Context(), store.Endpoint{Supplier: "rose", ID: "e"}); err != nil {
		t.Fatal(err)
	}
	fill(t, s, fmt.Sprintf(`INSERT INTO wedsync.deliveries (supplier, endpoint, id, seq, number, type, state, head, version, attempts, due, created)
		SELECT 'rose', 'e', 'id' || n, -n, 0, '', 'pending', true, 1, 0, now(), now() FROM generate_series(1, %d) n`, store.MaxPending-1))
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
	if err := s.readers.QueryRow(t.Context(), `SELECT count(*) FROM wedsync.deliveries`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d deliveries are left, %v", left, err)
	}
}
