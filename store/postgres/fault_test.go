package postgres

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/postgres/pgtest"
	"wedsync/store/storetest"
)

// own starts a server for one test, which may stop it, and a store in it.
func own(t *testing.T, settings ...string) (*pgtest.Server, *Store) {
	t.Helper()
	s, err := started(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	address, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s, opened(t, address)
}

var (
	soakCrashes = flag.Int("soak.crashes", 3, "immediate stops of the server under load, `N` in all")
	soakReport  = flag.Duration("soak.report", 0, "how often to tell how far a test is; 0 for never")
)

func TestNothingAcknowledgedIsLostWhenTheServerStopsImmediately(t *testing.T) {
	const writers, enough = 8, 200
	srv, s := own(t)
	began, told := time.Now(), time.Now()
	total := 0
	safe := make([]uint64, writers) // versions that Append said are stored
	for round := range *soakCrashes {
		var acknowledged atomic.Int32
		full := make(chan struct{})
		var g errgroup.Group
		for w := range writers {
			g.Go(func() error {
				id := crdt.RecordID{1, byte(w)}
				found, err := s.Heads(t.Context(), []crdt.RecordID{id})
				if errors.Is(err, store.ErrUnavailable) {
					return nil // the others were fast
				}
				if err != nil {
					return err
				}
				for v := found[id].Version; ; v++ {
					c := storetest.Step(v)
					c[0].Record, c[0].Supplier = id, fmt.Sprint("supplier-", w%3)
					stale, err := s.Append(t.Context(), c)
					if errors.Is(err, store.ErrUnavailable) {
						return nil
					}
					if err != nil || len(stale) > 0 {
						return fmt.Errorf("writer %d: %w, %d stale", w, err, len(stale))
					}
					safe[w] = v + 1
					if acknowledged.Add(1) == enough {
						close(full)
					}
				}
			})
		}
		ended := make(chan error, 1)
		go func() { ended <- g.Wait() }()
		select {
		case <-full:
		case err := <-ended:
			t.Fatalf("round %d: all writers ended after %d commits, before the server did: %v", round, acknowledged.Load(), err)
		}
		if err := srv.StopImmediately(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ping of a stopped server: got error %v, want %v", err, store.ErrUnavailable)
		}
		if err := srv.Restart(); err != nil {
			t.Fatal(err)
		}
		recovered(t, s)
		for w := range writers {
			st, err := s.Load(t.Context(), crdt.RecordID{1, byte(w)})
			if safe[w] == 0 && errors.Is(err, store.ErrNotFound) {
				continue // the others were fast
			}
			if err != nil || st.Version < safe[w] || st.Version > safe[w]+1 {
				t.Fatalf("round %d, writer %d: %d was acknowledged, stored is %+v, %v", round, w, safe[w], st, err)
			}
		}
		for n := range 3 {
			numbered(t, s, fmt.Sprint("supplier-", n))
		}
		total += int(acknowledged.Load())
		if *soakReport > 0 && time.Since(told) > *soakReport {
			told = time.Now()
			fmt.Printf("· crashes: %d of %d\n", round+1, *soakCrashes)
		}
	}
	if *soakReport > 0 {
		fmt.Printf("✓ crashes: PostgreSQL stopped at once %d times in %.0f s; %d commits acknowledged, none lost\n",
			*soakCrashes, time.Since(began).Seconds(), total)
	}
}

// recovered asks until the store works again: each of its connections may have
// to find out by itself that the server is another one.
func recovered(t *testing.T, s *Store) {
	t.Helper()
	for range maxReaders + maxWriters + maxLax + 1 {
		_, err := s.Heads(t.Context(), []crdt.RecordID{storetest.One})
		if err = errors.Join(err, s.Ping(t.Context())); err == nil {
			return
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	t.Fatal("the store does not come back")
}

// numbered checks that a journal has no gap, and all that its end says.
func numbered(t *testing.T, s *Store, supplier string) {
	t.Helper()
	ends, err := s.Ends(t.Context(), []string{supplier})
	if err != nil {
		t.Fatal(err)
	}
	moves, err := s.Moves(t.Context(), supplier, 0, 1<<20)
	if err != nil || uint64(len(moves)) != ends[supplier].Number {
		t.Fatalf("%s: %d moves, the end is at %d, %v", supplier, len(moves), ends[supplier].Number, err)
	}
	for i, m := range moves {
		if m.Number != uint64(i+1) {
			t.Fatalf("%s: entry %d is at place %d", supplier, m.Number, i+1)
		}
	}
}

func TestReadOnlyServerIsUnavailableForWritesAlone(t *testing.T) {
	address := database(t)
	s := opened(t, address)
	storetest.AppendStep(t, s, 0)
	readOnly(t, address, "on")
	s = opened(t, address)
	_, err := s.Append(t.Context(), storetest.Step(1))
	for what, err := range map[string]error{
		"append": err, "ping": s.Ping(t.Context()), "project": s.Project(t.Context(), store.Projection{Record: storetest.One, Fields: []byte(`{}`)}),
	} {
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "only lets read") {
			t.Errorf("%s: got error %v, want one that says that the server only lets read", what, err)
		}
	}
	if _, err := s.Load(t.Context(), storetest.One); err != nil {
		t.Errorf("load: %v", err)
	}
	readOnly(t, address, "off")
	storetest.AppendStep(t, opened(t, address), 1)
}

// readOnly sets whether new connections to a database may only read.
func readOnly(t *testing.T, address, value string) {
	t.Helper()
	c, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context(), "postgres", `ALTER DATABASE `+c.Database+` SET default_transaction_read_only = `+value); err != nil {
		t.Fatal(err)
	}
}

func TestServerWithoutConnectionsIsUnavailableUntilOneIsFree(t *testing.T) {
	srv, s := own(t, "max_connections=6", "superuser_reserved_connections=0", "max_wal_senders=0")
	var held []*pgx.Conn
	for {
		conn, err := pgx.Connect(t.Context(), srv.Address("postgres"))
		if err != nil {
			break
		}
		held = append(held, conn)
	}
	s.durable.Reset()
	_, err := s.Append(t.Context(), storetest.Step(0))
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "out of connections") {
		t.Errorf("got error %v, want one that says that the server is out of connections", err)
	}
	for _, conn := range held {
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; ; n++ { // the server takes a moment to notice
		_, err := s.Append(t.Context(), storetest.Step(0))
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrUnavailable) || n > 1000 {
			t.Fatal(err)
		}
	}
}

