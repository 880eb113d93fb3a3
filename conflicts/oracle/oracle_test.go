package oracle_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var histories = flag.Int("oracle.histories", 500, "how many random histories the product and the oracle play")

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
// through the rules as they were written a second time.
func TestProductAgreesWithTheText(t *testing.T) {
	seed := seedOf(t)
	for i := range uint64(*histories) {
		checkHistory(t, seed+i)
		if t.Failed() {
			return
		}
	}
}

func checkHistory(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	actions := make([]uint64, 10+rng.IntN(30))
	for i := range actions {
		actions[i] = rng.Uint64()
	}
	_, wrong := play(seed, actions)
	if wrong == nil {
		return
	}
	actions = minimise(seed, actions)
	log, wrong := play(seed, actions)
	t.Errorf("history %d (again: WEDSYNC_SEED=%d -oracle.histories=1), shortened:\n%s\n%s",
		seed, seed, strings.Join(log, "\n"), strings.Join(wrong, "\n"))
}

// play plays a history and says where product and oracle differ, nil if nowhere.
func play(seed uint64, actions []uint64) (log, wrong []string) {
	var p *player
	defer func() {
		if e := recover(); e != nil {
			d, ok := e.(disagreement)
			if !ok {
				panic(e)
			}
			wrong = d.what
		}
		if p != nil {
			log = p.log
		}
	}()
	p = preparePlayer(seed)
	p.start()
	for _, a := range actions {
		p.act(a)
	}
	return nil, nil
}

// minimise leaves out actions as long as a disagreement stays.
func minimise(seed uint64, actions []uint64) []uint64 {
	for size := len(actions); size > 0; size /= 2 {
		for i := 0; i+size <= len(actions); {
			fewer := slices.Delete(slices.Clone(actions), i, i+size)
			if _, wrong := play(seed, fewer); wrong != nil {
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
