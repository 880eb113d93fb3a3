package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// A State says what became of a proposal. Proposals are never deleted.
type State string

// The states of a proposal.
const (
	Open            State = "open"
	Accepted        State = "accepted"
	Rejected        State = "rejected"
	Superseded      State = "superseded"
	WithdrawnByAuth State = "withdrawn"
	NoChange        State = "no_change"
)

// A Source says which way an edit came.
type Source string

// The sources.
const (
	FromDevice  Source = "device"
	FromAPI     Source = "api"
	FromWebhook Source = "webhook"
)

// An Author is who an edit belongs to: the principal that its actor is bound
// to, or the actor itself until it is bound.
type Author struct {
	User   string `json:"user,omitempty"`
	Device string `json:"device,omitempty"`
	Role   Role   `json:"role,omitempty"`
	Actor  string `json:"actor,omitempty"` // hex; set alone until the actor is bound
	// CarriedBy is the device that delivered the edit, if it was another.
	CarriedBy string `json:"carried_by,omitempty"`
}

// key is what makes two authors the same: the user, on whatever device.
func (a Author) key() string {
	if a.User == "" {
		return "actor:" + a.Actor
	}
	return "user:" + a.User
}

// same reports whether two authors are one.
func (a Author) same(o Author) bool { return a.key() == o.key() }

// A Proposal is one attempt to set a critical field.
type Proposal struct {
	ID         string     `json:"id"`
	Value      crdt.Value `json:"value"`
	State      State      `json:"state"`
	Reason     string     `json:"reason"`
	Source     Source     `json:"source,omitempty"` // of its first author's edit
	Authors    []Author   `json:"authors"`          // the first is its author, the others joined
	EditedAt   time.Time  `json:"edited_at"`
	ReceivedAt time.Time  `json:"received_at"`
	// DecidedAt is the revision that moved it to a final state, 0 until then.
	DecidedAt uint64 `json:"decided_at,omitempty"`
	// Since is what an author of it set later without the right to propose.
	Since *Later `json:"author_has_since_set,omitempty"`
}

// A Later is a value that an author of an open proposal set after it, and that
// was rejected.
type Later struct {
	Value crdt.Value `json:"value"`
	At    time.Time  `json:"at"`
}

// join adds an author, once.
func (p *Proposal) join(a Author) {
	if !slices.ContainsFunc(p.Authors, a.same) {
		p.Authors = append(p.Authors, a)
	}
}

// leave takes an author away; the proposal becomes left when nobody is behind
// it any more, and keeps its last author's name.
func (p *Proposal) leave(a Author, left State) {
	others := slices.DeleteFunc(slices.Clone(p.Authors), a.same)
	if len(others) == 0 {
		p.State = left
		return
	}
	p.Authors = others
}
