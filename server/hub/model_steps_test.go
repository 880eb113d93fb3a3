package hub_test

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// setPolicy puts another policy into force: other modes and kinds, fields added
// and dropped, a nested path.
func (m *model) setPolicy(t *rapid.T) {
	review := rapid.SampledFrom([]conflicts.Review{conflicts.EveryEdit, conflicts.ConflictingEdits, conflicts.Locked})
	var p conflicts.Policy
	for _, f := range []conflicts.FieldPolicy{
		{Path: "wedding_date", Kind: conflicts.Date},
		{Path: "venue_name", Kind: conflicts.Text},
		{Path: "budget", Kind: conflicts.Money},
		{Path: "venue.name", Kind: conflicts.Text},
	} {
		if rapid.IntRange(0, 5).Draw(t, "dropped") == 0 {
			continue
		}
		f.Review = review.Draw(t, "review")
		if rapid.IntRange(0, 7).Draw(t, "any") == 0 {
			f.Kind = conflicts.Any
		}
		p.Fields = append(p.Fields, f)
	}
	if _, err := m.hub.SetPolicy(m.ctx, m.owner(), p); err != nil {
		t.Fatalf("set policy: %v", err)
	}
	m.converted()
	m.tally.note("policy")
}

func (m *model) apiEdit(t *rapid.T) {
	who := rapid.SampledFrom([]conflicts.Principal{
		m.authors[0].who, m.authors[1].who, m.owner(), m.authors[4].who,
		modelCRM,
	}).Draw(t, "who")
	e := conflicts.Edit{From: who, Fields: map[crdt.Path]crdt.Value{"budget": budgetValue(t)}}
	if rapid.Bool().Draw(t, "notes") {
		e.Fields["notes"] = textOrString(t, rapid.SampledFrom([]string{"n", "nn"}).Draw(t, "note"))
	}
	if rapid.Bool().Draw(t, "if-match") {
		e.IfMatch = map[crdt.Path]uint64{"budget": rapid.Uint64Range(0, 3).Draw(t, "revision")}
	}
	e.Key = rapid.SampledFrom([]string{"", "", "k1", "k2"}).Draw(t, "key")
	_, err := m.hub.Edit(m.ctx, m.id, e, nil)
	m.done("api", err)
}

// pending are the rows that wait for a decision.
func (m *model) pending() []conflicts.Conflict {
	return slices.DeleteFunc(slices.Clone(m.at.rows), func(c conflicts.Conflict) bool { return c.Status != conflicts.Pending })
}

// decision is a random decision of a conflict.
func (m *model) decision(t *rapid.T, row conflicts.Conflict) conflicts.Resolution {
	s := conflicts.Resolution{
		By: m.owner(), Conflict: row.ID, Version: row.Version, Note: "n",
		Action: rapid.SampledFrom([]conflicts.Action{conflicts.Accept, conflicts.Keep, conflicts.Custom}).Draw(t, "action"),
	}
	switch {
	case s.Action == conflicts.Accept && len(row.Proposals) > 0:
		s.Proposal = rapid.SampledFrom(row.Proposals).Draw(t, "proposal").ID
	case s.Action == conflicts.Custom && row.Field == "wedding_date":
		s.Value = crdt.Value{Kind: crdt.Text, Str: "2027-07-01"}
	case s.Action == conflicts.Custom:
		s.Value = crdt.Value{Kind: crdt.Text, Str: "3"}
	}
	return s
}

func (m *model) resolve(t *rapid.T) {
	rows := m.pending()
	if len(rows) > 1 && rapid.Bool().Draw(t, "all of them") {
		m.bulk(t)
		return
	}
	if len(rows) > 0 {
		_, err := m.hub.Resolve(m.ctx, m.id, m.decision(t, rapid.SampledFrom(rows).Draw(t, "conflict")), nil)
		m.done("resolve", err)
	}
}

