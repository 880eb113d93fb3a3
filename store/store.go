package store

import (
	"context"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

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
	// Erased: deleted for good, and nothing of its content is left. Only
	// [Eraser.Erase] makes it so.
	Erased
	// Directory: no client record but the document that lists those of its
	// supplier, which only the hub writes. No list of records has it, and no
	// Summary; of all else it is a record like others.
	Directory
)

// Served reports whether devices are served what is stored: an ordinary record or
// a directory.
func (s RecordState) Served() bool { return s == Listed || s == Directory }

// Gone reports whether the record answers as if it did not exist.
func (s RecordState) Gone() bool { return s == Deleted || s == Erased }

// A Batch is what one connection, API call or resolution brought, in causal order.
type Batch struct {
	Chunks [][]byte // change chunks; a hub change last
	Hub    bool     // whether the last chunk is a hub change
	Origin Origin
}

// An Origin says where a batch came from. It is kept for replay and for people.
type Origin struct {
	Kind     string              `json:"kind"` // sync, api, webhook, resolve, use, reminder, erase, directory …
	From     conflicts.Principal `json:"from"`
	Policy   uint64              `json:"policy"` // policy version it was judged by
	At       time.Time           `json:"at"`     // hub clock
	Input    *conflicts.Input    `json:"input,omitempty"`
	Verdicts []conflicts.Verdict `json:"verdicts,omitempty"`
	Reminded []string            `json:"reminded,omitempty"` // conflicts that the batch reminds of

	Log     []conflicts.LogEntry `json:"log,omitempty"`     // of the record's decision log
	Carried []conflicts.Carriage `json:"carried,omitempty"` // changes that came over another connection
	Chosen  crdt.Path            `json:"chosen,omitempty"`  // the field about whose merged entry a person decided

	// Changed are the root keys that the batch's author wrote, Steps how far it
	// brought the record, its conflicts and its merged entries.
	Changed  []string            `json:"changed,omitempty"`
	Steps    *conflicts.Steps    `json:"steps,omitempty"`
	Activity *conflicts.Activity `json:"activity,omitempty"` // that an app posted
}

// MaxCommit bounds the bytes of a commit: its chunks together, its ledger, its
// answer's body. A larger one is refused with a CommitError.
const MaxCommit = 256 << 20

// A Commit is one step of one record.
type Commit struct {
	Supplier string        // never empty
	Record   crdt.RecordID // never zero
	// Version is the record's version when it was read, 0 for a new record.
	// Storing the commit makes it Version+1.
	Version uint64
	State   RecordState
	Heads   []crdt.Hash // after the commit, ascending
	Batches []Batch     // may be empty
	Ledger  []byte      // nil leaves the stored ledger as it is
	// Conflicts are the rows that the commit opened or moved, whole, in any
	// order. A row keeps its record and field for ever.
	Conflicts []conflicts.Conflict
	// Receipts are new. One that is stored already stays as it is.
	Receipts []conflicts.Receipt
	// Merged are the merged entries that the commit opened or moved, whole, in
	// any order. An entry keeps its record and field for ever.
	Merged []conflicts.Merged
	Answer *Answer // an idempotent command's answer, nil for none
}

// An Answer is what a command with an idempotency key was told.
type Answer struct {
	Principal string   // who asked
	Key       string   // the caller's key
	Request   [32]byte // hash of method, path and body
	Status    int
	Body      []byte
	At        time.Time // hub clock
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
	// Append leaves out the commits whose moment has passed: the record's
	// version is no longer Commit.Version, it was erased, its id is bound to
	// another supplier, or the answer's principal and key already have an
	// answer, if only from an earlier commit of the same batch. It returns those
	// records as stale, in the order of the commits, and stores the others, all
	// or none, in one transaction. After nil they survive a power failure.
	//
	// After an error they may or may not be stored: forget the records and load
	// them again. Only after a *CommitError is it certain that none is stored.
	// A batch that holds two commits of one record is such an error, and so is
	// a second pending conflict or open merged entry of one record and field.
	//
	// A context that ends before the transaction began stops it; afterwards it
	// runs to its end.
	Append(ctx context.Context, commits []Commit) (stale []crdt.RecordID, err error)
}

