package processing_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wedsync/server/hub"
	"wedsync/server/outbound"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/source"
	"wedsync/store"
	"wedsync/store/postgres/pgtest"
	"wedsync/store/storetest"
)

// crashAt in the environment makes of the test binary a hub that works on an event
// and is killed at a step.
const crashAt = "WEDSYNC_TEST_CRASH_AT"

func TestMain(m *testing.M) {
	if at := os.Getenv(crashAt); at != "" {
		fmt.Fprintln(os.Stderr, workAndCrash(strings.Split(at, " ")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// workAndCrash works on the event in a store that the arguments name, and returns
// only if the step that they name is not come to.
func workAndCrash(at []string) error {
	ctx, event, step := context.Background(), at[1], at[2]
	kept, err := openStore(ctx, at[0])
	if err != nil {
		return err
	}
	h, err := hub.New(ctx, hub.Options{Store: kept, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	p, err := processing.New(processing.Options{
		Store: kept, Jobs: rung{kept, &bells{}}, Hub: h, Objects: source.NewReader(outbound.New(outbound.Options{}), time.Now),
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, Step: func(name string) {
			if name == step {
				storetest.KillSelf()
			}
		},
	})
	if err != nil {
		return err
	}
	if err := p.Work(ctx, supplier, event); err != nil {
		return err
	}
	return fmt.Errorf("the step %s was not come to", step)
}

// steps are those that a process is killed at.
var steps = []string{"claimed", "read", "identified", "created", "committed", "finished"}

func TestProcessThatIsKilledAtWhateverStepLeavesOneEffect(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			leavesOneEffect(t, t.TempDir(), step)
		})
	}
}

func TestProcessOnPostgresThatIsKilledAtWhateverStepLeavesOneEffect(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			address, err := server.Database(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leavesOneEffect(t, address, step)
		})
	}
}

// startPostgres starts a server whose databases have the tables.
func startPostgres(t *testing.T) *pgtest.Server {
	t.Helper()
	server, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Template(t.Context(), func(ctx context.Context, address string) error {
		kept, err := openStore(ctx, address)
		if err != nil {
			return err
		}
		return kept.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return server
}

// leavesOneEffect kills a process that works on an event at a step, and looks at
// what another one makes of it.
func leavesOneEffect(t *testing.T, kept, step string) {
	t.Helper()
	s := newSceneOn(t, kept)
	e := s.arrive("c1", `{"name":"Ada","email":"ada@example.com","budget":5,"notes":"x"}`)
	s.shut()
	killed := exec.Command(os.Args[0])
	killed.Env = append(os.Environ(), crashAt+"="+strings.Join([]string{kept, e, step}, " "))
	if out, err := killed.CombinedOutput(); killed.ProcessState == nil || killed.ProcessState.Exited() {
		t.Fatalf("was not killed: %v\n%s", err, out)
	}
	s.open()
	s.pass(time.Hour)
	if err := s.p.Sweep(t.Context()); err != nil { // the job went with the process
		t.Fatal(err)
	}
	s.run()
	s.became(e, store.EventDone)
	records := s.records()
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	id := records[0].Record
	if n, open := s.writes(id), s.pending(); n != 1 || len(open) != 1 || len(open[0].Proposals) != 1 || s.event(e).Record != id {
		t.Errorf("%d writes, conflicts %+v", n, open)
	}
	if shown := s.shown(id); shown["name"] != "Ada" || shown["notes"] != "x" {
		t.Errorf("record %v", shown)
	}
}
