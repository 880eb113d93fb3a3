package inbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"wedsync/store"
)

// A counting store keeps everything and counts the transactions.
type counting struct {
	Store
	kept, jobs, transactions int
	fail                     error
}

func (c *counting) ReceiveEvents(_ context.Context, events []store.InboxEvent) ([]store.Arrival, error) {
	c.transactions++
	if c.fail != nil {
		return nil, c.fail
	}
	c.kept += len(events)
	became := make([]store.Arrival, len(events))
	for i := range became {
		became[i] = store.EventStored
	}
	became[0] = store.EventKnown
	return became, nil
}

func (c *counting) PutJobs(_ context.Context, jobs ...store.Job) error {
	c.jobs += len(jobs)
	return nil
}

// filled is a keeper in whose queue so many requests wait.
func filled(t *testing.T, c *counting, requests int) (*keeper, []*arrivals) {
	t.Helper()
	k := newKeeper(c, newBell(c, slog.New(slog.DiscardHandler)), newMetrics(nil))
	var all []*arrivals
	for i := range requests {
		a := &arrivals{[]store.InboxEvent{{ID: fmt.Sprint(i), State: store.EventReceived}}, make(chan told, 1)}
		if err := k.put(a); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return k, all
}

func TestWhatWaitsIsKeptTogetherAndNoMoreWaitsThanMay(t *testing.T) {
	c := &counting{}
	k, all := filled(t, c, maxWaiting)
	if _, err := k.keep(t.Context(), nil); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	k.close()
	go k.bell.run(t.Context()) // ends with the keeper
	k.run(t.Context())
	k.bell.wait()
	if c.kept != maxWaiting || c.transactions != maxWaiting/maxTogether || c.jobs != maxWaiting-c.transactions {
		t.Errorf("%d kept in %d transactions, %d jobs", c.kept, c.transactions, c.jobs)
	}
	for i, a := range all {
		if got := <-a.told; got.err != nil || len(got.became) != 1 || (got.became[0] == store.EventKnown) != (i%maxTogether == 0) {
			t.Fatalf("request %d is told %+v", i, got)
		}
	}
	if _, err := k.keep(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestAllThatAreKeptTogetherHearOfAFailure(t *testing.T) {
	c := &counting{fail: store.ErrUnavailable}
	k, all := filled(t, c, 3)
	k.close()
	k.run(t.Context())
	for _, a := range all {
		if got := <-a.told; !errors.Is(got.err, store.ErrUnavailable) {
			t.Errorf("told %+v", got)
		}
	}
}
