package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wedsync/store"
	"wedsync/store/postgres"
	"wedsync/store/sqlite"
	"wedsync/store/transfer"
)

const (
	copyKills = 3 // that interrupt a copy
	pollEvery = 2 * time.Millisecond
)

// TestKilledCopyGoesOnAndDoublesNothing copies a data directory into a database,
// and kills the copy in the middle again and again.
func TestKilledCopyGoesOnAndDoublesNothing(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	p := startProgress(t, "copy", seed, *soakCopied**soakCopiedChanges, nil)
	began := time.Now()
	dir := fillStore(t, random, *soakCopied, *soakCopiedChanges)
	filled := time.Now()
	_, address := startDatabase(t)
	to, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}()
	kills := 0
	for kills < copyKills && killCopy(t, dir, address, to, 1+random.Uint64N(uint64(p.total)/(2*copyKills)), p) {
		kills++
	}
	if kills == 0 {
		t.Errorf("no copy was killed in the middle: the run shows nothing")
	}
	left := time.Now()
	out := mustRun(t, "copy", "--from", dir, "--to", address)
	p.done.Store(int64(entriesOf(t, to)))
	wantParts(t, out, "the digests of both stores are the same", fmt.Sprintf("copied %d records", *soakCopied+7))
	took := time.Since(left)
	from, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, supplier := range []string{"lily", "rose", "supplier-0", "supplier-7"} {
		for _, s := range []store.Store{from, to} {
			d, err := transfer.DigestOf(t.Context(), s, supplier, nil)
			if err != nil {
				t.Fatal(err)
			}
			sum := d.Sum()
			wantParts(t, out, fmt.Sprintf("supplier %s: %d records, %d entries, digest %s\n", supplier, d.Records, d.Entries, hex.EncodeToString(sum[:])))
		}
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	p.finish(time.Since(began), fmt.Sprintf("%d records × %d changes, filled in %.0f s, killed %d times, the rest copied and all verified in %.0f s",
		*soakCopied, *soakCopiedChanges, filled.Sub(began).Seconds(), kills, took.Seconds()))
}

// entriesOf is how many journal entries a store holds.
func entriesOf(t *testing.T, s store.Store) (n uint64) {
	t.Helper()
	suppliers, err := s.Suppliers(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range suppliers {
		n += one.Entries
	}
	return n
}

// killCopy begins a copy and kills it once so many more entries have arrived. It
// reports whether something was missing then.
func killCopy(t *testing.T, dir, address string, to store.Store, more uint64, p *progress) bool {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := exec.CommandContext(ctx, path, "copy", "--from", dir, "--to", address) // is killed when ctx ends
	log := &tail{}
	c.Stderr = log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // how it ended is seen in what it left
		close(ended)
	}()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	most := entriesOf(t, to) + more
	for arrived := uint64(0); arrived < most; arrived = entriesOf(t, to) {
		p.done.Store(int64(arrived))
		select {
		case <-ended:
			t.Logf("the copy ended before %d entries had arrived:\n%s", most, log)
			return false
		case <-poll.C:
		}
	}
	cancel()
	<-ended
	_, err = to.Identity(t.Context())
	if err == nil {
		return false
	}
	if !errors.Is(err, store.ErrUnfinished) {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "serve", "--listen", "127.0.0.1:0", "--store", address).CombinedOutput(); err == nil || !strings.Contains(string(out), "run wedsync copy again") {
		t.Errorf("half a copy is served: %v\n%s", err, out)
	}
	return true
}

func TestCopiedHubGoesOnInADatabaseAndBack(t *testing.T) {
	t.Parallel()
	h, record := decidedHub(t)
	token := h.token(owner("olga"))
	_, address := startDatabase(t)
	first := mustRun(t, "copy", "--from", h.data, "--to", address)
	wantParts(t, first, "supplier barn: 2 records, 6 entries, digest ", "copied 2 records and 6 entries", "now: wedsync serve --store ")
	again := mustRun(t, "copy", "--from", h.data, "--to", address)
	if again != first {
		t.Errorf("the same copy again says\n%s, not\n%s", again, first)
	}
	copied := startHubOn(t, address)
	a := &api{t: t, base: "http://" + copied.address, token: token}
	got := a.get(record.ClientID)
	if got.Fields["budget"] != float64(14000) || len(got.Pending) != 1 {
		t.Errorf("the copied record is %+v", got)
	}
	copied.stop()
	wantParts(t, mustRun(t, "doctor", "--store", address), "checked 2 records of 1 suppliers, 6 journal entries: nothing is wrong")
	back := filepath.Join(t.TempDir(), "back")
	mustRun(t, "copy", "--from", address, "--to", back)
	wantParts(t, mustRun(t, "doctor", "--data", back), "checked 2 records of 1 suppliers, 6 journal entries: nothing is wrong")
}

func TestCopyRefusesWithTheReasonAndWithoutThePassword(t *testing.T) {
	t.Parallel()
	h, _ := decidedHub(t)
	running, other := startHub(t), startHub(t)
	other.api(owner("olga")).create(map[string]any{"name": "Ada"})
	other.stop()
	missing := filepath.Join(t.TempDir(), "nothing")
	for what, c := range map[string]struct{ from, to, want string }{
		"another kind of database":         {h.data, "mysql://olga:hush@localhost/hub", "--to: \"mysql://olga@localhost/hub\" is no address of a PostgreSQL database"},
		"another kind of source":           {"mysql://olga:hush@localhost/hub", missing, "--from: \"mysql://olga@localhost/hub\" is no address"},
		"nobody answers":                   {h.data, "postgres://olga:hush@127.0.0.1:1/hub", "cannot be reached"},
		"no source":                        {missing, filepath.Join(t.TempDir(), "to"), "holds no hub's data"},
		"a source that is served":          {running.data, missing, "can only be copied while none does"},
		"a destination that is served":     {h.data, running.data, "can only be copied while none does"},
		"another hub's destination":        {h.data, other.data, "holds something else of supplier \"barn\""},
		"a destination that is the source": {h.data, h.data + "/", "are the same store"},
	} {
		t.Run(what, func(t *testing.T) {
			out, err := wedsync(t, "copy", "--from", c.from, "--to", c.to)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error()+out, "hush") {
				t.Errorf("tells the password: %v", err)
			}
		})
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused copy made its destination: %v", err)
	}
}

func TestProgressSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	p := transfer.Progress{
		Suppliers: 1, AllSuppliers: 3, Records: 100, AllRecords: 100, Entries: 400, AllEntries: 900, FoundRecords: 100,
	}
	want := "copying [##########..........]  50%, records 100/100, suppliers 1/3, 200 rows/s, 3s left"
	if got := progressLine(p, 2*time.Second); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.Verifying, p.FoundRecords, p.Records, p.Entries = true, 0, 0, 0
	want = "verifying [....................]   0%, records 0/100, suppliers 1/3"
	if got := progressLine(p, 0); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
