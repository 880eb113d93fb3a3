package oracle_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	histories  = flag.Int("soak.histories", 350, "random histories that the product and the oracle play, `N` in all")
	soakReport = flag.Duration("soak.report", 0, "how often to tell how far a test is; 0 for never")
)

// seedOf is WEDSYNC_SEED, or another seed each time.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64() >> 16
	if s := os.Getenv("WEDSYNC_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("WEDSYNC_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("seed %d (again: WEDSYNC_SEED=%d)", seed, seed)
	return seed
}

// TestProductAgreesWithTheText plays random histories through the product and
// through the rules as they were written a second time. More of them:
//
//	go test ./conflicts/oracle -run Product -soak.histories 20000 -timeout 1h
func TestProductAgreesWithTheText(t *testing.T) {
	seed := seedOf(t)
	seen := make(coverage)
	began := time.Now()
	told, played := began, 0
	defer func() {
		result := fmt.Sprintf("oracle, seed %d: %d in %.0f s; %d hub changes and %d batches without one agree",
			seed, played, time.Since(began).Seconds(), seen["hub change"], seen["no hub change"])
		t.Log(result)
		if *soakReport > 0 {
			fmt.Println(map[bool]string{true: "✗", false: "✓"}[t.Failed()], result)
		}
	}()
	for i := range uint64(*histories) {
		checkHistory(t, seed+i, seen)
		if t.Failed() {
			return
		}
		played++
		if *soakReport > 0 && time.Since(told) > *soakReport {
			told = time.Now()
			fmt.Printf("· oracle, seed %d: %d of %d, %.0f/s\n", seed, played, *histories, float64(played)/time.Since(began).Seconds())
		}
	}
	t.Logf("seen: %v", seen)
	for _, what := range expected {
		if *histories >= 500 && seen[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
}

func checkHistory(t *testing.T, seed uint64, seen coverage) {
	t.Helper()
	actions := actionsOf(seed)
	p := preparePlayer(seed)
	wrong := p.play(actions)
	seen.add(p)
	if wrong == nil {
		return
	}
	actions = minimise(seed, actions)
	p = preparePlayer(seed)
	wrong = p.play(actions)
	t.Errorf("history %d (again: WEDSYNC_SEED=%d -soak.histories=1), shortened:\n%s\n%s",
		seed, seed, strings.Join(p.log, "\n"), strings.Join(wrong, "\n"))
}

// actionsOf are the actions of a history, each a seed of its own, so that the
// others stay much as they are if one is left out.
func actionsOf(seed uint64) []uint64 {
	rng := rand.New(rand.NewPCG(seed, 2))
	actions := make([]uint64, 10+rng.IntN(30))
	for i := range actions {
		actions[i] = rng.Uint64()
	}
	return actions
}

// play plays a history and says where product and oracle differ, nil if nowhere.
func (p *player) play(actions []uint64) (wrong []string) {
	defer func() {
		if e := recover(); e != nil {
			d, ok := e.(disagreement)
			if !ok {
				panic(e)
			}
			wrong = d.what
		}
	}()
	p.start()
	for _, a := range actions {
		p.act(a)
	}
	return nil
}

// A coverage counts what happened in the histories.
type coverage map[string]int

func (c coverage) add(p *player) {
	for what, n := range p.happened {
		c[what] += n
	}
}

// expected happens in a few hundred histories.
var expected = []string{
	"rule 1", "rule 2", "rule 3", "rule 4", "rule 5", "rule 6", "rule 7", "rule 8", "rule 9", "rule 10", "rule 11", "rule 12", "rule 13",
	"hub change", "no hub change", "conflict resolved", "conflict withdrawn", "joined", "trespass", "first upload in parts", "created",
	"refused read_only", "refused forged_actor", "refused equivocation", "failed stale", "failed forbidden", "failed unfit",
	"failed unknown", "waited", "carried", "superseded", "cleared", "since", "withdraw", "reopen", "deleted or restored",
	"conflict record_deleted", "failed reopen",
}

// minimise leaves out actions as long as a disagreement stays.
func minimise(seed uint64, actions []uint64) []uint64 {
	for size := len(actions); size > 0; size /= 2 {
		for i := 0; i+size <= len(actions); {
			fewer := slices.Delete(slices.Clone(actions), i, i+size)
			if preparePlayer(seed).play(fewer) != nil {
				actions = fewer
				continue
			}
			i++
		}
	}
	return actions
}

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}
