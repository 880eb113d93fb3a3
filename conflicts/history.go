package conflicts

import (
	"fmt"
	"slices"
	"time"

	"wedsync/crdt"
)

// Bounds of a history that is told.
const (
	MaxHistoryChanges = 100_000 // of the record
	MaxHistoryFields  = 1000    // root keys that were ever written
	MaxHistoryEvents  = 100_000
)

// A HistoryLimitError says that there is more in a record's history than is
// told at once.
type HistoryLimitError struct {
	What string // changes, fields or events
	Most int
}

func (e *HistoryLimitError) Error() string {
	return fmt.Sprintf("the record's history has more than %d %s", e.Most, e.What)
}

// A Past is one batch as the journal tells it.
type Past struct {
	StoredBatch
	Number   uint64 // of its commit in the journal
	Kind     string // how it came: sync, api, resolve …
	From     Principal
	At       time.Time // the hub's clock
	Verdicts []Verdict
	Log      []LogEntry
	Carried  []Carriage
	Chosen   crdt.Path // the ordinary field about whose merged entry somebody decided
}

// A Place is where an event stands in its record's history. Places of one query
// do not change when the history grows.
type Place struct {
	Number uint64 // of the commit in the journal
	Index  int    // of the event in the commit
}

// Compare orders places as they came to the hub.
func (p Place) Compare(o Place) int {
	if p.Number != o.Number {
		if p.Number < o.Number {
			return -1
		}
		return 1
	}
	return p.Index - o.Index
}

// The kinds of events that have a meaning of their own. The others are those of
// their batches.
const (
	KindAPI     = "api"     // an edit through the API: the hub's change holds what somebody else set
	KindWebhook = "webhook" // the same, of a connection
	KindDelete  = "delete"  // of the record
	KindRestore = "restore" // of the record
	KindUse     = "use"     // of a value of a merged entry: an edit through the API
	KindDismiss = "dismiss" // of a merged entry: its field stays as it shows
	// KindActivity is that an app posted an activity, which changes nothing.
	KindActivity = "activity"
	// KindWithdrawn is that an author took a proposal back.
	KindWithdrawn = "withdraw"
	// KindRecovered is a change by the hub itself, which it lost with its store
	// and got back. For whom it wrote it is lost.
	KindRecovered = "recovered"
)

// An Event is one line of a record's history: what happened to one field.
type Event struct {
	Place   Place
	Kind    string    // of its batch, or one of those above
	Field   crdt.Path // empty if the record as a whole was meant
	Author  Author
	Began   time.Time // by the hub's clock, as At; they differ for a burst of typing
	At      time.Time
	Edited  time.Time // by its author's clock, the last change; zero for what the hub wrote
	Changes int       // how many are told as this one
	// Critical says that the field is or was critical, so that its values are read
	// by its kind.
	Critical bool
	// Before and After are what the field showed its author. What was decided
	// without an edit shows what counted before, and from then on.
	Before, After crdt.Value
	// Verdict is what became of an edit of a critical field; nil of one that
	// nobody judged, because the field was not critical or the record came whole.
	Verdict *Verdict
	Entry   *LogEntry // of the decision log, nil if nothing was decided
	Hash    crdt.Hash // of Entry
}

// A History is made of all that was stored of one record, for one reading.
type History struct {
	record *Record // for what its ledger says and which actors are the hub's
	only   crdt.Path
	graph  *crdt.Graph
	fields *crdt.Fields
	texts  map[crdt.OpID]bool // the text objects
	hidden []crdt.Path        // critical fields below a root key, which that key does not show
	events []*event           // ascending by place
	last   map[crdt.Path]*event
	number uint64 // of the commit being told
	index  int    // of its next event
}

// NewHistory begins the history of a record with its ledger as stored. If a
// field is named, nothing else is told.
func NewHistory(id crdt.RecordID, env *Env, p *Policy, ledger []byte, only crdt.Path) (*History, error) {
	l, err := parseLedger(ledger)
	if err != nil {
		return nil, err
	}
	h := &History{
		record: newRecord(id, env, p, l), only: only,
		graph: crdt.NewGraph(env.Limits), texts: make(map[crdt.OpID]bool), last: make(map[crdt.Path]*event),
	}
	paths := []crdt.Path{only}
	if only == "" {
		paths = l.paths()
	}
	for _, path := range paths {
		if root := crdt.Path(path.Keys()[0]); only == "" && !slices.Contains(paths, root) {
			paths = append(paths, root)
		}
	}
	for _, path := range l.paths() {
		for _, above := range paths {
			if below(path, above) {
				h.hidden = append(h.hidden, path)
				break
			}
		}
	}
	if only != "" {
		paths = append(paths, h.hidden...)
	}
	h.fields = crdt.NewFields(paths...)
	return h, nil
}

// Add adds the next batch of the record. All must be added in their order.
func (h *History) Add(p Past) error {
	if p.Number != h.number {
		h.number, h.index = p.Number, 0
	}
	t := &telling{History: h, past: &p, start: h.graph.Len()}
	for i, chunk := range p.Chunks {
		c, err := h.join(chunk)
		if err != nil {
			return fmt.Errorf("change %d of entry %d: %w", i, p.Number, err)
		}
		paths := h.fields.Apply(h.graph.Len()-1, c)
		t.typed = append(t.typed, h.types(c))
		t.touched = append(t.touched, slices.DeleteFunc(paths, h.untold))
		c.Ops = nil
	}
	t.tell()
	if len(h.events) > MaxHistoryEvents {
		return &HistoryLimitError{"events", MaxHistoryEvents}
	}
	return nil
}

// join adds a stored change to the graph.
func (h *History) join(chunk []byte) (*crdt.Change, error) {
	if h.graph.Len() >= MaxHistoryChanges {
		return nil, &HistoryLimitError{"changes", MaxHistoryChanges}
	}
	c, err := crdt.Decode(chunk, h.record.env.storedLimits())
	if err != nil {
		return nil, err
	}
	added, err := h.graph.AddHub(c)
	if err == nil && len(added) != 1 {
		err = fmt.Errorf("is not one that only needs earlier ones: %w", crdt.ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	return c, h.watch(c)
}

// watch begins to watch the root keys that a change is the first to write.
func (h *History) watch(c *crdt.Change) error {
	for n := range c.Ops {
		op := &c.Ops[n]
		if op.Action == crdt.MakeText {
			h.texts[op.ID] = true
		}
		if h.only == "" && op.Obj.IsZero() && !op.Seq && op.Key != string(marksPath) {
			h.fields.Watch(op.Key)
		}
	}
	if h.fields.Len() > MaxHistoryFields+MaxPolicyFields {
		return &HistoryLimitError{"fields", MaxHistoryFields}
	}
	return nil
}

// types reports whether a change did nothing but type into texts.
func (h *History) types(c *crdt.Change) bool {
	outside := func(op crdt.Op) bool { return !op.Seq || !h.texts[op.Obj] }
	return len(c.Ops) > 0 && !slices.ContainsFunc(c.Ops, outside)
}

// untold reports whether a field is not told about.
func (h *History) untold(path crdt.Path) bool {
	return h.only != "" && path != h.only || path == marksPath
}

// critical reports whether a field is or was critical.
func (h *History) critical(path crdt.Path) bool { return h.record.ledger.Fields[path] != nil }

// Log is where the record's decision log stands.
func (h *History) Log() LogHead { return h.record.ledger.Log }
