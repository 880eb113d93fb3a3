package mapping

import (
	"fmt"
	"slices"
	"strings"

	"wedsync/crdt"
)

// Bounds of a mapping.
const (
	MaxRules = 100
	MaxFrom  = 8   // paths of a rule
	MaxSteps = 10  // of a rule
	MaxPath  = 256 // bytes, of a path and of a field's
	MaxKeys  = 16  // that a path leads through
	MaxWords = 200 // of an enum
	MaxText  = 4 << 10
	MaxValue = 256 << 10 // bytes of a text that steps make
)

// A Mapping says how an object becomes edits of a record. Of rules that set the
// same field the first that has a value does.
type Mapping struct {
	Rules []Rule `json:"rules"`
}

// A Rule sets one field.
type Rule struct {
	// From are paths into the object: the first that holds something counts, or
	// all that do if the first step is a join.
	From []string  `json:"from,omitempty"`
	To   crdt.Path `json:"to"`
	Do   []Step    `json:"do,omitempty"`
	// Clear has an empty value clear the field; otherwise it says nothing, as most
	// senders mean it.
	Clear bool `json:"clear,omitempty"`
}

// A RuleError says what is wrong with which rule.
type RuleError struct {
	Rule   int    // its place, 0 for the first; -1 for the mapping as a whole
	Member string // of the rule, such as do[1].format; empty for all of it
	Reason string
}

func (e *RuleError) Error() string { return e.Field() + " " + e.Reason }

// Field is where in the JSON of the mapping the fault is.
func (e *RuleError) Field() string {
	switch {
	case e.Rule < 0:
		return "rules"
	case e.Member == "":
		return fmt.Sprintf("rules[%d]", e.Rule)
	}
	return fmt.Sprintf("rules[%d].%s", e.Rule, e.Member)
}

// Check reports what is wrong with a mapping, as a *RuleError.
func (m Mapping) Check() error {
	if len(m.Rules) > MaxRules {
		return &RuleError{-1, "", fmt.Sprintf("are too many: a mapping has at most %d", MaxRules)}
	}
	for i, r := range m.Rules {
		if member, reason := r.wrong(); reason != "" {
			return &RuleError{i, member, reason}
		}
		for k, other := range m.Rules[:i] {
			if below(r.To, other.To) || below(other.To, r.To) {
				return &RuleError{i, "to", fmt.Sprintf("overlaps %q, which rule %d sets", other.To, k)}
			}
		}
	}
	return nil
}

// wrong says what is wrong with a rule by itself, with an empty reason for nothing.
func (r Rule) wrong() (member, reason string) {
	if reason := wrongField(r.To); reason != "" {
		return "to", reason
	}
	constant := len(r.Do) > 0 && r.Do[0].Do == Constant
	switch {
	case len(r.From) == 0 && !constant:
		return "from", "is needed: a path into the object, unless the first step is a constant"
	case len(r.From) > 0 && constant:
		return "from", "is not looked at: the first step is a constant"
	case len(r.From) > MaxFrom:
		return "from", fmt.Sprintf("has more than %d paths", MaxFrom)
	case len(r.Do) > MaxSteps:
		return "do", fmt.Sprintf("has more than %d steps", MaxSteps)
	}
	for i, from := range r.From {
		if _, err := parsePath(from); err != nil {
			return fmt.Sprintf("from[%d]", i), err.Error()
		}
	}
	for i, step := range r.Do {
		if member, reason := step.wrong(); reason != "" {
			return fmt.Sprintf("do[%d].%s", i, member), reason
		}
		if i > 0 && step.Do == Constant {
			return fmt.Sprintf("do[%d].do", i), "must come first: a constant looks at nothing before it"
		}
	}
	return "", ""
}

// wrongField says why no rule may set a field, empty if one may.
func wrongField(to crdt.Path) string {
	const hubs = "sync_conflicts"
	switch {
	case to == "":
		return "is needed: the field to set"
	case len(to) > MaxPath:
		return fmt.Sprintf("is longer than %d bytes", MaxPath)
	case slices.Contains(to.Keys(), ""):
		return "has an empty key"
	case to == hubs || below(to, hubs):
		return "is written by the hub alone"
	}
	return ""
}

// below reports whether p lies under parent.
func below(p, parent crdt.Path) bool { return strings.HasPrefix(string(p), string(parent)+".") }
