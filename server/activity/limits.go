package activity

import (
	"cmp"
	"time"
)

// Limits bound what streams keep and how long they wait.
type Limits struct {
	RingEvents int           // recent events of one supplier; a listener that falls behind them is reset
	RingBytes  int           // and their bytes
	Replay     int           // journal entries that are told again to one that goes on from a position; further back it is reset
	Listeners  int           // of one supplier on this node
	Clients    int           // that one listener names
	Pace       time.Duration // rest between two looks at the journal
	Poll       time.Duration // between two looks that nothing asked for
	Linger     time.Duration // of a ring that nobody listens to
	Beat       time.Duration // between two signs of life to a listener
	Write      time.Duration // for a listener to take what is sent at once
}

// DefaultLimits are those of a hub that is not told otherwise.
var DefaultLimits = Limits{
	RingEvents: 8192,
	RingBytes:  8 << 20,
	Replay:     10_000,
	Listeners:  5000,
	Clients:    1000,
	Pace:       20 * time.Millisecond,
	Poll:       2 * time.Second,
	Linger:     30 * time.Second,
	Beat:       15 * time.Second,
	Write:      30 * time.Second,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		RingEvents: cmp.Or(l.RingEvents, d.RingEvents),
		RingBytes:  cmp.Or(l.RingBytes, d.RingBytes),
		Replay:     cmp.Or(l.Replay, d.Replay),
		Listeners:  cmp.Or(l.Listeners, d.Listeners),
		Clients:    cmp.Or(l.Clients, d.Clients),
		Pace:       cmp.Or(l.Pace, d.Pace),
		Poll:       cmp.Or(l.Poll, d.Poll),
		Linger:     cmp.Or(l.Linger, d.Linger),
		Beat:       cmp.Or(l.Beat, d.Beat),
		Write:      cmp.Or(l.Write, d.Write),
	}
}

const (
	page         = 500       // entries that are read from the journal at once
	atOnce       = 64        // events that a listener is sent at once
	mostWaiting  = 128 << 10 // bytes, about, that are read from the store for a listener before it has taken them
	replays      = 8         // listeners that are told again from the store at the same time; others wait
	presenceWait = 256       // signs of life that wait for the tail; more are dropped
)
