package activity

import (
	"context"

	"wedsync/crdt"
	"wedsync/store"
)

// A replay tells a listener from the store what its ring does not reach back to.
type replay struct {
	read    uint64 // everything up to it was told or is held
	entries int    // that were told or are held
	page    int    // entries that are read next
	folder  *folder
}

func newReplay(after uint64) *replay {
	return &replay{read: after, page: page, folder: newFolder()}
}

// again reads the next page of a listener's replay, and has the listener go on in
// the ring as soon as that reaches back to where it has come.
func (l *Listener) again(ctx context.Context) error {
	r := l.replay
	if event, ok := l.tail.ring.join(r.read); ok {
		l.hand(r.folder.flush(nil))
		l.replay, l.place, l.joined = nil, place{event, r.read}, true
		return nil
	}
	if r.entries > l.streams.limits.Replay {
		l.reset(ResetTooFar) // it will not catch up
		return nil
	}
	if err := l.streams.again.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer l.streams.again.Release(1)
	entries, err := l.streams.store.Happenings(ctx, l.tail.supplier, r.read, r.page)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		l.reset(ResetBeyond) // the store lost what the ring has told
		return nil
	}
	l.hand(r.take(entries, l.wanted))
	return nil
}

// take takes entries until they make as much as a listener may keep waiting, and
// returns what is to be told. The others are read again, fewer at once.
func (r *replay) take(entries []store.Entry, wanted func(crdt.RecordID) bool) (out []told) {
	taken, bytes := 0, 0
	for ; taken < len(entries) && bytes < mostWaiting; taken++ {
		e := &entries[taken]
		if wanted(e.Record) {
			for _, event := range tell(e) {
				bytes += event.data.size()
				out = r.folder.take(event.at, event, r.folder.due(event.at, out))
			}
		}
		r.read = e.Number
	}
	r.entries += taken
	if r.page = min(2*r.page, page); taken < len(entries) {
		r.page = taken
	}
	return out
}

// hand makes what a replay tells the next messages.
func (l *Listener) hand(events []told) {
	positions := l.replay.folder.positions(events, l.replay.read)
	for i := range events {
		e := l.tail.source.told(&events[i], positions[i])
		l.pending = append(l.pending, Message{e.Position, positions[i], encode(e)})
	}
}
