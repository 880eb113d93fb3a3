package hub

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A Watcher hears of one supplier. Its functions are called by goroutines that
// have others to serve: they return at once.
type Watcher struct {
	Moved    func()             // the supplier's journal may have moved on
	Presence func(PresenceNote) // something is shown that is not stored; at best effort
}

// A PresenceNote is an ephemeral message about a record: of a device that shares it
// now, or of the hub (ShowReading).
type PresenceNote struct {
	Record crdt.RecordID
	User   string
	Device string
	Data   []byte // as the device sent it, automerge-repo's CBOR; shared, read only
	At     time.Time
	// Reading names a source of communications that is being read for the record:
	// then Data is JSON that says how far, and there is no device. Empty for a
	// device's message.
	Reading string
}

// Watch has a watcher hear of a supplier, of what other nodes do too, until stop
// is called. It is told nothing of before.
func (h *Hub) Watch(supplier string, w Watcher) (stop func()) {
	h.watchers.add(supplier, &w)
	h.follow.joined(supplier)
	return sync.OnceFunc(func() {
		h.follow.left(supplier)
		h.watchers.remove(supplier, &w)
	})
}

// watchers are those of a hub. The zero value has none.
type watchers struct {
	some atomic.Int64 // how many there are: who has nobody to tell takes no lock

	mu         sync.RWMutex
	bySupplier map[string][]*Watcher // lists are replaced, never changed
}

func (w *watchers) add(supplier string, one *Watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bySupplier == nil {
		w.bySupplier = make(map[string][]*Watcher)
	}
	w.bySupplier[supplier] = append(slices.Clip(w.bySupplier[supplier]), one)
	w.some.Add(1)
}

func (w *watchers) remove(supplier string, one *Watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(w.bySupplier[supplier]), func(o *Watcher) bool { return o == one })
	if w.bySupplier[supplier] = rest; len(rest) == 0 {
		delete(w.bySupplier, supplier)
	}
	w.some.Add(-1)
}

func (w *watchers) of(supplier string) []*Watcher {
	if w.some.Load() == 0 {
		return nil
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.bySupplier[supplier]
}

// moved tells that a supplier's journal moved on.
func (w *watchers) moved(supplier string) {
	for _, one := range w.of(supplier) {
		one.Moved()
	}
}

// present tells of a presence in a record, which a directory is not.
func (w *watchers) present(supplier string, p PresenceNote) {
	if conflicts.IsDirectoryID(p.Record) {
		return
	}
	for _, one := range w.of(supplier) {
		one.Presence(p)
	}
}
