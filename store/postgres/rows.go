package postgres

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"wedsync/crdt"
)

// A lazyRow is made when it is written, if ever.
type lazyRow struct{ make func() (any, error) }

// MarshalJSON makes the row.
func (r *lazyRow) MarshalJSON() ([]byte, error) {
	made, err := r.make()
	if err != nil {
		return nil, err
	}
	return json.Marshal(made)
}

// hexID is a record's id as PostgreSQL reads it from JSON.
func hexID(id crdt.RecordID) string { return hex.EncodeToString(id[:]) }

// micros is a time as the database keeps it: cut to microseconds, not rounded.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// uuids are ids as arguments of a statement.
func uuids(ids []crdt.RecordID) [][16]byte {
	all := make([][16]byte, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// sortBy puts rows in order of a text as it is, not as the database has it.
func sortBy[T any](rows []T, text func(T) string) {
	slices.SortFunc(rows, func(a, b T) int { return cmp.Compare(text(a), text(b)) })
}