// race: a resolver who knows an older version changes nothing, and of two who
// know the same version the second changes nothing.
func (m *model) race(t *rapid.T) {
	rows := m.pending()
	if len(rows) == 0 {
		return
	}
	row := rapid.SampledFrom(rows).Draw(t, "conflict")
	late := m.decision(t, row)
	late.Version--
	before := m.at
	_, err := m.hub.Resolve(m.ctx, m.id, late, nil)
	var stale *conflicts.StaleError
	if !errors.As(err, &stale) || stale.Conflict.Version != row.Version {
		t.Fatalf("a resolver with the old version %d got %v", late.Version, err)
	}
	m.done("race", err)
	m.check(t)
	if m.at.version != before.version {
		t.Fatalf("a stale decision changed the record")
	}
	_, err = m.hub.Resolve(m.ctx, m.id, m.decision(t, row), nil)
	m.done("resolve", err)
	m.check(t)
	version, decided := m.at.version, err == nil
	_, err = m.hub.Resolve(m.ctx, m.id, m.decision(t, row), nil)
	if decided && err == nil {
		t.Fatalf("two resolvers decided conflict %s", row.ID)
	}
	m.done("resolve", err)
	m.check(t)
	if decided && m.at.version != version {
		t.Fatalf("the second of two resolvers changed the record")
	}
}

// bulk decides all that is pending, each on its own.
func (m *model) bulk(t *rapid.T) {
	rows := m.pending()
	for _, row := range rows {
		_, err := m.hub.Resolve(m.ctx, m.id, m.decision(t, row), nil)
		m.done("resolve", err)
		m.check(t)
	}
	if len(rows) > 1 {
		m.tally.note("bulk")
	}
}

func (m *model) withdraw(t *rapid.T) {
	rows := m.pending()
	if len(rows) == 0 {
		return
	}
	row := rapid.SampledFrom(rows).Draw(t, "conflict")
	if len(row.Proposals) == 0 {
		return
	}
	p := rapid.SampledFrom(row.Proposals).Draw(t, "proposal")
	by := rapid.SampledFrom([]conflicts.Principal{m.authors[0].who, m.authors[1].who, m.owner()}).Draw(t, "by")
	_, err := m.hub.Withdraw(m.ctx, m.id, conflicts.Withdrawal{By: by, Conflict: row.ID, Proposal: p.ID}, nil)
	m.done("withdraw", err)
}

func (m *model) reopen(t *rapid.T) {
	if len(m.at.rows) > 0 {
		row := rapid.SampledFrom(m.at.rows).Draw(t, "conflict")
		_, err := m.hub.Reopen(m.ctx, m.id, m.owner(), row.ID, nil)
		m.done("reopen", err)
	}
}

// restart stops the hub, and now and then makes a backup before it starts again.
func (m *model) restart(t *rapid.T) {
	m.stop()
	if m.backups < 3 && rapid.Bool().Draw(t, "backup") {
		m.backUp()
	}
	m.start()
	m.tally.note("restart")
}

// lose restores the hub from a backup, or from nothing, and a device that had
// heard of everything brings the record back. A loss of no hub change cannot be
// known, and is left out.
func (m *model) lose(t *rapid.T) {
	a := m.authors[rapid.IntRange(0, 3).Draw(t, "bringer")]
	if m.at.record == nil || !m.at.record.Settled() || m.at.deleted {
		return
	}
	a.pull(len(m.at.batches))
	now := m.at
	from := m.empty
	n := rapid.IntRange(0, m.backups).Draw(t, "backup")
	if n > 0 {
		from = m.backup(n)
	}
	m.stop()
	current := m.dir + ".now"
	copyDir(t, m.dir, current)
	copyDir(t, from, m.dir)
	m.start()
	m.look()
	if m.at.deleted || !lacksHubChange(m.at, now) {
		m.stop()
		copyDir(t, current, m.dir)
		m.start()
		m.look()
		return
	}
	m.at.lost, m.lost = true, true
	m.tally.note("store lost")
	a.deliver(a.unsent(true))
}

// lacksHubChange reports whether the store lost a hub change.
func lacksHubChange(after, before standing) bool {
	return slices.ContainsFunc(before.batches, func(b conflicts.StoredBatch) bool {
		if !b.Hub {
			return false
		}
		hub := b.Chunks[len(b.Chunks)-1]
		return !slices.ContainsFunc(after.batches, func(o conflicts.StoredBatch) bool {
			return slices.ContainsFunc(o.Chunks, func(raw []byte) bool { return string(raw) == string(hub) })
		})
	})
}
