package conflicts

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wedsync/crdt"
)

// A MergedStatus says how far a merged entry has come.
type MergedStatus string

// The states of a merged entry.
const (
	MergedOpen       MergedStatus = "open"
	MergedSuperseded MergedStatus = "superseded" // somebody wrote the field knowing all values
	MergedUsed       MergedStatus = "used_other" // somebody chose one of the values
	MergedDismissed  MergedStatus = "dismissed"  // somebody saw it and left it so
)

// A Merged is an entry about an ordinary field that people set apart: Automerge
// shows one of the values, and the others are found here. An ordinary field is
// a root key that is not critical; a deletion counts as a value. Those who type
// into one text merge by characters, which makes no entry, unless somebody
// replaced the text who did not know what they typed.
type Merged struct {
	ID       string        `json:"id"`
	Record   crdt.RecordID `json:"record"`
	Field    crdt.Path     `json:"field"` // the root key as it is, dots included
	Status   MergedStatus  `json:"status"`
	Version  uint64        `json:"version"` // raised whenever anything about it moves
	Values   []MergedValue `json:"values"`  // the first shows
	OpenedAt time.Time     `json:"opened_at"`
	ClosedAt time.Time     `json:"closed_at,omitzero"`
	ClosedBy *Author       `json:"closed_by,omitempty"` // nobody if Crowded
	Used     crdt.Hash     `json:"used,omitzero"`       // the change of the value that was chosen
	// Crowded says that it was closed because its record had MaxMerged newer ones.
	Crowded bool `json:"crowded,omitempty"`
}

// A MergedValue is one of the values of an entry.
type MergedValue struct {
	// Value is as it stood when the entry last moved. Of one that is longer than
	// MaxMergedValue it is the beginning or, of a map or list, empty.
	Value  crdt.Value `json:"value"`
	Cut    bool       `json:"cut,omitempty"`
	Change crdt.Hash  `json:"change"` // that wrote it, and holds it in full
	Author Author     `json:"author"`
	Source Source     `json:"source"`
	// EditedAt is by the author's clock. ReceivedAt is by the hub's, and zero for
	// what a device had brought before the batch that made the entry.
	EditedAt   time.Time `json:"edited_at"`
	ReceivedAt time.Time `json:"received_at,omitzero"`
}

// Bounds of merged entries.
const (
	MaxMerged      = 32  // open entries of a record; beyond, the oldest is closed
	MaxMergedValue = 512 // bytes of a value that an entry keeps
	// mergedReach is how many changes are read again to find a value. What came
	// into a text later than that after it was made is missing in the entry, not
	// in what is used.
	mergedReach = 1 << 16
)

// anything reads the values of ordinary fields.
var anything = measure{kind: Any}

// row is a copy that does not change when the entry moves on.
func (m *Merged) row() Merged {
	row := *m
	row.Values = slices.Clone(row.Values)
	return row
}

// of is the entry's value that a change wrote, nil if there is none.
func (m *Merged) of(change crdt.Hash) *MergedValue {
	i := slices.IndexFunc(m.Values, func(v MergedValue) bool { return v.Change == change })
	if i < 0 {
		return nil
	}
	return &m.Values[i]
}

// excerpt is a value as an entry keeps it, and whether that is less than all.
func excerpt(v crdt.Value) (kept crdt.Value, cut bool) {
	switch v.Kind {
	case crdt.Str, crdt.Text:
		if len(v.Str) <= MaxMergedValue {
			return v, false
		}
		end := MaxMergedValue
		for !utf8.RuneStart(v.Str[end]) {
			end--
		}
		return crdt.Value{Kind: v.Kind, Str: strings.Clone(v.Str[:end])}, true
	case crdt.Bytes, crdt.Unknown:
		if len(v.Bytes) <= MaxMergedValue {
			return v, false
		}
		return crdt.Value{Kind: v.Kind, Code: v.Code, Bytes: slices.Clone(v.Bytes[:MaxMergedValue])}, true
	case crdt.Map, crdt.List:
		if len(written(v)) <= MaxMergedValue {
			return v, false
		}
		return crdt.Value{Kind: v.Kind}, true
	}
	return v, false
}

// openMerged is the open entry of that id, nil if there is none.
func (l *ledger) openMerged(id string) *Merged {
	for _, m := range l.Merged {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// passOn gives the values of one author to another, and reports whether there
// were any.
func (m *Merged) passOn(from, to Author) bool {
	passed := false
	for i := range m.Values {
		if v := &m.Values[i]; v.Author.same(from) {
			v.Author, passed = to, true
		}
	}
	return passed
}
