package conflicts

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of an activity that an app posts, in bytes.
const (
	MaxActivityKind = 64
	MaxActivityText = 2 << 10
	MaxActivityData = 16 << 10
)

// An Activity is something that happened around a record and that an app posts:
// a call, a note of a meeting. It changes nothing of the record.
type Activity struct {
	Kind string          `json:"kind"` // the app's own word: letters, digits, and - _ . between
	Text string          `json:"text"` // for people
	Data json.RawMessage `json:"data,omitempty"`
}

// An ActivityError says what is wrong with an activity.
type ActivityError struct {
	Member string // kind, text or data
	Reason string
}

func (e *ActivityError) Error() string { return e.Member + " " + e.Reason }

// Check finds an activity that cannot be posted; its error is an *ActivityError.
func (a *Activity) Check() error {
	switch {
	case a.Kind == "" || len(a.Kind) > MaxActivityKind:
		return &ActivityError{"kind", fmt.Sprintf("must have 1 to %d characters", MaxActivityKind)}
	case !kindLike(a.Kind):
		return &ActivityError{"kind", "must be letters and digits, with - _ or . between"}
	case a.Text == "" || len(a.Text) > MaxActivityText:
		return &ActivityError{"text", fmt.Sprintf("must have 1 to %d bytes", MaxActivityText)}
	case !utf8.ValidString(a.Text):
		return &ActivityError{"text", "must be UTF-8"}
	case len(a.Data) > MaxActivityData:
		return &ActivityError{"data", fmt.Sprintf("must not be longer than %d bytes", MaxActivityData)}
	case len(a.Data) > 0 && !json.Valid(a.Data):
		return &ActivityError{"data", "must be JSON"}
	}
	return nil
}

func kindLike(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		between := i > 0 && i < len(s)-1 && (c == '-' || c == '_' || c == '.')
		if !letter && !between {
			return false
		}
	}
	return true
}

// Post has an activity told of the record; nothing else happens. On an error
// nothing has changed.
func (r *Record) Post(by Principal, a Activity, p *Policy, now time.Time) (*Outcome, error) {
	switch {
	case !by.Role.MayPropose():
		return nil, ErrForbidden
	case r.ledger.Awaiting != nil || !r.ledger.Listed:
		return nil, ErrIntroducing
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	b := r.begin(by, p, now)
	b.out.Activity = &a
	b.answer(b.fields, nil)
	return b.outcome(), nil
}