// Records reads records.
type Records interface {
	// Heads answers for many records in one query, whoever they belong to and
	// also when they are deleted; unknown records are absent. It costs no more
	// for a long history.
	Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]Heads, error)
	// Load reads a whole record as of one version, also when it is deleted, or
	// ErrNotFound. The caller checks Stored.Supplier and State.
	Load(ctx context.Context, id crdt.RecordID) (*Stored, error)
	// Later is Load with the batches of those commits alone that made the record
	// newer than a version.
	Later(ctx context.Context, id crdt.RecordID, version uint64) (*Stored, error)
	// Summary reads one listed record of a supplier, or ErrNotFound.
	Summary(ctx context.Context, supplier string, id crdt.RecordID) (Summary, error)
	// List reads the listed records of a supplier in ascending order of id,
	// beginning after the given one (the zero id is before all), at most limit
	// of them.
	List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]Summary, error)
}

// A Projection is a record's whole document.
type Projection struct {
	Record crdt.RecordID
	Heads  []crdt.Hash // as of which it is
	Fields []byte      // a JSON object
}

// Projections keeps the documents of records.
type Projections interface {
	// Project stores projections, all or none. They overwrite older ones, are
	// lost without harm and are no part of any commit. Those of records that do
	// not exist or were erased are ignored. A call with few of them delays a
	// commit by no more than a moment. The names in each (NamesIn) are kept beside
	// it for the queue, and go with it.
	Project(ctx context.Context, projections ...Projection) error
}

// A ConflictOrder says which rows of sync_conflicts come first. Rows that are
// alike in it come in ascending order of id.
type ConflictOrder string

// The orders of the queue.
const (
	ByOldest ConflictOrder = ""       // by id, which begins with the time of opening
	ByNewest ConflictOrder = "newest" // by id, descending
	ByClient ConflictOrder = "client" // by Names.Sort; clients without a name come first
	ByField  ConflictOrder = "field"
)

// A ConflictQuery selects rows of sync_conflicts.
type ConflictQuery struct {
	Status       conflicts.Status // empty for all
	Field        crdt.Path        // empty for all
	Record       crdt.RecordID    // zero for all
	Author       string           // a user who is an author of one of its proposals; empty for all
	Device       string           // of an author of one of its proposals; empty for all
	Source       conflicts.Source // of one of its proposals; empty for all
	Search       string           // words that all occur, folded, in Names.Search; empty for all
	OpenedBefore time.Time        // zero for all
	QuietBefore  time.Time        // opened and last reminded of; zero for all
	Order        ConflictOrder
	After        ConflictPlace // of the last row seen, zero for the first page
	Limit        int
}

// A ConflictPlace is where a row stands in an order. Rows after it are found
// also if it is gone from there.
type ConflictPlace struct {
	Key string // what the order goes by; empty for ByOldest and ByNewest
	ID  string
}

// A QueuedConflict is a row of sync_conflicts in a queue.
type QueuedConflict struct {
	conflicts.Conflict
	Client string // Names.Client of its record, as last projected
	Place  ConflictPlace
}

// ConflictsOf are the rows without their places in a queue.
func ConflictsOf(rows []QueuedConflict) []conflicts.Conflict {
	bare := make([]conflicts.Conflict, len(rows))
	for i := range rows {
		bare[i] = rows[i].Conflict
	}
	return bare
}

// A DeviceCount is how many conflicts have a proposal of a device.
type DeviceCount struct {
	User, Device string
	Conflicts    int
}

// A Waiting supplier has pending conflicts.
type Waiting struct {
	Supplier string
	Pending  int
	Oldest   time.Time // when the oldest was opened
	Quiet    time.Time // since when nobody was reminded of the one that is quiet longest
}

