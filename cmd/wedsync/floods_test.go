package main

import "testing"

// A flood is much of one thing.
type flood struct {
	name string
	size int // of the short form
	run  func(s *siege, n int)
}

var floods = []flood{
	{"orphans", 2000, floodOfOrphans},
	{"operation counters", 3500, floodOfCounters},
	{"run lengths", 40, floodOfRunLengths},
	{"deflate bombs", 40, floodOfBombs},
	{"forged actors", 1000, floodOfForgeries},
	{"equivocation", 1000, floodOfEquivocation},
	{"mirrors", 200, floodAgainstMirrors},
	{"Bloom filters", 200, floodOfFilters},
	{"documents", 1000, floodOfDocuments},
	{"subscriptions", 5000, floodOfSubscriptions},
	{"announcements", 5000, floodOfAnnouncements},
	{"ephemeral messages", 1000, floodOfPresence},
	{"slow readers", 10, floodOfSlowReaders},
	{"half-open sockets", 100, floodOfHalfOpenSockets},
	{"largest frames", 20, floodOfLargestFrames},
}

func TestFloodsHarmNobody(t *testing.T) {
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			n := f.size * *soakFloods
			s := besiege(t, "flood of "+f.name, seedOf(t), n)
			f.run(s, n)
			s.lift()
		})
	}
}
