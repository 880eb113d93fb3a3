package hub_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

var (
	soakSteps  = flag.Int("soak.steps", 1_500, "random steps of the model, `N` in all")
	soakReport = flag.Duration("soak.report", 0, "how often to tell how far a test is; 0 for never")
)

const (
	modelSupplier = "studio"
	storySteps    = 40 // of one story of the model
)

// A model plays one story of one record on a hub with a real store, and holds
// what the store keeps against what must always be true.
type model struct {
	t       *rapid.T
	ctx     context.Context
	hub     *hub.Hub
	store   *crashing
	dir     string
	empty   string // a store that holds nothing
	backups int
	clock   atomic.Int64
	id      crdt.RecordID
	authors []*author
	at      standing // what the store kept after the last step
	lost    bool     // the store has lost something in this story
	tally   *tally
}

// A tally counts what happened in all stories.
type tally map[string]int

func (t tally) note(what string) { t[what]++ }

// TestWhateverHappensToTheHubTheStoreSaysWhatTheRulesAllow is the model. More
// steps, or the same again:
//
//	go test ./server/hub -run WhateverHappens -soak.steps 100000 -timeout 0
//	WEDSYNC_SEED=… go test ./server/hub -run WhateverHappens -soak.steps N
func TestWhateverHappensToTheHubTheStoreSaysWhatTheRulesAllow(t *testing.T) {
	seed := modelSeed(t)
	base := memoryDir(t)
	t.Cleanup(func() {
		if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
	})
	empty := filepath.Join(base, "empty")
	s, err := open(t.Context(), empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	stories := max(1, *soakSteps/storySteps)
	rapidFlag(t, "rapid.checks", strconv.Itoa(stories))
	rapidFlag(t, "rapid.seed", strconv.FormatUint(seed, 10))
	rapidFlag(t, "rapid.nofailfile", "true")
	rapidFlag(t, "rapid.shrinktime", "10s")
	counts := make(tally)
	began := time.Now()
	told := began
	result := func() string {
		return fmt.Sprintf("model, seed %d: %d in %.0f s; %d batches that left the mirror rule true got no hub change, %d others exactly one; "+
			"%d appends lost, %d answers lost, %d restarts, %d stores lost, %d replays", seed, counts["steps"], time.Since(began).Seconds(),
			counts["no hub change"], counts["hub change"], counts["not stored"], counts["answer lost"], counts["restart"], counts["store lost"], counts["replay"])
	}
	defer func() { // rapid ends a failing test at once
		t.Log(result())
		if *soakReport > 0 {
			fmt.Println(map[bool]string{true: "✗", false: "✓"}[t.Failed()], result())
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		newModel(rt, t.Context(), base, empty, &counts).play(rt)
		if *soakReport > 0 && time.Since(told) > *soakReport {
			told = time.Now()
			fmt.Printf("· model, seed %d: %d of %d, %.0f/s\n", seed, counts["steps"], *soakSteps, float64(counts["steps"])/time.Since(began).Seconds())
		}
	})
	t.Logf("seen: %v", counts)
	for _, what := range modelExpected {
		if *soakSteps >= 5_000 && counts[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
}

// modelExpected happens in a hundred stories.
var modelExpected = []string{
	"hub change", "no hub change", "not stored", "answer lost", "restart", "store lost", "replay", "waited",
	"stale", "resolve", "withdraw", "reopen", "delete", "restore", "policy", "bulk", "recovered", "created",
	"webhook", "sent", "acknowledged", "reminded", "erase", "copied",
	"use", "dismiss", "set apart", "entry erased",
	"rule 1", "rule 2", "rule 3", "rule 4", "rule 5", "rule 6", "rule 9", "rule 10", "rule 11", "rule 12", "rule 13",
}

// modelSeed is WEDSYNC_SEED, or another seed each time.
func modelSeed(t *testing.T) uint64 {
	seed := rand.Uint64()>>16 | 1
	if s := os.Getenv("WEDSYNC_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("WEDSYNC_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("seed %d (again: WEDSYNC_SEED=%d go test ./server/hub -run %s -soak.steps %d)", seed, seed, t.Name(), *soakSteps)
	return seed
}

func rapidFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	former := f.Value.String()
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(former); err != nil {
			t.Error(err)
		}
	})
}

func newModel(t *rapid.T, ctx context.Context, base, empty string, counts *tally) *model {
	m := &model{
		t: t, ctx: ctx, dir: filepath.Join(base, "store"), empty: empty, id: newID(1), tally: counts,
	}
	m.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	copyDir(t, empty, m.dir)
	for _, who := range []conflicts.Principal{
		{User: "alice", Device: "alice-1", Role: conflicts.Member},
		{User: "bob", Device: "bob-1", Role: conflicts.Member},
		{User: "bob", Device: "bob-2", Role: conflicts.Member},
		{User: "olga", Device: "olga-1", Role: conflicts.Owner},
		{User: "vera", Device: "vera-1", Role: conflicts.Viewer},
	} {
		who.Supplier = modelSupplier
		m.authors = append(m.authors, m.author(who))
	}
	return m
}

// play plays a story to its end, where everybody has exchanged everything.
func (m *model) play(t *rapid.T) {
	m.start()
	defer m.stop()
	m.setPolicy(t)
	first := m.authors[0]
	for range rapid.IntRange(1, 3).Draw(t, "first changes") {
		first.write(t)
	}
	if rapid.Bool().Draw(t, "twofold") {
		m.authors[1].copy(first)
		m.authors[1].write(t)
		first.write(t)
		first.copy(m.authors[1])
	}
	first.deliver(first.unsent(true))
	m.check(t)
	for range storySteps {
		m.clock.Add(int64(time.Second))
		m.step(t)
		m.check(t)
		m.tally.note("steps")
	}
	m.converge(t)
	m.replay()
	m.copy()
	m.erase()
	m.copy()
}

// step does something, and now and then lets the store fail meanwhile.
func (m *model) step(t *rapid.T) {
	fault := rapid.SampledFrom([]storetest.Fault{0, 0, 0, 0, 0, 0, storetest.NotDone, storetest.AnswerLost}).Draw(t, "fault")
	actions := []string{
		"write", "write", "write", "push", "push", "push", "push", "pull", "pull", "meet", "api", "api", "resolve", "resolve", "race",
		"withdraw", "reopen", "bulk", "use", "use", "dismiss", "dismiss", "webhook", "webhook", "exchange", "remind", "delete", "restore", "policy", "restart", "lose", "replay", "rest",
	}
	action := rapid.SampledFrom(actions).Draw(t, "action")
	if m.at.deleted && rapid.IntRange(0, 2).Draw(t, "in use again") == 0 {
		action = "restore"
	}
	a := rapid.SampledFrom(m.authors).Draw(t, "author")
	switch action {
	case "write":
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			a.write(t)
		}
		return
	case "pull":
		a.pull(rapid.IntRange(0, len(m.at.batches)).Draw(t, "batches"))
		return
	case "meet":
		if other := rapid.SampledFrom(m.authors).Draw(t, "other"); other.who.Role != conflicts.Viewer {
			a.copy(other)
		}
		return
	case "rest":
		m.clock.Add(int64(rapid.IntRange(1, 30).Draw(t, "minutes")) * int64(time.Minute))
		return
	case "replay":
		m.replay()
		return
	case "policy":
		m.setPolicy(t)
		return
	case "restart":
		m.restart(t)
		return
	case "lose":
		m.lose(t)
		return
	}
	m.store.fault.Store(int32(fault))
	switch action {
	case "push":
		a.push(t)
	case "api":
		m.apiEdit(t)
	case "resolve":
		m.resolve(t)
	case "race":
		m.race(t)
	case "bulk":
		m.bulk(t)
	case "withdraw":
		m.withdraw(t)
	case "reopen":
		m.reopen(t)
	case "use":
		m.use(t)
	case "dismiss":
		m.dismiss(t)
	case "webhook":
		m.webhook(t)
	case "exchange":
		m.exchange(t)
	case "remind":
		m.remind(t)
	case "delete":
		m.done("delete", m.hub.Delete(m.ctx, m.id, m.owner(), nil))
	case "restore":
		m.done("restore", m.hub.Restore(m.ctx, m.id, m.owner(), nil))
	}
	if fault != 0 && m.store.fault.Swap(0) == 0 {
		m.tally.note(map[storetest.Fault]string{storetest.NotDone: "not stored", storetest.AnswerLost: "answer lost"}[fault])
	}
}

