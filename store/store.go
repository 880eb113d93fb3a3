package store

import (
	"context"
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// ErrNotFound means that there is no such thing for this supplier, whether or
// not another supplier has it.
var ErrNotFound = errors.New("not found")

// A RecordState says how far a record has come.
type RecordState uint8

// The states of a record.
const (
	// Introducing: the hub does not yet hold all heads that the introducing
	// device announced; the record is neither judged nor listed.
	Introducing RecordState = iota + 1
	// Listed: an ordinary record.
	Listed
	// Deleted: answers as if it did not exist.
	Deleted
)

// A Batch is what one connection, API call or resolution brought, in causal order.
type Batch struct {
	Chunks [][]byte // change chunks; a hub change last
	Hub    bool     // whether the last chunk is a hub change
	Origin Origin
}

// An Origin says where a batch came from. It is kept for replay and for people.
type Origin struct {
	Kind     string              `json:"kind"` // sync, api, resolve
	From     conflicts.Principal `json:"from"`
	Policy   uint64              `json:"policy"` // policy version it was judged by
	At       time.Time           `json:"at"`     // hub clock
	Verdicts []conflicts.Verdict `json:"verdicts,omitempty"`
}

// A Commit is one step of one record.
type Commit struct {
	Supplier string
	Record   crdt.RecordID
	// Version is the record's version when it was read, 0 for a new record.
	// Storing the commit makes it Version+1.
	Version   uint64
	State     RecordState
	Heads     []crdt.Hash // after the commit, ascending
	Batches   []Batch     // may be empty
	Ledger    []byte      // nil leaves the stored ledger as it is
	Conflicts []conflicts.Conflict
	Answer    *Answer // an idempotent command's answer, nil for none
}

// An Answer is what a command with an idempotency key was told.
type Answer struct {
	Principal string   // who asked
	Key       string   // the caller's key
	Request   [32]byte // hash of method, path and body
	Status    int
	Body      []byte
}

// Heads is what the store knows of a record without opening it.
type Heads struct {
	Supplier string // to whom the record is bound
	Version  uint64
	State    RecordState
	Heads    []crdt.Hash
}

// A Stored record is all of it, as of one version.
type Stored struct {
	Heads
	Ledger  []byte
	Batches []Batch // in the order of their commits; Origin is left zero
}

// A Summary is a record as lists show it.
type Summary struct {
	Record crdt.RecordID
	Heads
	Ledger []byte
	// Projection is the JSON object of all fields as of ProjectedHeads; nil if
	// it was never made.
	Projection     []byte
	ProjectedHeads []crdt.Hash
}

// An Appender stores commits.
type Appender interface {
	// Append leaves out the commits whose record moved on since it was read
	// (its version is no longer Commit.Version, or its id is bound to another
	// supplier), returns those as stale, and stores the others, all or none,
	// in one transaction. After nil they survive a power failure. After an
	// error they may or may not be stored: forget the records and load them
	// again. A batch holds at most one commit per record.
	Append(ctx context.Context, commits []Commit) (stale []crdt.RecordID, err error)
}

// Records reads records.
type Records interface {
	// Heads answers for many records in one query, whoever they belong to;
	// unknown records are absent. It costs no more for a long history.
	Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]Heads, error)
	// Load reads a whole record as of one version, or ErrNotFound. The caller
	// checks Stored.Supplier.
	Load(ctx context.Context, id crdt.RecordID) (*Stored, error)
	// Summary reads one record of a supplier as lists show it, or ErrNotFound.
	Summary(ctx context.Context, supplier string, id crdt.RecordID) (Summary, error)
	// List reads the listed records of a supplier in ascending order of id,
	// beginning after the given one, at most limit of them.
	List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]Summary, error)
}

// Projections keeps what the engine made of records.
type Projections interface {
	// Project stores the JSON of a record as of heads. It overwrites an older
	// projection, is lost without harm and is no part of any commit. A record
	// that does not exist is ignored.
	Project(ctx context.Context, id crdt.RecordID, heads []crdt.Hash, fields []byte) error
}

// A ConflictQuery selects rows of sync_conflicts.
type ConflictQuery struct {
	Status conflicts.Status // empty for all
	Field  crdt.Path        // empty for all
	Record crdt.RecordID    // zero for all
	After  string           // the id of the last row seen; rows come in ascending order of id
	Limit  int
}

// Conflicts reads the queue.
type Conflicts interface {
	// Conflicts reads rows of a supplier in ascending order of id.
	Conflicts(ctx context.Context, supplier string, q ConflictQuery) ([]conflicts.Conflict, error)
	// Conflict reads one row, or ErrNotFound.
	Conflict(ctx context.Context, supplier, id string) (conflicts.Conflict, error)
}

// An Entry is one commit as the journal tells it.
type Entry struct {
	Number  uint64
	Record  crdt.RecordID
	Version uint64
	Batches []Batch // with Origin
}

// A Journal is read by cursor.
type Journal interface {
	// Journal reads a supplier's commits numbered above after, ascending, at
	// most limit. Numbers are 1, 2, 3 … without a gap; who has read n never
	// later finds a smaller number that was not there.
	Journal(ctx context.Context, supplier string, after uint64, limit int) ([]Entry, error)
}

// Answers remembers what commands were told.
type Answers interface {
	// Answer reads the answer that was committed for a principal's key, or ErrNotFound.
	Answer(ctx context.Context, principal, key string) (Answer, error)
}

// An Identity is what makes a hub the same hub after a restart.
type Identity struct {
	Secret    []byte // 32 random bytes; signs tokens and hub changes
	StorageID string // UUID text; what clients know the hub's storage by
}

// A Store is all of it.
type Store interface {
	Appender
	Records
	Projections
	Conflicts
	Journal
	Answers
	// Identity returns the hub's identity, made and stored on the first call.
	Identity(ctx context.Context) (Identity, error)
	// Ping reports whether the store can be written now.
	Ping(ctx context.Context) error
	// Close waits for running calls and releases the store.
	Close() error
}
