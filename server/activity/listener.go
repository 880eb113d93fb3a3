package activity

import (
	"context"
	"time"

	"wedsync/crdt"
)

// The reasons of resets.
const (
	ResetEpoch  = "epoch"   // the position is of another store
	ResetBeyond = "beyond"  // the position lies beyond the journal's end
	ResetTooFar = "too_far" // the position lies too far back
	ResetSlow   = "slow"    // the listener did not keep up
)

var resetTexts = map[string]string{
	ResetEpoch:  "The position is of another hub, or of a store that was made anew.",
	ResetBeyond: "The position lies beyond the end: the hub lost what came last.",
	ResetTooFar: "The position lies too far back to tell everything since.",
	ResetSlow:   "Events came faster than they were taken, and some were dropped.",
}

// A Listener is told what happens to one supplier's records. It is for one
// goroutine.
type Listener struct {
	streams *Streams
	tail    *tail
	wants   map[crdt.RecordID]bool // nil for all

	pending []Message // to be taken before anything else
	replay  *replay   // of what came before the ring; nil if it goes on in the ring
	place   place
	joined  bool   // nothing was taken from the ring since it went on there
	greets  bool   // it is told its position once it has been told everything
	safe    uint64 // everything up to it was told, as of the last time that nothing was to be taken
	knows   uint64 // the number of the last position that it got
	taken   []Message
}

// Listen begins to tell what happens to a supplier's records, or to those named
// alone; nil names all. It begins with what came after from, and tells a
// position once that is done. Leave ends it. Its errors are ErrClosed, ErrCrowded,
// those of the store, and why ctx ended.
func (s *Streams) Listen(ctx context.Context, supplier string, clients []crdt.RecordID, from Start) (*Listener, error) {
	t, err := s.listen(ctx, supplier)
	if err != nil {
		return nil, err
	}
	l := &Listener{streams: s, tail: t}
	l.Choose(clients)
	if err := l.Begin(ctx, from); err != nil {
		l.Leave()
		return nil, err
	}
	return l, nil
}

// Leave ends the listener.
func (l *Listener) Leave() { l.streams.leave(l.tail) }

// Choose has the listener told of some clients alone from here on; nil names all.
func (l *Listener) Choose(clients []crdt.RecordID) {
	l.wants = nil
	if clients == nil {
		return
	}
	l.wants = make(map[crdt.RecordID]bool, len(clients))
	for _, id := range clients {
		l.wants[id] = true
	}
}

func (l *Listener) wanted(id crdt.RecordID) bool { return l.wants == nil || l.wants[id] }

// Begin has the listener go on from another place, or from now if a reset says
// that it cannot.
func (l *Listener) Begin(ctx context.Context, from Start) error {
	l.replay = nil
	l.greets = true
	now := l.tail.ring.now().skip
	switch {
	case from.epoch == "" && from.back == 0:
		l.place = l.tail.ring.now()
		return nil
	case from.epoch == "":
		from.number = now - min(now, from.back)
	case from.epoch != l.streams.epoch:
		l.reset(ResetEpoch)
		return nil
	}
	if from.number > now {
		ends, err := l.streams.store.Ends(ctx, []string{l.tail.supplier})
		if err != nil {
			return err
		}
		if from.number > ends[l.tail.supplier].Number {
			l.reset(ResetBeyond)
			return nil
		}
	}
	if l.join(from.number) {
		return nil
	}
	if now-from.number > uint64(l.streams.limits.Replay) {
		l.reset(ResetTooFar)
		return nil
	}
	l.replay = newReplay(from.number)
	return nil
}

// join has the listener go on in the ring after a number, if that reaches back
// to it.
func (l *Listener) join(number uint64) bool {
	event, ok := l.tail.ring.join(number)
	if ok {
		l.replay, l.place, l.joined = nil, place{event, number}, true
	}
	return ok
}

// reset tells the listener that it missed something, and goes on from now.
func (l *Listener) reset(reason string) {
	l.streams.metrics.resets.WithLabelValues(reason).Inc()
	l.greets = true
	l.replay, l.place = nil, l.tail.ring.now()
	l.pending = append(l.pending, l.message(ResetTold, l.place.skip, Data{Reason: reason, Text: resetTexts[reason]}))
}

// Position is where the listener stands, if it has come further than the last
// event said that it got.
func (l *Listener) Position() (m Message, moved bool) {
	if l.replay != nil || l.safe <= l.knows {
		return Message{}, false
	}
	l.knows = l.safe
	return l.message(PositionTold, l.safe, Data{Text: "Everything up to here has been told."}), true
}

// message is an event for this listener alone.
func (l *Listener) message(kind string, number uint64, d Data) Message {
	source := l.tail.source
	position := source.position(number)
	return Message{position, number, encode(source.event(position+"/"+kind, number, kind, time.Now(), d))}
}

// Take is what is to be told next, valid until it is called again. If that is
// nothing, more is closed once there may be something. Its errors are those of
// the store, and why ctx ended.
func (l *Listener) Take(ctx context.Context) (messages []Message, more <-chan struct{}, err error) {
	for {
		if messages := l.pending; len(messages) > 0 {
			l.pending = nil
			return l.give(messages), nil, nil
		}
		if l.replay != nil {
			if err := l.again(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		taken, grew, safe, behind := l.tail.ring.take(&l.place, l.wanted, atOnce, l.taken[:0])
		switch l.taken = taken; {
		case behind && l.joined:
			l.joined, l.replay = false, newReplay(l.place.skip) // the ring went on before it could look
		case behind:
			l.reset(ResetSlow)
		case len(taken) > 0:
			l.joined = false
			return l.give(taken), nil, nil
		default:
			l.safe, l.joined = safe, false
			if !l.greets {
				return nil, grew, nil
			}
			l.greets, l.knows = false, safe
			l.pending = append(l.pending, l.message(PositionTold, safe, Data{Text: "Everything up to here has been told."}))
		}
	}
}

// give counts what is given.
func (l *Listener) give(messages []Message) []Message {
	l.streams.metrics.sent.Add(float64(len(messages)))
	l.knows = messages[len(messages)-1].number
	return messages
}
