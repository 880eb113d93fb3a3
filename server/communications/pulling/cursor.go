package pulling

import (
	"encoding/json"
	"time"

	"wedsync/store"
)

// progress is how far a scope was read and how that went: the State of its cursor.
type progress struct {
	Place json.RawMessage `json:"place,omitempty"` // the source's own
	Again bool            `json:"again,omitempty"` // the place was lost, and all is read again

	Reading uint64 `json:"reading,omitempty"` // of the account, when the place was begun
	Claim   string `json:"claim,omitempty"`   // of who reads it; nobody if empty
	Hinted  bool   `json:"hinted,omitempty"`  // something has changed since it was claimed
	Gone    bool   `json:"gone,omitempty"`    // the account has no such scope any more

	Success time.Time `json:"success,omitzero"` // when all had been read
	Tried   time.Time `json:"tried,omitzero"`   // when reading last came to an end, a good one or not
	Found   int       `json:"found,omitempty"`  // items, since it was up to date
	Left    int       `json:"left,omitempty"`   // items still to be read, about; -1 if nobody knows

	// Check is set from when the place was lost until it is known what has gone meanwhile;
	// Checked is the account's id up to which that was looked for; Unchecked is how
	// often the provider has failed at it in a row.
	Check     bool   `json:"check,omitempty"`
	Checked   string `json:"checked,omitempty"`
	Unchecked int    `json:"unchecked,omitempty"`

	Watched time.Time `json:"watched,omitzero"` // until when the provider says that something has changed; of watchScope alone

	State    State  `json:"state,omitempty"`    // Limited, Failing or Reconnect; empty while all is well
	Failures int    `json:"failures,omitempty"` // in a row
	Lost     int    `json:"lost,omitempty"`     // how often the place was lost since it was up to date
	Error    string `json:"error,omitempty"`    // of the last failure, in words for anybody
}

// progressOf reads the state of a cursor. One that cannot be read is as a new one:
// what it loses is read again under the same ids.
func progressOf(c store.Cursor) (p progress) {
	if json.Unmarshal(c.State, &p) != nil {
		return progress{}
	}
	return p
}

// state is the progress as a cursor has it.
func (p progress) state() ([]byte, error) { return json.Marshal(p) }

// claimed reports whether somebody reads a scope.
func (p progress) claimed(c store.Cursor, now time.Time) bool {
	return p.Claim != "" && c.Due.After(now)
}

// due reports whether a scope is to be read on.
func (p progress) due(c store.Cursor, now time.Time) bool { return !p.Gone && !c.Due.After(now) }

// never is when a scope is due that the account does not have any more.
var never = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// checkIn is how long what went is not looked for, once all that is there was read.
func (p progress) checkIn() time.Duration {
	if p.Unchecked == 0 {
		return 0
	}
	return checkAgain << min(p.Unchecked-1, 10)
}
