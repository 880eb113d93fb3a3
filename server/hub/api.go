package hub

import (
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// An AnswerFunc makes the answer of an idempotent command from its outcome. It
// runs before the commit is stored, and what it returns is stored with it; nil
// stores none.
type AnswerFunc func(id crdt.RecordID, o *conflicts.Outcome) *store.Answer

// A SyncStatus proves consistency, or says where it lacks.
type SyncStatus struct {
	Totals map[string]int // devices by state, and "records"
	Items  []RecordStatus
	Next   crdt.RecordID // zero on the last page
	// Directory is how devices stand to the supplier's directory: those that ever
	// opened it. Nil on all but the first page, and until there is one.
	Directory *RecordStatus
}

// A RecordStatus is one record and the devices that ever spoke of it.
type RecordStatus struct {
	Record  crdt.RecordID
	Heads   []crdt.Hash
	Digest  string
	Pending int     // conflicts that wait for a person
	Notice  *Notice // nil if there is nothing to know of the record as a whole
	Devices []DeviceStatus
}

// A Notice says that the hub had lost part of a record.
type Notice struct {
	State       string    // recovering, recovered
	At          time.Time // when it was recovered, zero before
	Explanation string    // in plain words
	Action      string    // one suggestion
}

// A DeviceStatus is how one device stands to one record.
type DeviceStatus struct {
	Device          string
	User            string
	State           string // in_sync, device_behind, hub_behind, refused …
	Reason          string // why a change was refused, if State is refused
	MissingOnDevice int    // changes
	MissingOnHub    int    // changes; 0 if it cannot be known
	LastContact     time.Time
	Connected       bool
	Explanation     string // in plain words
	Action          string // one suggestion, empty if none is needed
	// Reentries are the critical fields of a copy that is refused, for a person
	// to enter again, while its device is connected.
	Reentries []conflicts.Reentry
}
