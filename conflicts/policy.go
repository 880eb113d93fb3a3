package conflicts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// A Kind says what values a critical field takes and how they compare.
type Kind string

// The kinds.
const (
	Date   Kind = "date"   // YYYY-MM-DD
	Text   Kind = "text"   // NFC, trimmed, inner spaces collapsed
	Money  Kind = "money"  // exact decimal
	Number Kind = "number" // exact decimal
	Any    Kind = "any"
)

// example says what fits the kind.
func (k Kind) example() string {
	switch k {
	case Date:
		return `a date as "2027-06-12"`
	case Money, Number:
		return `a number as 12500 or "12500.50", without separators, spaces or currency`
	case Text:
		return "a text"
	}
	return "any value"
}

// A Review says which edits of a field need a person.
type Review string

// The modes of review.
const (
	EveryEdit        Review = "every_edit"        // who may not resolve, proposes
	ConflictingEdits Review = "conflicting_edits" // only stale and concurrent edits divert
	Locked           Review = "locked"            // resolvers only
)

// A FieldPolicy makes one field critical.
type FieldPolicy struct {
	Path   crdt.Path `json:"path"`
	Kind   Kind      `json:"kind"`
	Review Review    `json:"review"`
}

// A Policy is what a supplier holds critical. An edit is judged by the version
// in force when it is stored.
type Policy struct {
	Version uint64        `json:"version"`
	Fields  []FieldPolicy `json:"fields"`
	Zone    string        `json:"zone,omitempty"` // IANA name for dates; UTC if empty
	// ReopenHours is how long after its decision a conflict may be reopened; 0
	// means DefaultReopenHours.
	ReopenHours uint64 `json:"reopen_hours,omitempty"`
	// RemindAfter is after how many seconds people are reminded of a conflict that
	// is pending; 0 means never, nil DefaultRemindAfter.
	RemindAfter *uint64 `json:"remind_after,omitempty"`

	location *time.Location
}

// DefaultPolicy is the policy of a supplier that has not set one.
func DefaultPolicy() *Policy {
	return &Policy{Version: 1, Fields: []FieldPolicy{
		{Path: "wedding_date", Kind: Date, Review: EveryEdit},
		{Path: "venue_name", Kind: Text, Review: EveryEdit},
		{Path: "budget", Kind: Money, Review: EveryEdit},
	}}
}

// MaxPolicyFields bounds the critical fields of a supplier.
const MaxPolicyFields = 100

// Check reports what is wrong with a policy, as a *ZoneError, a
// *PolicyError or, where one field is, as a *FieldError, and looks up its zone.
// A policy must pass before it comes into force.
func (p *Policy) Check() error {
	loc, err := time.LoadLocation(p.Zone)
	if err != nil || p.Zone == "Local" {
		return &ZoneError{p.Zone}
	}
	p.location = loc
	if err := p.checkReminder(); err != nil {
		return err
	}
	if len(p.Fields) > MaxPolicyFields {
		return &FieldError{p.Fields[MaxPolicyFields].Path, fmt.Sprintf("is one too many: a policy has at most %d", MaxPolicyFields)}
	}
	for i, f := range p.Fields {
		if reason := f.wrong(); reason != "" {
			return &FieldError{f.Path, reason}
		}
		for _, other := range p.Fields[:i] {
			if other.Path == f.Path || below(f.Path, other.Path) || below(other.Path, f.Path) {
				return &FieldError{f.Path, fmt.Sprintf("overlaps %q", other.Path)}
			}
		}
	}
	return nil
}

// wrong says what is wrong with the field by itself, empty for nothing.
func (f FieldPolicy) wrong() string {
	switch {
	case slices.Contains(f.Path.Keys(), ""):
		return "has an empty key"
	case reserved(f.Path):
		return "belongs to the hub"
	case slices.ContainsFunc(f.Path.Keys(), isIndex):
		return "leads into a list, where no field keeps its place"
	case !slices.Contains([]Kind{Date, Text, Money, Number, Any}, f.Kind):
		return fmt.Sprintf("has the unknown kind %q", f.Kind)
	case !slices.Contains([]Review{EveryEdit, ConflictingEdits, Locked}, f.Review):
		return fmt.Sprintf("has the unknown review %q", f.Review)
	}
	return ""
}

// How long after its decision a conflict may be reopened.
const (
	DefaultReopenHours = 24
	MaxReopenHours     = 24 * 366
)

// reopenWithin is the policy's window of reopening.
func (p *Policy) reopenWithin() time.Duration {
	return time.Duration(min(cmp.Or(p.ReopenHours, DefaultReopenHours), MaxReopenHours)) * time.Hour
}

// isIndex reports whether a key of a path is the number of a list's element.
func isIndex(key string) bool {
	return key != "" && strings.Trim(key, "0123456789") == "" || strings.ContainsAny(key, "[]")
}

// field is the policy of a critical field.
func (p *Policy) field(path crdt.Path) (FieldPolicy, bool) {
	i := slices.IndexFunc(p.Fields, func(f FieldPolicy) bool { return f.Path == path })
	if i < 0 {
		return FieldPolicy{}, false
	}
	return p.Fields[i], true
}

// zone is where the supplier's days begin. A policy that was not checked and
// names no zone that exists has UTC.
func (p *Policy) zone() *time.Location {
	if p.location != nil {
		return p.location
	}
	if loc, err := time.LoadLocation(p.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// below reports whether p lies under parent.
func below(p, parent crdt.Path) bool {
	return strings.HasPrefix(string(p), string(parent)+".")
}

// reserved reports whether p is the hub's own: sync_conflicts and all below it.
func reserved(p crdt.Path) bool { return p == marksPath || below(p, marksPath) }
