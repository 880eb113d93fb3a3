package conflicts

import (
	"slices"

	"wedsync/crdt"
)

// Bounds of what is told of one batch.
const (
	MaxChanged = 64 // root keys
	MaxSteps   = 64 // conflicts, merged entries, and proposals of one conflict; of more, the first

	// ChangedMore stands among the changed keys for those that are not named.
	ChangedMore = "…"
)

// A Phase is what a batch did to its record as a whole.
type Phase string

// The phases.
const (
	Introducing Phase = "introducing" // it is not judged yet, nor listed
	Created     Phase = "created"     // from here on it is
)

// Steps are how far a batch brought its record beside its fields' values, for
// those who are told of it.
type Steps struct {
	Phase     Phase          `json:"phase,omitempty"`
	Conflicts []ConflictStep `json:"conflicts,omitempty"`
	Merged    []MergedStep   `json:"merged,omitempty"`
}

// A ConflictStep is how far a batch brought a conflict.
type ConflictStep struct {
	ID        string         `json:"id"`
	Field     crdt.Path      `json:"field"`
	Status    Status         `json:"status"`
	Was       Status         `json:"was,omitempty"` // before; empty of one that the batch opened
	Version   uint64         `json:"version"`
	Reason    string         `json:"reason"`
	Action    Action         `json:"action,omitempty"`  // of one that the batch decided
	Reopens   string         `json:"reopens,omitempty"` // of one that it opened: a former one
	Proposals []ProposalStep `json:"proposals,omitempty"`
}

// A ProposalStep is a proposal that is new, or came to another state.
type ProposalStep struct {
	ID     string `json:"id"`
	State  State  `json:"state"`
	Was    State  `json:"was,omitempty"` // empty of a new one
	Author Author `json:"author"`
}

// A MergedStep is how far a batch brought a merged entry.
type MergedStep struct {
	ID      string       `json:"id"`
	Field   crdt.Path    `json:"field"`
	Status  MergedStatus `json:"status"`
	Version uint64       `json:"version"`
}

// A foundConflict is how a batch found a pending conflict.
type foundConflict struct {
	conflict *Conflict
	status   Status
	version  uint64
	states   []State // of its proposals
}

// find notes how the pending conflicts stand.
func (b *batch) find() {
	b.listed = b.ledger.Listed
	for _, f := range b.ledger.Fields {
		c := f.Pending
		if c == nil {
			continue
		}
		found := foundConflict{conflict: c, status: c.Status, version: c.Version, states: make([]State, len(c.Proposals))}
		for i := range c.Proposals {
			found.states[i] = c.Proposals[i].State
		}
		b.pendings = append(b.pendings, found)
	}
}

// tellSteps says how far the batch has come.
func (b *batch) tellSteps() {
	var s Steps
	switch {
	case !b.ledger.Listed:
		s.Phase = Introducing
	case !b.listed:
		s.Phase = Created
		b.out.Changed = slices.DeleteFunc(b.roots.Keys(), func(key string) bool { return key == string(marksPath) })
	}
	for _, c := range b.moved {
		if step, ok := b.step(c); ok && len(s.Conflicts) < MaxSteps {
			s.Conflicts = append(s.Conflicts, step)
		}
	}
	for _, m := range b.merged[:min(len(b.merged), MaxSteps)] {
		s.Merged = append(s.Merged, MergedStep{m.ID, m.Field, m.Status, m.Version})
	}
	if s.Phase != "" || len(s.Conflicts) > 0 || len(s.Merged) > 0 {
		b.out.Steps = &s
	}
	b.sortChanged()
}

// step is how far the batch brought a conflict, if it did.
func (b *batch) step(c *Conflict) (step ConflictStep, moved bool) {
	step = ConflictStep{ID: c.ID, Field: c.Field, Status: c.Status, Version: c.Version, Reason: c.Reason}
	var found foundConflict
	if i := slices.IndexFunc(b.pendings, func(f foundConflict) bool { return f.conflict == c }); i >= 0 {
		found = b.pendings[i]
		step.Was = found.status
	} else {
		step.Reopens = c.Reopens
	}
	if c.Decision != nil {
		step.Action = c.Decision.Action
	}
	for i := range c.Proposals {
		p := &c.Proposals[i]
		var was State
		if i < len(found.states) {
			was = found.states[i]
		}
		if was != p.State && len(step.Proposals) < MaxSteps {
			step.Proposals = append(step.Proposals, ProposalStep{p.ID, p.State, was, p.Authors[0]})
		}
	}
	return step, found.version != c.Version || found.status != c.Status || len(step.Proposals) > 0
}

// edits reports whether a batch's hub change holds what its caller set.
func (in *Input) edits() bool {
	return in != nil && (in.Edit != nil || in.Webhook != nil || in.Uses != nil)
}

// reach notes the keys that the change which was applied last reached.
func (b *batch) reach() {
	more := b.roots.Reached(func(key string) {
		switch known := slices.Contains(b.out.Changed, key); {
		case known || key == string(marksPath):
		case len(b.out.Changed) < MaxChanged:
			b.out.Changed = append(b.out.Changed, key)
		default:
			b.reachedMore = true
		}
	})
	b.reachedMore = b.reachedMore || more
}

// sortChanged brings the changed keys into their order, within their bound.
func (b *batch) sortChanged() {
	slices.Sort(b.out.Changed)
	if len(b.out.Changed) > MaxChanged {
		b.out.Changed, b.reachedMore = b.out.Changed[:MaxChanged], true
	}
	if b.reachedMore {
		b.out.Changed = append(b.out.Changed, ChangedMore)
	}
}
