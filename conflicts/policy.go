package conflicts

import (
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
