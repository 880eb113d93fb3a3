package syncproto

import "wedsync/crdt"

// An Event is what one received frame means: Joined, Sync, Unavailable,
// Ephemeral, BadRecord, Left or Ignored. It shares no memory with the frame.
type Event interface{ event() }

// Joined is the first event of a session.
type Joined struct {
	PeerID    string
	StorageID string // empty if the peer named none
	Ephemeral bool   // the peer has no storage
}

// Sync carries a sync message about one record.
type Sync struct {
	Record  crdt.RecordID
	Request bool     // the peer has nothing of the record and waits for an answer
	Message *Message // nil if Err is set
	Err     error    // why the message could not be read
}

// Unavailable says that the peer does not have the record, or does not give it to us.
type Unavailable struct{ Record crdt.RecordID }

// Ephemeral is a message to everybody who looks at the record; nothing stores it.
type Ephemeral struct {
	Record    crdt.RecordID
	Count     uint64
	SessionID string
	Data      []byte
}

// BadRecord is a sync or request for an id that cannot name a record. It is to
// be answered by doc-unavailable with the same text.
type BadRecord struct{ DocumentID string }

// Left says that the peer will send nothing more.
type Left struct{}

// Ignored is a frame that changes nothing.
type Ignored struct{ Reason string }

func (Joined) event()      {}
func (Sync) event()        {}
func (Unavailable) event() {}
func (Ephemeral) event()   {}
func (BadRecord) event()   {}
func (Left) event()        {}
func (Ignored) event()     {}
