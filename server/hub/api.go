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

// A StatusQuery selects what a sync status tells of.
type StatusQuery struct {
	After  crdt.RecordID // records that follow it; the zero id is before all
	Limit  int           // records at most
	Record crdt.RecordID // this one alone; zero for all
	User   string        // devices of this user alone; empty for all
	Device string        // devices of this name alone; empty for all
	State  string        // devices in this state alone, or AnyTrouble; empty for all
}

// AnyTrouble selects devices in any state but in_sync and never_seen.
const AnyTrouble = "trouble"

// A SyncStatus proves consistency, or says where it lacks.
type SyncStatus struct {
	Totals Totals // of Items
	Items  []RecordStatus
	Next   crdt.RecordID // zero on the last page
	// Directory is how devices stand to the supplier's directory: those that ever
	// opened it. Nil on all but the first page, and until there is one.
	Directory *RecordStatus
}

// Totals count what a page of a sync status tells of.
type Totals struct {
	Records   int
	Pending   int            // conflicts that wait for a person
	Proposals int            // open ones of those conflicts
	Stale     int            // records without a digest
	Devices   map[string]int // by state; a device counts for each record
}

// A RecordStatus is one record and the devices that ever spoke of it.
type RecordStatus struct {
	Record    crdt.RecordID
	Heads     []crdt.Hash
	Digest    string  // of the document that Heads make, see Digest; empty if Stale
	Stale     bool    // the document could not be made within the time of a page: ask again
	Pending   int     // conflicts that wait for a person
	Proposals int     // open ones of those conflicts
	Notice    *Notice // nil if there is nothing to know of the record as a whole
	Devices   []DeviceStatus
}

// A Notice says that the hub had lost part of a record, or cannot read it.
type Notice struct {
	State       string    // recovering, recovered, unreadable
	At          time.Time // when it was recovered, else zero
	Explanation string    // in plain words
	Action      string    // one suggestion
}

// A DeviceStatus is how one device stands to one record.
type DeviceStatus struct {
	Device          string
	User            string
	State           string // in_sync, device_behind, hub_behind, waiting_for_dependency, refused, fighting, never_seen
	Reason          string // why a change was refused, if State is refused
	MissingOnDevice int    // changes, at most
	MissingOnHub    int    // changes at least: what the device announced and the hub does not hold
	Proposals       int    // of the device's, that wait for a decision
	LastContact     time.Time
	Connected       bool
	Explanation     string // in plain words
	Action          string // one suggestion, empty if none is needed
	// Reentries are the critical fields of a copy that is refused, for a person
	// to enter again, while its device is connected.
	Reentries []conflicts.Reentry
}
