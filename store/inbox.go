package store

import (
	"context"
	"fmt"
	"time"

	"wedsync/crdt"
)

// An InboxState says how far an event has come.
type InboxState string

// The states of an event.
const (
	// EventReceived: it is to be worked on once it is due.
	EventReceived InboxState = "received"
	// EventWaiting: a person has to say whose record it is about.
	EventWaiting InboxState = "waiting"
	// EventDone: it has had its effect, or none.
	EventDone InboxState = "done"
	// EventDead: it failed too often; a person may edit it and have it worked on again.
	EventDead InboxState = "dead"
	// EventUnrouted: nobody knows what to do with it.
	EventUnrouted InboxState = "unrouted"
)

// An InboxEvent is one that a connection delivered.
type InboxEvent struct {
	Supplier   string
	Connection string // empty if it is unrouted; it may be gone since
	ID         string // the hub's, unique within the supplier, never empty
	External   string // the sender's id of the event, never empty
	Subject    string // the sender's id of the object; events of one are worked off in order
	Type       string
	// Number is the order of arrival, ascending over all suppliers; the store's.
	// An event that was stored before another one arrived has the smaller number.
	Number   int64
	Received time.Time
	Header   []byte
	Body     []byte
	State    InboxState
	Version  uint64 // raised by each change, 1 when it arrived
	Attempts int
	Due      time.Time     // when a received event is to be worked on, or again
	Record   crdt.RecordID // that it was about; zero while nobody knows
	// Candidates are the records of which it may be about one, none of them twice;
	// at most MaxCandidates. None once it is done.
	Candidates []crdt.RecordID
	Outcome    []byte
	Error      string // of the last attempt
}

// MaxCandidates bounds the candidates of an event.
const MaxCandidates = 20

// CheckEvent returns ErrTooMany if a part of an event is larger than may be.
func CheckEvent(e *InboxEvent) error {
	if len(e.Candidates) > MaxCandidates {
		return fmt.Errorf("%d candidates, at most %d are kept: %w", len(e.Candidates), MaxCandidates, ErrTooMany)
	}
	return CheckHook(e.Header, e.Body, e.Outcome)
}

// An EventKey names an event.
type EventKey struct{ Supplier, ID string }

// An Arrival says what became of an event that was delivered.
type Arrival uint8

// What becomes of events.
const (
	EventStored  Arrival = iota + 1 // as new
	EventKnown                      // left out: its connection delivered an event of this id before
	EventRefused                    // left out: MaxInbox events of the supplier are unfinished
)

// MaxInbox bounds the events of a supplier that are not done, about.
const MaxInbox = 100_000

// An InboxQuery selects events.
type InboxQuery struct {
	Connection string        // empty for all
	Subject    string        // of the connection's; empty for all
	State      InboxState    // empty for all
	Type       string        // empty for all
	Record     crdt.RecordID // zero for all
	From, To   time.Time     // received, From included, To not; zero for no bound
	Oldest     bool          // the oldest first; else the newest
	After      int64         // the number of the last event seen, 0 for the first page
	Limit      int
	Brief      bool // leave out header, body and outcome
}

// Inbox keeps what connections delivered, durably. After an error other than
// those that are named a change may or may not be stored.
type Inbox interface {
	// ReceiveEvents stores events, with numbers, at version 1, about no record yet
	// and without candidates, and says of each what became of it; all that are not
	// left out, or none. However many deliver the same event at once, on whatever
	// nodes, it is stored once.
	ReceiveEvents(ctx context.Context, events []InboxEvent) ([]Arrival, error)
	// InboxEvent reads one event, or ErrNotFound.
	InboxEvent(ctx context.Context, supplier, id string) (InboxEvent, error)
	// InboxEvents reads events of a supplier by Number. A page ends early once it
	// holds more than MaxPage bytes; an empty one means that there is no more.
	InboxEvents(ctx context.Context, supplier string, q InboxQuery) ([]InboxEvent, error)
	// Unfinished reads the received events of e's connection and subject up to e
	// itself, due or not, in order of Number, at most limit. A page ends early as
	// those of InboxEvents do, but is never empty while there is one.
	Unfinished(ctx context.Context, e InboxEvent, limit int) ([]InboxEvent, error)
	// DueEvents names received events of all suppliers whose Due has come, those
	// that are due longest first.
	DueEvents(ctx context.Context, now time.Time, limit int) ([]EventKey, error)
	// UpdateEvent stores an event's Connection, Subject, Type, State, Attempts, Due,
	// Record, Candidates, Outcome, Error and, unless it is forgotten, Body. It returns
	// ErrStale unless e.Version is the stored one's, which becomes e.Version+1: of all
	// who claim an event by moving its Due one succeeds. It returns ErrNotFound if the
	// event is gone, or the record or a candidate is erased or another supplier's, and
	// ErrNotEmpty if the connection has delivered another event of this id. What leaves a received
	// event so, or makes it done, may be lost in a power failure: it is due again then.
	UpdateEvent(ctx context.Context, e InboxEvent) error
	// InboxCounts counts the events of a supplier that are not done by connection
	// and state.
	InboxCounts(ctx context.Context, supplier string) (map[string]map[InboxState]int, error)
	// ForgetEvents removes header, body, outcome and error of done events that
	// were received before content, and done events that were received before
	// keys altogether: at most limit events, whose number it returns. Until they
	// are gone a repetition is known.
	ForgetEvents(ctx context.Context, content, keys time.Time, limit int) (int, error)
}