// done notes what became of a command.
func (m *model) done(what string, err error) {
	var stale *conflicts.StaleError
	var again *conflicts.ReopenError
	var unfit *conflicts.UnfitError
	switch {
	case err == nil:
		m.tally.note(what)
	case errors.As(err, &stale):
		m.tally.note("stale")
	case errors.Is(err, hub.ErrUnavailable), errors.Is(err, hub.ErrForbidden), errors.Is(err, conflicts.ErrForbidden),
		errors.Is(err, store.ErrNotFound), errors.Is(err, conflicts.ErrUnknownConflict), errors.Is(err, conflicts.ErrUnknownProposal),
		errors.Is(err, conflicts.ErrUnknownMerged),
		errors.Is(err, conflicts.ErrIntroducing), errors.As(err, &again), errors.As(err, &unfit):
		m.tally.note("failed")
	default:
		m.t.Fatalf("%s: %v", what, err)
	}
}

func (m *model) owner() conflicts.Principal { return m.authors[3].who }

func (m *model) settle() {
	if err := hub.Settle(m.ctx, m.hub, m.id); err != nil {
		m.t.Fatalf("settle: %v", err)
	}
}

// copy brings an author what another has.
func (a *author) copy(o *author) {
	for i := range o.graph.Len() {
		a.take(o.graph.At(i).Raw)
	}
}

func mustDecode(t interface{ Fatalf(string, ...any) }, raw []byte) *crdt.Change {
	l := crdt.DefaultLimits
	c, err := crdt.Decode(raw, l)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return c
}
