package pulling_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
)

// crashAt in the environment makes of the test binary a hub that reads an account
// and is killed at a step, the second time that it comes to it.
const crashAt = "WEDSYNC_TEST_CRASH_AT"

// crashed is the account that it reads, and crashedItems what that has: three steps.
const (
	crashed      = "01CRASHED0000000000000000A"
	crashedItems = 2*stepOf + 5
)

// A crashing is what a hub reads an account with. It calls step whenever something
// was done that a crash may come after.
type crashing struct {
	store.Store
	*mailbox
	step func(name string)
}

func (c *crashing) Pull(ctx context.Context, a source.Account, scope string, from source.Place) (source.Step, error) {
	c.step("claimed")
	step, err := c.mailbox.Pull(ctx, a, scope, from)
	c.step("asked")
	return step, err
}

func (c *crashing) StorePull(ctx context.Context, p store.Pull) (store.Pulled, error) {
	pulled, err := c.Store.StorePull(ctx, p)
	c.step("stored")
	return pulled, err
}

// only is the account, whatever is asked for.
type only struct{}

func (only) Account(context.Context, string) (pulling.Account, error) {
	return pulling.Account{Supplier: supplier, ID: crashed, Provider: "microsoft"}, nil
}

func (o only) Accounts(ctx context.Context, _ string) ([]pulling.Account, error) {
	a, err := o.Account(ctx, crashed)
	return []pulling.Account{a}, err
}

func (only) Own(context.Context, string) ([]store.Contact, error) { return nil, nil }

// engine is one that has the store to itself.
func (c *crashing) engine() (*pulling.Engine, error) {
	return pulling.New(pulling.Options{
		Store: c, Accounts: only{}, Readers: map[string]source.Source{"microsoft": c}, Alone: true,
		Caller: func(string, string) source.Caller { return nil }, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
		Stored: func(context.Context, string, []string) { c.step("told") },
	})
}

func newCrashing(ctx context.Context, dir string, step func(string)) (*crashing, error) {
	kept, err := sqlite.Open(ctx, dir)
	return &crashing{Store: kept, mailbox: &mailbox{scopes: map[string]int{"folder:in": crashedItems}}, step: step}, err
}

// readAndCrash reads the account in a store that the arguments name, and returns only
// if the step that they name is not come to.
func readAndCrash(at []string) error {
	ctx, times := context.Background(), 0
	c, err := newCrashing(ctx, at[0], func(name string) {
		if name != at[1] {
			return
		}
		if times++; times == 2 {
			storetest.KillSelf()
		}
	})
	if err != nil {
		return err
	}
	e, err := c.engine()
	if err != nil {
		return err
	}
	if err := e.Now(ctx, supplier, nil, nil); err != nil {
		return err
	}
	return fmt.Errorf("the step %s was not come to twice", at[1])
}

func TestProcessThatIsKilledAtWhateverStepLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	template := t.TempDir()
	c, err := newCrashing(t.Context(), template, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	err = c.SetAccount(t.Context(), store.Account{Supplier: supplier, ID: crashed, Provider: "microsoft", Settings: []byte("{}"), Created: time.Now(), Changed: time.Now()})
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"claimed", "asked", "stored", "told"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
				t.Fatal(err)
			}
			losesNothing(t, dir, step)
		})
	}
}

// losesNothing kills a process that reads an account at a step, and looks at what
// another one makes of it.
func losesNothing(t *testing.T, dir, step string) {
	t.Helper()
	ctx := t.Context()
	killed := exec.CommandContext(ctx, os.Args[0])
	killed.Env = append(os.Environ(), crashAt+"="+strings.Join([]string{dir, step}, " "))
	if out, err := killed.CombinedOutput(); killed.ProcessState == nil || killed.ProcessState.Exited() {
		t.Fatalf("was not killed: %v\n%s", err, out)
	}
	c, err := newCrashing(ctx, dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	e, err := c.engine()
	if err != nil {
		t.Fatal(err)
	}
	// The job went with the process, and its claim is good for a while still.
	if err := errors.Join(e.Sweep(ctx), e.Work(ctx, crashed)); err != nil {
		t.Fatal(err)
	}
	items, err := c.Timeline(ctx, supplier, store.TimelineQuery{Limit: 10 * crashedItems})
	if err != nil {
		t.Fatal(err)
	}
	once := make(map[string]bool)
	for _, it := range items {
		if len(it.Occurrences) != 1 || once[it.Occurrences[0].Provider] {
			t.Fatalf("it is there twice: %+v", it.Occurrences)
		}
		once[it.Occurrences[0].Provider] = true
	}
	if len(once) != crashedItems {
		t.Errorf("%d items, want %d", len(once), crashedItems)
	}
	sources, err := e.Sources(ctx, supplier)
	if err != nil || sources[0].State != pulling.UpToDate {
		t.Errorf("%+v, %v", sources, err)
	}
}
