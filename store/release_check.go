package store

import (
	"fmt"

	"wedsync/crdt"
)

// CheckRelease finds a record that a store may not release: one that was erased
// or holds a change. Its error is ErrNotEmpty.
func CheckRelease(id crdt.RecordID, st *Stored) error {
	if st.State == Erased {
		return fmt.Errorf("record %s was erased: %w", id, ErrNotEmpty)
	}
	for _, b := range st.Batches {
		if len(b.Chunks) > 0 {
			return fmt.Errorf("record %s: %w", id, ErrNotEmpty)
		}
	}
	return nil
}