// A stopped process is one that says nothing any more.
func TestNodeThatStopsInsideATransactionHoldsItsLocksNoLongerThanTheTimeout(t *testing.T) {
	address := database(t)
	stopped, s := opened(t, address), opened(t, address)
	storetest.AppendStep(t, s, 0)
	conn, err := stopped.durable.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, statement := range []string{`BEGIN`, `SELECT 1 FROM wedsync.suppliers WHERE name = 'rose' FOR NO KEY UPDATE`} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	storetest.AppendStep(t, s, 1)
	var e error
	if _, e = conn.Exec(t.Context(), `COMMIT`); e == nil {
		t.Error("the stopped transaction could still commit")
	}
}

func TestLockThatIsNeverFreedIsUnavailable(t *testing.T) {
	address := database(t)
	s := opened(t, address)
	storetest.AppendStep(t, s, 0)
	holder, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.Background())
	if _, err := holder.Exec(t.Context(), `BEGIN; SELECT 1 FROM wedsync.suppliers WHERE name = 'rose' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	other := storetest.Step(0)
	other[0].Supplier, other[0].Record = "lily", crdt.RecordID{2}
	_, err = s.Append(t.Context(), append(storetest.Step(1), other...))
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "others hold the rows") {
		t.Errorf("got error %v, want one that says that others hold the rows", err)
	}
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	storetest.AppendStep(t, s, 1)
	// The half that needed no such lock was stored.
	if st, err := s.Load(t.Context(), crdt.RecordID{2}); err != nil || st.Version != 1 {
		t.Errorf("the other half: %+v, %v", st, err)
	}
}

func TestPingOfAServerThatSaysNothingEndsWithItsCaller(t *testing.T) {
	srv, s := own(t)
	storetest.AppendStep(t, s, 0)
	if err := srv.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > callTimeout/2 {
		t.Errorf("got error %v after %s", err, time.Since(begun))
	}
	if err := srv.Resume(); err != nil {
		t.Fatal(err)
	}
	storetest.AppendStep(t, s, 1)
}

// TestAppendOverABrokenNetworkIsUnavailable cuts the network,
// or loses what the server answers.
func TestAppendOverABrokenNetworkIsUnavailable(t *testing.T) {
	srv, direct := own(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	n, err := srv.Network(seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	s := opened(t, n.Address(direct.config.ConnConfig.Database))
	storetest.AppendStep(t, s, 0)
	n.Cut()
	if _, err := s.Append(t.Context(), storetest.Step(1)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("cut: got error %v, want %v", err, store.ErrUnavailable)
	}
	n.Mend()
	recovered(t, s)
	storetest.AppendStep(t, s, 1)

	n.LoseAnswers()
	failed := make(chan error)
	go func() {
		_, err := s.Append(t.Context(), storetest.Step(2))
		failed <- err
	}()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for version := uint64(0); version < 3; <-again.C { // it is stored, and nobody was told
		found, err := direct.Heads(t.Context(), []crdt.RecordID{storetest.One})
		if err != nil {
			t.Fatal(err)
		}
		version = found[storetest.One].Version
	}
	n.Mend()
	if err := <-failed; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("answer lost: got error %v, want %v", err, store.ErrUnavailable)
	}
	recovered(t, s)
	storetest.AppendStep(t, s, 3)
}