// Conflicts reads the queue.
type Conflicts interface {
	// Conflicts reads rows of a supplier in an order. Its cost grows with the rows
	// that the query selects besides Search, never with records; for ByOldest and
	// ByNewest without Search it is that of the page.
	Conflicts(ctx context.Context, supplier string, q ConflictQuery) ([]QueuedConflict, error)
	// ConflictCounts counts the rows that a query selects, on all its pages, by field.
	ConflictCounts(ctx context.Context, supplier string, q ConflictQuery) (map[crdt.Path]int, error)
	// ConflictDevices counts the rows that a query selects, on all its pages, by
	// the devices of their proposals' authors: those of most rows first, at most
	// limit. A row counts once for each device.
	ConflictDevices(ctx context.Context, supplier string, q ConflictQuery, limit int) ([]DeviceCount, error)
	// Conflict reads one row, or ErrNotFound.
	Conflict(ctx context.Context, supplier, id string) (conflicts.Conflict, error)
	// Waiting reads how it stands with the pending conflicts of every supplier
	// that has any, in order of their names.
	Waiting(ctx context.Context) ([]Waiting, error)
}

// A MergedQuery selects merged entries.
type MergedQuery struct {
	Status conflicts.MergedStatus // empty for all
	Record crdt.RecordID          // zero for all
	After  string                 // the id of the last entry seen, empty for the first page
	Limit  int
	// Unlisted finds those of records that are not listed, too.
	Unlisted bool
}

// Merged reads the entries about ordinary fields that people set apart. Those
// of a record that is not listed are not found unless the query asks for them.
type Merged interface {
	// MergedEntries reads entries of a supplier in order of id. An id begins with
	// the time at which its entry was opened.
	MergedEntries(ctx context.Context, supplier string, q MergedQuery) ([]conflicts.Merged, error)
	// MergedEntry reads one entry, or ErrNotFound.
	MergedEntry(ctx context.Context, supplier, id string) (conflicts.Merged, error)
}

// Answers remembers what commands were told.
type Answers interface {
	// Answer reads the answer that was committed for a principal's key, or ErrNotFound.
	Answer(ctx context.Context, principal, key string) (Answer, error)
}

// MaxReceiptDevices bounds the devices that acknowledge one receipt.
const MaxReceiptDevices = 100

// Receipts tells authors what was decided about their proposals.
type Receipts interface {
	// Receipts reads the receipts of a user that a device has not acknowledged,
	// in ascending order of id, beginning after the given one, at most limit.
	Receipts(ctx context.Context, supplier, user, device, after string, limit int) ([]conflicts.Receipt, error)
	// Acknowledge notes durably that a device of a user knows of a receipt; again
	// changes nothing. It returns ErrNotFound if the user has no such receipt,
	// and ErrTooMany if MaxReceiptDevices others have acknowledged it.
	Acknowledge(ctx context.Context, supplier, user, device, id string) error
}

// Policies keeps what suppliers hold critical.
type Policies interface {
	// Policy reads the policy that a supplier has set, or ErrNotFound.
	Policy(ctx context.Context, supplier string) (*conflicts.Policy, error)
	// PolicyOf reads the policy that a supplier set as a version, which may be one
	// that it has replaced since, or ErrNotFound. With those a journal can be
	// replayed: none is ever forgotten.
	PolicyOf(ctx context.Context, supplier string, version uint64) (*conflicts.Policy, error)
	// SetPolicy replaces the policy, durably. It returns ErrStale unless
	// p.Version is above that of the policy in force, which is 1 if none was set.
	SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error
}

// A Store is all of it. It may be used by many goroutines at once. What it is
// given stays the caller's; what it returns belongs to the caller.
type Store interface {
	Appender
	Eraser
	Records
	Projections
	Conflicts
	Journal
	Census
	Answers
	Receipts
	Merged
	Devices
	Policies
	Accesses
	Tickets
	Connections
	Inbox
	Identities
	Contacts
	Communications
	Outbox
	Jobs
	Nodes
	Copier
	// Identity returns the hub's identity, made and stored on the first call
	// and the same ever after; or ErrUnfinished while the store receives a copy.
	Identity(ctx context.Context) (Identity, error)
	// Ping reports whether the store can be written now.
	Ping(ctx context.Context) error
	// Close waits for running calls and releases the store. Later calls return
	// ErrUnavailable.
	Close() error
}
