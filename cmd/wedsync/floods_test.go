package main

import (
	"fmt"
	"testing"
)

// A flood is much of one thing.
type flood struct {
	name        string
	short, long int // how much
	run         func(s *siege, n int)
}

var floods = []flood{
	{"orphans", 150, 40_000, floodOfOrphans},
	{"operation counters", 150, 70_000, floodOfCounters},
	{"run lengths", 3, 800, floodOfRunLengths},
	{"deflate bombs", 3, 800, floodOfBombs},
	{"forged actors", 100, 20_000, floodOfForgeries},
	{"equivocation", 100, 20_000, floodOfEquivocation},
	{"mirrors", 50, 4000, floodAgainstMirrors},
	{"Bloom filters", 15, 4000, floodOfFilters},
	{"documents", 200, 20_000, floodOfDocuments},
	{"subscriptions", 2000, 100_000, floodOfSubscriptions},
	{"announcements", 2000, 100_000, floodOfAnnouncements},
	{"ephemeral messages", 200, 20_000, floodOfPresence},
	{"slow readers", 5, 200, floodOfSlowReaders},
	{"half-open sockets", 40, 2000, floodOfHalfOpenSockets},
	{"largest frames", 3, 400, floodOfLargestFrames},
}

// TestFloodsHarmNobody has one hub bear all floods in their short form, one
// after the other; in the long form each has a hub of its own.
func TestFloodsHarmNobody(t *testing.T) {
	if *soakFloods == 0 {
		total := 0
		for _, f := range floods {
			total += f.short
		}
		s := besiege(t, "floods", seedOf(t), total)
		for _, f := range floods {
			s.attack(f, f.short)
		}
		s.lift()
		return
	}
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			n := max(f.short, f.long**soakFloods/100)
			s := besiege(t, "flood of "+f.name, seedOf(t), n)
			s.attack(f, n)
			s.lift()
		})
	}
}

// attack runs a flood, whose names and chances are those of no other.
func (s *siege) attack(f flood, n int) {
	s.T.Logf("%s: %d", f.name, n)
	s.floods++
	clear(s.before)
	for _, name := range []string{changesRefused, changesStored} {
		s.before[name] = s.hub.metric(name)
	}
	f.run(s, n)
}

// named is a name of this flood's own.
func (s *siege) named(name string) string { return fmt.Sprintf("%s-%d", name, s.floods) }
