package processing

import (
	"encoding/json"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// What became of an event.
const (
	Applied = "applied" // its fields went to a record
	Created = "created" // and the record was made of them
	Nothing = "nothing" // there was nothing to do
	Waiting = "waiting" // for a person to say whose record it is about
)

// An Outcome is what became of an event.
type Outcome struct {
	Result string `json:"result"`
	Record string `json:"client_id,omitempty"`
	Object string `json:"object,omitempty"` // the sender's id of what it is about
	Note   string `json:"note,omitempty"`   // for people
	// Fields are those that the mapping made something of, ascending by field.
	Fields     []FieldOutcome `json:"fields,omitempty"`
	Candidates []Candidate    `json:"candidates,omitempty"` // if it waits: whose it may be
}

// What became of one field, beside the outcomes of conflicts.Verdict.
const (
	Written  = "written"  // an ordinary field, merged
	Repeated = "repeated" // an ordinary field, about which the connection said nothing new
)

// A FieldOutcome is what became of one field.
type FieldOutcome struct {
	Field    crdt.Path `json:"field"`
	Value    any       `json:"value"` // as the mapping made it
	Outcome  string    `json:"outcome"`
	Reason   string    `json:"reason,omitempty"`
	Conflict string    `json:"conflict_id,omitempty"`
}

// A Candidate is a record that an event may be about.
type Candidate struct {
	Record  string  `json:"client_id"`
	Name    string  `json:"name,omitempty"`
	Matches []Match `json:"matches"` // never empty
}

// A Match is a contact that a record shares with an object.
type Match struct {
	Kind  store.ContactKind `json:"kind"`
	Value string            `json:"value"` // as the record has it
	Same  bool              `json:"same"`  // else the same but for the code of a country
}

// OutcomeOf is what became of an event; nil as long as nobody knows, or if it is
// forgotten.
func OutcomeOf(e store.InboxEvent) (*Outcome, error) {
	if len(e.Outcome) == 0 {
		return nil, nil
	}
	var o Outcome
	if err := json.Unmarshal(e.Outcome, &o); err != nil {
		return nil, fmt.Errorf("outcome of event %s: %w", e.ID, err)
	}
	return &o, nil
}

// settle makes an event one of which o became.
func settle(e *store.InboxEvent, o *Outcome) error {
	body, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("outcome of event %s: %w", e.ID, err)
	}
	e.Outcome, e.State, e.Error = body, store.EventDone, ""
	if o.Record != "" {
		if e.Record, err = crdt.ParseRecordID(o.Record); err != nil {
			return fmt.Errorf("outcome of event %s: %w", e.ID, err)
		}
	}
	before := e.Candidates
	e.Candidates = nil
	if o.Result != Waiting {
		return nil
	}
	e.State = store.EventWaiting
	for _, c := range o.Candidates {
		id, err := crdt.ParseRecordID(c.Record)
		if err != nil {
			return fmt.Errorf("outcome of event %s: %w", e.ID, err)
		}
		e.Candidates = append(e.Candidates, id)
	}
	if len(o.Candidates) == 0 {
		e.Candidates = before // what it says may be about them still
	}
	return nil
}

// tell adds what the hub decided about the fields of an event.
func (o *Outcome) tell(edits map[crdt.Path]crdt.Value, repeated map[crdt.Path]bool, verdicts []conflicts.Verdict) {
	o.Fields = make([]FieldOutcome, 0, len(edits))
	for _, path := range pathsOf(edits) {
		f := FieldOutcome{Field: path, Value: edits[path].JSON(), Outcome: Written}
		if repeated[path] {
			f.Outcome = Repeated
		}
		for _, v := range verdicts {
			if v.Field == path {
				f.Outcome, f.Reason, f.Conflict = v.Outcome, v.Reason, v.Conflict
			}
		}
		o.Fields = append(o.Fields, f)
	}
}
