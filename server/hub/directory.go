package hub

import (
	"sync"
	"time"

	"wedsync/crdt"
)

// DirectoryID is the document id of a supplier's directory. The document is made
// when a device of the supplier first opens it.
func (h *Hub) DirectoryID(supplier string) crdt.RecordID { return h.env.DirectoryID(supplier) }

// directories write the directories that devices of this node have open. Nobody
// else's is written: a supplier whose directory nobody opens costs nothing, and
// one that is opened is first held against all records.
//
// A change of what is listed is heard of from the commits of this node and from
// the journal that it follows. What is due is written in one change, no sooner
// than directoryRest after the node learned of the version that the change builds
// on. Where several nodes write at once the store leaves all but one out, and the
// others have learned of a version that is new; so a directory's changes lie that
// far apart whoever writes them.
type directories struct {
	hub  *Hub
	wake chan struct{} // one slot: something may be due sooner
	pen  *pen

	mu   sync.Mutex
	open map[string]*directory // by supplier
}

// A directory is one that devices of this node have open.
type directory struct {
	id       crdt.RecordID
	supplier string

	// The directories' mu guards these.
	whole   bool                   // is held against all records next
	changed map[crdt.RecordID]bool // may have begun or ceased to be listed
	due     time.Time              // when it is looked at next; if nothing changed, against all records
	rest    time.Time              // not before

	// These belong to the owner of its room.
	version uint64    // of the document, as last learned of
	learned time.Time // when
}

const (
	directoryRest   = time.Second            // between two changes of a directory, whichever nodes write them
	directoryRemote = 250 * time.Millisecond // before a node writes what another node's commit is about: that node is faster
	directoryRetry  = 2 * time.Second        // after the store could not be read or written
	directoryBroken = time.Minute            // after a directory could not be opened
	directoryLook   = 10 * time.Minute       // before a directory about which nothing was heard is held against all records
	directoryRecent = 4096                   // records that are gathered; beyond, it is held against all
	directoryPage   = 1000                   // records of one query
)

// maxDirectory bounds the records that a directory lists: as many as one
// connection may speak of. One that lists fewer than there are says so.
func (l *Limits) maxDirectory() int { return l.DeviceRecords }

func newDirectories(h *Hub) *directories {
	return &directories{hub: h, wake: make(chan struct{}, 1), pen: newPen(), open: make(map[string]*directory)}
}

// opened has a directory, of which the store has a version or none, written from
// now on, as a device of this node has it open.
func (ds *directories) opened(id crdt.RecordID, supplier string, version uint64) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.open[supplier] != nil {
		return
	}
	now := ds.hub.now()
	d := &directory{id: id, supplier: supplier, whole: true, version: version, learned: now, due: now}
	if version > 0 {
		d.due = now.Add(directoryRest)
	}
	ds.open[supplier] = d
	ds.ring()
}

// closed ends that: no device of this node has it open.
func (ds *directories) closed(supplier string) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	delete(ds.open, supplier)
}

// changed notes that records of a supplier may have begun or ceased to be listed,
// and has that written after a while.
func (ds *directories) changed(supplier string, after time.Duration, ids ...crdt.RecordID) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d := ds.open[supplier]
	if d == nil {
		return
	}
	for _, id := range ids {
		d.note(id)
	}
	ds.call(d, after)
}

// look has a directory that is open held against all records.
func (ds *directories) look(supplier string) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if d := ds.open[supplier]; d != nil {
		d.whole = true
		ds.call(d, 0)
	}
}

// note notes a record that may have begun or ceased to be listed.
func (d *directory) note(id crdt.RecordID) {
	if d.whole || id == d.id {
		return
	}
	if d.changed == nil {
		d.changed = make(map[crdt.RecordID]bool)
	}
	d.changed[id] = true
	if len(d.changed) > directoryRecent {
		d.whole, d.changed = true, nil
	}
}

// call has a directory looked at after a while, if there is a reason. The caller
// holds mu.
func (ds *directories) call(d *directory, after time.Duration) {
	if len(d.changed) == 0 && !d.whole {
		return
	}
	at := ds.hub.now().Add(after)
	if at.Before(d.rest) {
		at = d.rest
	}
	if at.Before(d.due) {
		d.due = at
		ds.ring()
	}
}

func (ds *directories) ring() {
	select {
	case ds.wake <- struct{}{}:
	default:
	}
}
