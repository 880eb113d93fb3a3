package storetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
)

// placeVariable tells a process that it is the child of RunCrash, and where.
const placeVariable = "WEDSYNC_STORETEST_CRASH_AT"

// The child of RunCrash commits steps of so many records in one Append.
const (
	crashRecords = 8
	crashRounds  = 8
)

// Main is the TestMain of packages that call RunCrash: it runs the tests or,
// in a child of RunCrash, appends until it is killed.
func Main(m *testing.M, open Open) {
	place := os.Getenv(placeVariable)
	if place == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, appendForever(context.Background(), place, open))
	os.Exit(1)
}

// appendForever moves all records from version to version and, after each
// Append, prints the version that is now safe. It returns why it cannot go on.
func appendForever(ctx context.Context, place string, open Open) error {
	s, err := open(ctx, place)
	if err != nil {
		return err
	}
	first, err := s.Heads(ctx, []crdt.RecordID{recordID(0)})
	if err != nil {
		return err
	}
	for v := first[recordID(0)].Version; ; v++ {
		var commits []store.Commit
		for n := range crashRecords {
			commits = append(commits, commit(fmt.Sprint("supplier-", n%2), recordID(n), v))
		}
		stale, err := s.Append(ctx, commits)
		if err != nil {
			return err
		}
		if len(stale) > 0 {
			return fmt.Errorf("%d of %d commits at version %d are stale", len(stale), crashRecords, v)
		}
		fmt.Println(v + 1)
	}
}

// RunCrash lets a child process append, kills it at random moments, and checks
// each time that all it said was safe is there, and that nothing is there in
// part. The package's TestMain must call Main.
func RunCrash(t *testing.T, open Open) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	b := &bench{T: t, open: open, place: t.TempDir(), ctx: t.Context()}
	acknowledged := uint64(0)
	for range crashRounds {
		acknowledged = b.killAppender(acknowledged + 1 + random.Uint64N(30))
		b.start()
		b.checkCrash(acknowledged)
		b.stop()
		if t.Failed() {
			return
		}
	}
}

// killAppender kills a child as soon as it has said that a version is safe, and
// returns the last version that it said.
func (b *bench) killAppender(enough uint64) (last uint64) {
	b.Helper()
	child := exec.CommandContext(b.ctx, os.Args[0])
	child.Env = append(os.Environ(), placeVariable+"="+b.place)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	b.ok("pipe", err)
	b.ok("start child", child.Start())
	lines := bufio.NewScanner(out)
	killed := false
	for lines.Scan() {
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			b.Errorf("child says %q", lines.Text())
		}
		if last >= enough && !killed {
			killed = true
			b.ok("kill child", child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil || !killed {
		b.Fatalf("child ended by itself: %v", err)
	}
	return last
}

// KillSelf ends the process as kill -9 does.
func KillSelf() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until it is dead
}

// checkCrash checks what a killed child left: every record at one version, the
// acknowledged one or, if an Append was under way, the next.
func (b *bench) checkCrash(acknowledged uint64) {
	b.Helper()
	version := b.version(recordID(0))
	if version < acknowledged || version > acknowledged+1 {
		b.Errorf("version is %d, %d was acknowledged", version, acknowledged)
	}
	for n := range crashRecords {
		st := b.load(recordID(n))
		b.same("version", st.Version, version)
		b.same("batches", uint64(len(st.Batches)), version)
		for v, batch := range st.Batches {
			b.same("chunk", batch.Chunks, [][]byte{chunk(recordID(n), uint64(v))})
		}
	}
	for n := range 2 {
		for last, want := uint64(0), version*crashRecords/2; last < want; {
			page := b.journal(fmt.Sprint("supplier-", n), last, 100)
			if len(page) == 0 {
				b.Fatalf("journal ends at %d of %d", last, want)
			}
			for _, e := range page {
				last++
				b.same("number", e.Number, last)
			}
		}
	}
}
