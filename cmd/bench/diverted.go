package main

import (
	"context"
	"errors"
	"fmt"
)

// A divertedSize says how many edits are compared.
type divertedSize struct{ records int }

func (z divertedSize) work() work {
	return work{records: z.records, changes: 1, spans: []span{{0, 1}}}
}

// A quarter is one change of each of a quarter of the records, ordinary or
// diverted.
type quarter struct {
	from, to int // records
	diverted bool
}

// quarters alternate so that neither kind gains from coming first or last.
func (z divertedSize) quarters() []quarter {
	q := z.records / 4
	return []quarter{{0, q, false}, {q, 2 * q, true}, {2 * q, 3 * q, true}, {3 * q, 4 * q, false}}
}

func (q quarter) name() string {
	if q.diverted {
		return "diverted"
	}
	return "ordinary"
}

// A comparison is CPU seconds of ordinary edits and of as many diverted ones.
type comparison struct{ ordinary, diverted float64 }

func (c *comparison) add(q quarter, seconds float64) {
	if q.diverted {
		c.diverted += seconds
		return
	}
	c.ordinary += seconds
}

// rows are the ratio and what it was made from.
func (c *comparison) rows(key, where string, edits int) []row {
	micros := func(seconds float64) float64 { return seconds / float64(edits) * 1e6 }
	return []row{
		{Key: key, Name: "a diverted edit to an ordinary one, " + where, Unit: "×", Value: c.diverted / c.ordinary},
		{Key: key + " ordinary", Name: "  an ordinary edit: CPU", Unit: "µs", Value: micros(c.ordinary)},
		{Key: key + " diverted", Name: "  a diverted edit: CPU", Unit: "µs", Value: micros(c.diverted)},
	}
}

// measureDiverted compares edits of a critical field, which the hub diverts and
// answers with a change of its own, with edits of an ordinary one.
func measureDiverted(ctx context.Context, t *trial) ([]row, error) {
	records, ok := t.corpus.(*histories)
	if !ok {
		return nil, errors.New("the records are no Automerge histories")
	}
	z := t.size.diverted
	edits := newMemberEdits(records, z.quarters())
	all, prompt, err := divertStored(ctx, t, edits)
	if err != nil {
		return nil, err
	}
	t.progress.note("without the store")
	bare, err := divertInHub(ctx, records, edits, z.quarters())
	if err != nil {
		return nil, fmt.Errorf("without the store: %w", err)
	}
	alone, err := divertAlone(records, edits, z.quarters())
	if err != nil {
		return nil, fmt.Errorf("without hub and store: %w", err)
	}
	half := z.records / 4 * 2
	rows := all.rows("diverted", "with SQLite", half)
	rows = append(rows, prompt.rows("diverted prompt", "with SQLite, up to the last answer", half)...)
	rows = append(rows, bare.rows("diverted bare", "in the hub without sockets, projections and store", half)...)
	return append(rows, alone.rows("diverted alone", "in crdt and conflicts, without hub and store", half)...), nil
}

// divertStored brings the edits to a hub: the CPU that it used until it came to
// rest, and the part of it up to the last answer.
func divertStored(ctx context.Context, t *trial, edits []memberEdits) (all, prompt comparison, err error) {
	err = t.withServer(ctx, func(s *server) error {
		if err := t.fill(ctx, s, 1); err != nil {
			return err
		}
		url, err := s.urlOf(ctx, "member", "member")
		if err != nil {
			return err
		}
		m, err := dialMember(ctx, t.corpus, url)
		if err != nil {
			return err
		}
		defer m.close()
		t.progress.note("the member's first edits")
		if err := m.bring(ctx, edits, memberEdits.first); err != nil {
			return fmt.Errorf("first edits: %w", err)
		}
		if _, err := settle(s); err != nil {
			return err
		}
		for i, q := range t.size.diverted.quarters() {
			t.progress.note("%s edits of records %d to %d", q.name(), q.from, q.to)
			u, err := t.measure(s, fmt.Sprintf("%s-%d", q.name(), i), settle, func() error {
				return m.bring(ctx, edits[q.from:q.to], memberEdits.second)
			})
			if err != nil {
				return fmt.Errorf("%s edits: %w", q.name(), err)
			}
			all.add(q, u.server)
			prompt.add(q, u.prompt)
		}
		return onlyDiverted(ctx, s, t.size.diverted.records/2)
	})
	return all, prompt, err
}
