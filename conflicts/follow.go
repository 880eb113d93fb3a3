package conflicts

import (
	"errors"
	"fmt"
	"slices"
)

// ErrFollow means that a record in memory cannot take over what another process
// stored. It is to be forgotten and loaded again.
var ErrFollow = errors.New("the record must be loaded again")

// Follow takes over what another process stored since the record was read: the
// newest ledger and the batches that came since, in their order. The record
// must be as the store had it. After an error, which is ErrFollow, it is to be
// forgotten.
func (r *Record) Follow(ledger []byte, batches []StoredBatch) error {
	l, err := parseLedger(ledger)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFollow, err)
	}
	r.ledger, r.adopted, r.hubActors = l, nil, nil
	if !slices.Equal(r.watched(), r.watching) {
		return fmt.Errorf("%w: other fields are critical", ErrFollow)
	}
	for i, batch := range batches {
		if err := r.restoreBatch(batch); err != nil {
			return fmt.Errorf("%w: batch %d: %w", ErrFollow, i, err)
		}
	}
	for _, a := range l.Answers {
		r.seal(a)
	}
	return nil
}
