package conflicts

import (
	"math"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// A MergedUse chooses one of the values of a merged entry.
type MergedUse struct {
	By     Principal `json:"-"`
	Entry  string    `json:"entry"`
	Value  crdt.Hash `json:"value"` // the change that wrote it
	Policy *Policy   `json:"-"`
	Now    time.Time `json:"-"`
}

// UseMerged writes a value of an open entry, all of it as it is now, as an edit
// of the API, and closes the entry. On an error nothing has changed.
func (r *Record) UseMerged(u MergedUse) (*Outcome, error) {
	m, err := r.mayMerge(u.By, u.Entry)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(m.Field), ".") {
		return nil, &FieldError{m.Field, "has a dot in its name, which cannot be told from a path"}
	}
	if m.of(u.Value) == nil {
		return nil, ErrUnknownValue
	}
	writes, err := r.roots.Latest(string(m.Field), r.env.storedLimits(), math.MaxInt)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(writes, func(w crdt.RootWrite) bool { return r.graph.At(w.Change).Hash == u.Value })
	if i < 0 {
		return nil, ErrUnknownValue
	}
	fields := map[crdt.Path]crdt.Value{m.Field: writes[i].Value}
	return r.edit(Edit{From: u.By, Fields: fields, Policy: u.Policy, Now: u.Now}, &u)
}

// DismissMerged closes an open entry as seen; the field stays as it is. On an
// error nothing has changed.
func (r *Record) DismissMerged(by Principal, entry string, p *Policy, now time.Time) (*Outcome, error) {
	m, err := r.mayMerge(by, entry)
	if err != nil {
		return nil, err
	}
	b := r.begin(by, p, now)
	b.out.Input = &Input{Dismisses: entry}
	author := by.author()
	b.closeMerged(m.Field, MergedDismissed, &author)
	b.out.Chosen = m.Field
	b.answer(b.fields, nil)
	return b.outcome(), nil
}

// mayMerge checks whether somebody may close an entry, and finds it.
func (r *Record) mayMerge(by Principal, entry string) (*Merged, error) {
	switch {
	case !by.Role.MayPropose():
		return nil, ErrForbidden
	case r.ledger.Awaiting != nil:
		return nil, ErrIntroducing
	case r.full():
		return nil, ErrFull
	}
	m := r.ledger.openMerged(entry)
	if m == nil {
		return nil, ErrUnknownMerged
	}
	return m, nil
}
