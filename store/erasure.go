package store

import (
	"context"
	"fmt"

	"wedsync/crdt"
)

// An Erasure takes a record away for good.
type Erasure struct {
	Supplier string
	Record   crdt.RecordID
	Version  uint64 // the record's version when it was read
	Origin   Origin // who erased it, and when
	// Contacts are those that the record had before, beside those of its
	// projection; at most MaxFormerContacts.
	Contacts []Contact
}

// MaxFormerContacts bounds the contacts of an erasure.
const MaxFormerContacts = 256

// CheckErasure returns ErrTooMany if an erasure has more contacts than may be.
func CheckErasure(e *Erasure) error {
	if len(e.Contacts) > MaxFormerContacts {
		return fmt.Errorf("%d former contacts, at most %d are looked for: %w", len(e.Contacts), MaxFormerContacts, ErrTooMany)
	}
	return nil
}

// An Eraser forgets records.
type Eraser interface {
	// Erase removes all content of a record, in one transaction: its changes and
	// their origins, ledger, projection, receipts, answers, merged entries, what
	// devices said of it, and the values in its rows of sync_conflicts, which stay
	// as erased. The id stays bound to its supplier in the state Erased; no
	// commit, projection or announcement of the record is stored any more. Its
	// journal entries keep their numbers and have no batches; one more tells of
	// the erasure, with its origin.
	//
	// Events about the record, or about an object that it is, keep the keys by which
	// a repetition is known. So do those of which it is the only candidate, and those
	// of the same object that wait without candidates. One that has other candidates
	// loses this one and its outcome, and is received again, due at the time of the
	// erasure.
	//
	// Items in the record's timeline lose all but their key and the names of their
	// occurrences, by which they are left out ever after. So do those that would be
	// there if the record had one of Contacts still; contacts that another listed
	// record has are left alone. An item that is in another record's timeline too, or
	// that a person has unlinked, loses the participants with these contacts alone.
	//
	// It returns ErrNotFound if the supplier has no such record or it is erased
	// already, ErrStale if the record moved on since it was read; nothing has
	// changed then. After nil a power failure brings nothing back, and no query finds
	// what the rows held; how long files of the store may hold parts of it, each
	// store says. After another error the record may or may not be erased.
	Erase(ctx context.Context, e Erasure) error
}
