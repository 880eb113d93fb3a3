package hub_test

import (
	"errors"
	"time"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// modelCRM is a connection to another system.
var modelCRM = conflicts.Principal{Supplier: modelSupplier, User: "crm", Role: conflicts.Integration}

// webhook has the connection deliver fields, now and then an event once more.
func (m *model) webhook(t *rapid.T) {
	w := conflicts.WebhookEdit{
		From: modelCRM, Event: rapid.SampledFrom([]string{"e1", "e2", "e3", "e4", "e5", "e6"}).Draw(t, "event"),
		Fields: map[crdt.Path]crdt.Value{"budget": budgetValue(t)},
	}
	if rapid.Bool().Draw(t, "notes") {
		w.Fields["notes"] = textOrString(t, rapid.SampledFrom([]string{"n", "nn"}).Draw(t, "note"))
	}
	_, err := m.hub.Webhook(m.ctx, m.id, w, nil)
	m.done("webhook", err)
}

// exchange has the hub send a revision to the connection, which may acknowledge it.
func (m *model) exchange(t *rapid.T) {
	if m.at.record == nil {
		return
	}
	accepted := m.at.view.Accepted["budget"].Revision
	if accepted == 0 {
		return
	}
	s := conflicts.Sending{To: modelCRM, Revisions: map[crdt.Path]uint64{
		"budget": rapid.Uint64Range(1, accepted).Draw(t, "revision"),
	}}
	m.done("sent", m.hub.Sent(m.ctx, m.id, s))
	m.check(t)
	if m.at.view != nil && m.at.view.Accepted["budget"].Revision >= accepted && rapid.Bool().Draw(t, "acknowledged") {
		m.done("acknowledged", m.hub.Acknowledged(m.ctx, m.id, s))
	}
}

// remind reminds, some time later, of the conflicts that nobody was reminded of
// for a while.
func (m *model) remind(t *rapid.T) {
	m.clock.Add(int64(rapid.IntRange(0, 15).Draw(t, "minutes later")) * int64(time.Minute))
	after := time.Duration(rapid.IntRange(1, 10).Draw(t, "minutes")) * time.Minute
	m.done("remind", hub.Remind(m.ctx, m.hub, modelSupplier, m.id, after))
}

// erase takes the record away: nothing is left of it, and nothing of it is
// stored any more.
func (m *model) erase() {
	if m.at.record == nil || !m.at.record.Listed() {
		return
	}
	m.must(m.hub.Erase(m.ctx, m.id, m.owner()))
	m.erased()
	for _, a := range m.authors[:4] {
		a.deliver([][]byte{a.graph.At(0).Raw})
	}
	m.erased()
	if err := m.hub.Restore(m.ctx, m.id, m.owner(), nil); !errors.Is(err, store.ErrNotFound) {
		m.t.Fatalf("restore of an erased record: %v", err)
	}
	m.tally.note("erase")
}

// erased looks for what is left.
func (m *model) erased() {
	stored, err := m.store.Load(m.ctx, m.id)
	m.must(err)
	if stored.State != store.Erased || stored.Version != m.at.version+1 || len(stored.Ledger)+len(stored.Heads.Heads) > 0 {
		m.t.Fatalf("an erased record is %+v", stored)
	}
	rows, err := m.store.Conflicts(m.ctx, modelSupplier, store.ConflictQuery{Limit: 10_000})
	m.must(err)
	if len(rows) != len(m.at.rows) {
		m.t.Fatalf("%d conflicts of an erased record, %d before", len(rows), len(m.at.rows))
	}
	for _, row := range rows {
		if row.Status != conflicts.Erased || !row.Current.Value.Equal(crdt.Value{}) {
			m.t.Fatalf("conflict %s of an erased record", asJSON(row))
		}
	}
	m.erasedMerged()
	if kept := m.receipts(); len(kept) > 0 {
		m.t.Fatalf("receipts of an erased record: %v", kept)
	}
	entries, err := m.store.Journal(m.ctx, modelSupplier, 0, 10_000)
	m.must(err)
	last := len(entries) - 1
	for i, e := range entries {
		if i != last && len(e.Batches) > 0 {
			m.t.Fatalf("entry %d of an erased record: %s", e.Number, asJSON(e))
		}
	}
	batch := entries[last].Batches[0]
	rec := conflicts.New(m.id, &conflicts.Env{Secret: modelIdentity.Secret, Limits: crdt.DefaultLimits}, conflicts.DefaultPolicy())
	_, err = rec.Replay(conflicts.Journaled{From: batch.Origin.From, At: batch.Origin.At, Input: batch.Origin.Input}, nil)
	if len(batch.Chunks) > 0 || !errors.Is(err, conflicts.ErrErased) {
		m.t.Fatalf("the last entry of an erased record is %s, its replay says %v", asJSON(batch), err)
	}
}
