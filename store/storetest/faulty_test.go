package storetest_test

import (
	"context"
	"errors"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
)

func faulty(t *testing.T) *storetest.Faulty {
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := storetest.NewFaulty(s)
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

var one = crdt.RecordID{1}

func step(version uint64) []store.Commit {
	return []store.Commit{{Supplier: "rose", Record: one, Version: version, State: store.Listed}}
}

func version(t *testing.T, s store.Store) uint64 {
	t.Helper()
	found, err := s.Heads(t.Context(), []crdt.RecordID{one})
	if err != nil {
		t.Fatal(err)
	}
	return found[one].Version
}

func TestFaultyStoreKeepsThePromisesWithoutACue(t *testing.T) {
	storetest.Run(t, storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) {
		s, err := sqlite.Open(ctx, dir)
		if err != nil {
			return nil, err
		}
		return storetest.NewFaulty(s), nil
	}), "Concurrency", "Happenings", "History", "Copying", "Hooks", "Inbox", "Outbox", "Accounts", "Cursors", "Pulls", "Timelines", "TalkErasure", "TalkCopying", "Jobs")
}

func TestFailedAppendIsStoredOnlyIfItsAnswerWasLost(t *testing.T) {
	f := faulty(t)
	f.Fail(storetest.Append, storetest.NotDone, storetest.AnswerLost)
	for i, want := range []uint64{0, 1} {
		_, err := f.Append(t.Context(), step(0))
		if !errors.Is(err, storetest.ErrFault) || !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("append %d: got error %v, want %v", i, err, storetest.ErrFault)
		}
		if got := version(t, f); got != want {
			t.Errorf("append %d: version is %d, want %d", i, got, want)
		}
	}
	if stale, err := f.Append(t.Context(), step(1)); err != nil || len(stale) > 0 {
		t.Errorf("append without a cue: %v, %d stale", err, len(stale))
	}
	if got := f.Calls(storetest.Append); got != 3 {
		t.Errorf("%d calls of append, want 3", got)
	}
}

func TestReadsAndOtherWritesFailOnCue(t *testing.T) {
	f := faulty(t)
	f.Fail(storetest.Load, storetest.NotDone)
	if _, err := f.Load(t.Context(), one); !errors.Is(err, storetest.ErrFault) {
		t.Errorf("load: got error %v, want %v", err, storetest.ErrFault)
	}
	if _, err := f.Load(t.Context(), one); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("load after the cue: got error %v, want %v", err, store.ErrNotFound)
	}
	f.Fail(storetest.Seen, storetest.AnswerLost)
	if err := f.Seen(t.Context(), []store.Device{{Supplier: "rose", Device: "phone"}}); !errors.Is(err, storetest.ErrFault) {
		t.Errorf("seen: got error %v, want %v", err, storetest.ErrFault)
	}
	if devices, err := f.DevicesOf(t.Context(), "rose"); err != nil || len(devices) != 1 {
		t.Errorf("%d devices, %v; want the one whose answer was lost", len(devices), err)
	}
}

func TestHeldCallWaitsForItsReleaseOrItsContext(t *testing.T) {
	f := faulty(t)
	release := f.Hold(storetest.Append)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Append(ctx, step(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	done := make(chan error)
	go func() {
		_, err := f.Append(t.Context(), step(0))
		done <- err
	}()
	if got := version(t, f); got != 0 {
		t.Errorf("held append reached version %d", got)
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := version(t, f); got != 1 {
		t.Errorf("version is %d after release, want 1", got)
	}
}
