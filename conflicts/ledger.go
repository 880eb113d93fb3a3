package conflicts

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// ledgerVersion is the form of stored ledgers. A hub reads its own and older ones.
// Version 2 has the decision log, version 3 merged entries.
const ledgerVersion = 3

// A ledger is what the hub alone says about a record. Nothing in it can be
// told from the changes.
type ledger struct {
	Version  int                  `json:"version"`
	Listed   bool                 `json:"listed"`
	Deleted  bool                 `json:"deleted,omitempty"` // its pending conflicts are record_deleted
	Epoch    uint64               `json:"epoch,omitempty"`   // of the hub actor
	Awaiting *awaiting            `json:"awaiting,omitempty"`
	Actors   actors               `json:"actors,omitempty"`
	Fields   map[crdt.Path]*field `json:"fields,omitempty"`
	Answers  []answer             `json:"answers,omitempty"`
	Log      LogHead              `json:"log,omitzero"`
	// Merged are the open entries about ordinary fields, Wrote the last writes of
	// such fields over the API, both by root key.
	Merged map[crdt.Path]*Merged  `json:"merged,omitempty"`
	Wrote  map[crdt.Path]apiWrite `json:"wrote,omitempty"`
}

// An awaiting record is not judged before the hub holds what a device said it has.
type awaiting struct {
	User   string      `json:"user"`
	Device string      `json:"device,omitempty"`
	Heads  []crdt.Hash `json:"heads"`          // what the device announced last
	From   int         `json:"from"`           // graph index of the first change that was not judged
	Lost   bool        `json:"lost,omitempty"` // hub changes came back that the hub did not hold
}

// An answer says that all changes with graph indexes from From up to To were
// judged late, and that the hub change By answers them. Changes that were
// judged as they came are answered by the hub change of their own batch.
type answer struct {
	From int       `json:"from"`
	To   int       `json:"to"`
	By   crdt.Hash `json:"by"`
}

// A binding says to whom an actor belongs.
type binding struct {
	User   string `json:"user"`
	Device string `json:"device,omitempty"`
	Role   Role   `json:"role"` // as the device last delivered
}

// actors are the bound actors of a record. Their JSON is keyed by hexadecimal.
type actors map[crdt.ActorID]*binding

// UnmarshalJSON reads the actors as the ledger writes them.
func (a *actors) UnmarshalJSON(b []byte) error {
	var text map[string]*binding
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	*a = make(actors, len(text))
	for id, b := range text {
		raw, err := hex.DecodeString(id)
		if err != nil || b == nil {
			return fmt.Errorf("binding of actor %q", id)
		}
		(*a)[crdt.ActorID(raw)] = b
	}
	return nil
}

func newLedger() *ledger {
	return &ledger{Version: ledgerVersion, Actors: make(actors), Fields: make(map[crdt.Path]*field)}
}

// parseLedger reads a stored ledger; an empty one is that of a new record.
func parseLedger(b []byte) (*ledger, error) {
	l := newLedger()
	if len(b) == 0 {
		return l, nil
	}
	if err := json.Unmarshal(b, l); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	if l.Version < 1 || l.Version > ledgerVersion {
		return nil, fmt.Errorf("ledger of version %d: this hub reads up to %d", l.Version, ledgerVersion)
	}
	for path, f := range l.Fields {
		if f == nil {
			return nil, fmt.Errorf("read ledger: field %q is empty", path)
		}
		if f.Pending != nil && f.Pending.Record == (crdt.RecordID{}) {
			return nil, fmt.Errorf("read ledger: the conflict of field %q names no record", path)
		}
	}
	for path, m := range l.Merged {
		if m == nil || m.Field != path {
			return nil, fmt.Errorf("read ledger: the merged entry of %q is empty or another's", path)
		}
	}
	for _, a := range l.Answers {
		if a.From < 0 || a.To < a.From {
			return nil, fmt.Errorf("read ledger: changes from %d up to %d are answered by %s", a.From, a.To, a.By)
		}
	}
	if l.Epoch > maxEpoch {
		return nil, fmt.Errorf("read ledger: the hub writes under its actor number %d, at most %d is known", l.Epoch, maxEpoch)
	}
	if a := l.Awaiting; a != nil && a.From < 0 {
		return nil, fmt.Errorf("read ledger: changes from %d on await others", a.From)
	}
	l.upgrade()
	return l, nil
}

// upgrade brings an older ledger to this version.
func (l *ledger) upgrade() {
	if l.Version < 2 {
		for _, f := range l.Fields {
			l.Log.Unlogged += f.revision()
		}
	}
	l.Version = ledgerVersion
}

// critical are the paths whose values the ledger says, ascending.
func (l *ledger) critical() []crdt.Path {
	return slices.DeleteFunc(l.paths(), func(p crdt.Path) bool { return !l.Fields[p].Critical })
}

// paths are all paths that ever were critical, ascending.
func (l *ledger) paths() []crdt.Path { return slices.Sorted(maps.Keys(l.Fields)) }
