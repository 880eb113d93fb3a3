package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// failingStore fails all appends while it is broken.
type failingStore struct {
	store.Store
	broken atomic.Bool
}

var errBroken = store.Unavailable("the disk is full (free some space)", errors.New("no space left at postgres://secret"))

func (s *failingStore) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	if s.broken.Load() {
		return nil, errBroken
	}
	return s.Store.Append(ctx, commits)
}

// seededHub is a hub that picks its times by a seed.
func seededHub(t *testing.T, s store.Store, seed uint64) *hub.Hub {
	t.Helper()
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	h, err := hub.New(t.Context(), hub.Options{
		Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler),
		Chance: func(most time.Duration) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return time.Duration(random.Int64N(int64(most)))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func TestDevicesOfAFailingStoreComeBackSpreadOverThreeSeconds(t *testing.T) {
	const devices, slices, most = 200, 10, 3 * time.Second
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		s := &failingStore{Store: openStore(t)}
		s.broken.Store(true)
		h := seededHub(t, s, seed)
		var all []*replica
		begun := time.Now()
		for i := range devices {
			user := fmt.Sprint("user", i)
			r := newReplica(t, user, newID(byte(i)))
			r.connect(h, principal(user, conflicts.Member))
			r.set("notes", "peonies")
			r.send()
			for _, o := range r.next() {
				r.take(o)
			}
			all = append(all, r)
		}
		var left [slices]int
		for range slices {
			time.Sleep(most / slices) // of a bubble
			synctest.Wait()
			for _, r := range all {
				if r.device.Code() == hub.TryAgain {
					left[int(time.Since(begun)/(most/slices))-1]++
				}
			}
		}
		if left[slices-1] != devices {
			t.Errorf("%d of %d devices were told to come back within %v", left[slices-1], devices, most)
		}
		for i := slices - 1; i > 0; i-- {
			left[i] -= left[i-1]
		}
		for _, n := range left {
			if n > 2*devices/slices { // of about 20, with a deviation of 4
				t.Errorf("%d of %d devices were told to come back in one tenth of the time: %v", n, devices, left)
			}
		}
		s.broken.Store(false)
		for i, r := range all {
			r.connect(h, principal(fmt.Sprint("user", i), conflicts.Member))
			r.syncUntil(r.acked)
		}
	})
}

func TestDeviceThatIsToComeBackIsToldNothingAndNothingOfItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &failingStore{Store: openStore(t)}
		h := seededHub(t, s, 1)
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.set("notes", "peonies")
		anna.syncUntil(anna.acked)
		ben.syncUntil(func() bool { return ben.value("notes") == "peonies" && ben.acked() })

		s.broken.Store(true)
		anna.set("notes", "roses")
		anna.send()
		synctest.Wait()
		s.broken.Store(false)
		begun := time.Now()
		ben.set("venue", "barn") // which anna would hear of
		ben.syncUntil(ben.acked)
		anna.set("notes", "tulips")
		anna.send()
		if out, err := anna.device.Next(t.Context(), nil); !errors.Is(err, hub.ErrClosed) {
			t.Errorf("was told %+v, %v", out, err)
		}
		if waited := time.Since(begun); waited == 0 || waited >= 3*time.Second {
			t.Errorf("told to come back after %v", waited)
		}
		if len(entries(t, s)) != 2 {
			t.Errorf("stored %d batches, want anna's first and ben's", len(entries(t, s)))
		}
		anna.device.Leave()
		anna.connect(h, principal("anna", conflicts.Member))
		anna.syncUntil(func() bool { return anna.acked() && anna.value("venue") == "barn" })
		ben.syncUntil(func() bool { return ben.value("notes") == "tulips" })
	})
}

func TestConnectionThatIsRefusedHesitatesAWhileButNoLongerThanItOrTheHubLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := seededHub(t, openStore(t), 1)
		begun := time.Now()
		h.Hesitate(t.Context())
		if waited := time.Since(begun); waited == 0 || waited >= 3*time.Second {
			t.Errorf("hesitated %v", waited)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun = time.Now()
		h.Hesitate(ctx)
		h.Close()
		h.Hesitate(t.Context())
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("hesitated %v when nobody waits", waited)
		}
	})
}

func TestHubThatStopsDoesNotWaitForDevicesThatAreToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &failingStore{Store: openStore(t)}
		s.broken.Store(true)
		h := seededHub(t, s, 1)
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("notes", "peonies")
		anna.send()
		for _, o := range anna.next() {
			anna.take(o)
		}
		synctest.Wait()
		begun := time.Now()
		h.Close()
		if code := anna.device.Code(); code != hub.GoingAway || !time.Now().Equal(begun) {
			t.Errorf("closed with %d after %v", code, time.Since(begun))
		}
	})
}

func TestHubThatCouldNotStoreSaysWhyUntilItCanOrTenSecondsHavePassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &failingStore{Store: openStore(t)}
		h := seededHub(t, s, 1)
		create := func() error {
			_, _, err := h.Create(t.Context(), conflicts.Edit{
				From: principal("olga", conflicts.Owner), Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Str, Str: "peonies"}},
			}, nil)
			return err
		}
		ready := func(want string) {
			t.Helper()
			if got := h.Ready(t.Context()); got != want {
				t.Errorf("not ready because %q, want %q", got, want)
			}
		}
		ready("")
		s.broken.Store(true)
		if err := create(); !errors.Is(err, hub.ErrUnavailable) || !strings.Contains(err.Error(), "disk is full") {
			t.Fatalf("got %v", err)
		}
		ready("the disk is full (free some space)") // and no address
		time.Sleep(10 * time.Second)                // of a bubble
		ready("")
		if err := create(); err == nil {
			t.Fatal("stored")
		}
		ready("the disk is full (free some space)")
		s.broken.Store(false)
		if err := create(); err != nil {
			t.Fatal(err)
		}
		ready("")
	})
}
