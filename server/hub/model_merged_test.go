package hub_test

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// mergedEntries are all that the store keeps.
func (m *model) mergedEntries() []conflicts.Merged {
	entries, err := m.store.MergedEntries(m.ctx, modelSupplier, store.MergedQuery{Limit: 10_000, Unlisted: true})
	m.must(err)
	return entries
}

// chooser is somebody who has an open entry before him, if there is one.
func (m *model) chooser(t *rapid.T) (who conflicts.Principal, entry conflicts.Merged, ok bool) {
	open := slices.DeleteFunc(slices.Clone(m.at.merged), func(e conflicts.Merged) bool { return e.Status != conflicts.MergedOpen })
	if len(open) == 0 {
		return who, entry, false
	}
	who = rapid.SampledFrom([]conflicts.Principal{m.authors[0].who, m.authors[1].who, m.owner(), modelCRM, m.authors[4].who}).Draw(t, "who")
	return who, rapid.SampledFrom(open).Draw(t, "entry"), true
}

// use has somebody choose a value of an entry: then the field shows it, and who
// chooses after that is too late.
func (m *model) use(t *rapid.T) {
	who, entry, ok := m.chooser(t)
	if !ok {
		return
	}
	chosen := rapid.SampledFrom(entry.Values).Draw(t, "value")
	want := chosen.Value
	if chosen.Change == entry.Values[0].Change {
		want = m.at.fields.Value(entry.Field, m.at.graph.All()) // it may have gone on
	}
	u := conflicts.MergedUse{By: who, Entry: entry.ID, Value: chosen.Change}
	_, err := m.hub.UseMerged(m.ctx, m.id, u, nil)
	var above *conflicts.FieldError
	if errors.As(err, &above) && entry.Field == "venue" && m.at.critical("venue.name") {
		return // a map above a critical field is not written as a whole
	}
	m.chose(t, "use", who, err, entry, conflicts.MergedUsed)
	if err != nil {
		return
	}
	if used := m.entry(entry.ID).Used; used != chosen.Change {
		t.Fatalf("entry %s says that %s was used, not %s", entry.ID, used, chosen.Change)
	}
	if got := m.at.fields.Value(entry.Field, m.at.graph.All()); entry.Field != "venue" && asJSON(got.JSON()) != asJSON(want.JSON()) {
		t.Fatalf("%s shows %+v, used was %+v", entry.Field, got, want)
	}
	_, err = m.hub.UseMerged(m.ctx, m.id, u, nil)
	m.tooLate(t, err)
}

// dismiss has somebody leave a field as it is.
func (m *model) dismiss(t *rapid.T) {
	who, entry, ok := m.chooser(t)
	if !ok {
		return
	}
	before := m.at.fields.Value(entry.Field, m.at.graph.All())
	_, err := m.hub.DismissMerged(m.ctx, m.id, who, entry.ID, nil)
	m.chose(t, "dismiss", who, err, entry, conflicts.MergedDismissed)
	if err != nil {
		return
	}
	if got := m.at.fields.Value(entry.Field, m.at.graph.All()); !got.Equal(before) {
		t.Fatalf("a dismissal moved %s from %+v to %+v", entry.Field, before, got)
	}
	_, err = m.hub.DismissMerged(m.ctx, m.id, who, entry.ID, nil)
	m.tooLate(t, err)
}

// critical reports whether the ledger holds a field critical.
func (s *standing) critical(path crdt.Path) bool {
	_, critical := s.view.Accepted[path]
	return critical
}

// chose: who only reads chooses nothing, and a choice closes its entry alone.
func (m *model) chose(t *rapid.T, what string, who conflicts.Principal, err error, entry conflicts.Merged, status conflicts.MergedStatus) {
	m.done(what, err)
	if reads := who.Role == conflicts.Viewer; reads != errors.Is(err, hub.ErrForbidden) {
		t.Fatalf("a %s: %v", who.Role, err)
	}
	others := len(m.at.view.Merged) - 1
	m.check(t)
	if err != nil {
		return
	}
	closed := m.entry(entry.ID)
	if closed.Status != status || closed.ClosedBy == nil || closed.ClosedBy.User != who.User || closed.Version != entry.Version+1 {
		t.Fatalf("entry %s of version %d was closed by %s as %s", entry.ID, entry.Version, who.User, asJSON(closed))
	}
	if len(m.at.view.Merged) != others {
		t.Fatalf("a choice left open %v", m.at.view.Merged)
	}
}

// tooLate: a closed entry is closed.
func (m *model) tooLate(t *rapid.T, err error) {
	if !errors.Is(err, conflicts.ErrUnknownMerged) {
		t.Fatalf("a second choice: %v", err)
	}
	version := m.at.version
	m.check(t)
	if m.at.version != version {
		t.Fatalf("a second choice changed the record")
	}
}

// entry is one that the store kept after the last step.
func (m *model) entry(id string) conflicts.Merged {
	i := slices.IndexFunc(m.at.merged, func(e conflicts.Merged) bool { return e.ID == id })
	if i < 0 {
		m.t.Fatalf("merged entry %s is gone", id)
	}
	return m.at.merged[i]
}

// checkMerged: the open entries are those that the ledger names, at most one of
// an ordinary field and none of a critical one; each has the values of changes
// that the record holds, said by those who made them, and the first shows.
func (m *model) checkMerged(s *standing) {
	open := make(map[crdt.Path]string)
	for _, e := range s.merged {
		if (e.Status == conflicts.MergedOpen) != e.ClosedAt.IsZero() || (e.Status == conflicts.MergedUsed) == e.Used.IsZero() || e.Crowded {
			m.t.Fatalf("merged entry %s", asJSON(e))
		}
		if e.Status != conflicts.MergedOpen {
			continue
		}
		if s.critical(e.Field) || open[e.Field] != "" || s.view.Merged[e.Field] != e.ID {
			m.t.Fatalf("merged entry %s of a field that is critical (%v); the ledger has %v", asJSON(e), s.critical(e.Field), s.view.Merged)
		}
		open[e.Field] = e.ID
		m.checkSides(s, e)
	}
	if len(open) != len(s.view.Merged) {
		m.t.Fatalf("merged entries %v are open, the ledger says %v", open, s.view.Merged)
	}
	if !m.lost {
		m.checkNothingLost(s)
	}
}

func (m *model) checkSides(s *standing, e conflicts.Merged) {
	seen := make(map[string]bool)
	for _, v := range e.Values {
		i, held := s.graph.Index(v.Change)
		if value := asJSON(v.Value.JSON()); !held || seen[value] {
			m.t.Fatalf("value %s of merged entry %s", value, asJSON(e))
		} else {
			seen[value] = true
		}
		if webhook := v.Source == conflicts.FromWebhook; webhook != (v.Author.Role == conflicts.Integration) {
			m.t.Fatalf("a %s by way of %s: %s", v.Author.Role, v.Source, asJSON(e))
		}
		author := slices.IndexFunc(m.authors, func(a *author) bool { return a.actor.String() == s.graph.At(i).Actor.String() })
		if (author >= 0) != (v.Source == conflicts.FromDevice) {
			m.t.Fatalf("what %s wrote came by way of %s: %s", s.graph.At(i).Actor, v.Source, asJSON(e))
		}
		if author >= 0 && v.Author.User != m.authors[author].who.User && v.Author.Actor != m.authors[author].actor.String() {
			m.t.Fatalf("%s wrote what is said to be %s's: %s", m.authors[author].who.User, v.Author.User, asJSON(e))
		}
	}
	shown, made, shows := s.fields.Shown(e.Field, s.graph.All())
	if shows && e.Field == "venue" && s.changes[made].Message != "" {
		return // the hub writes there by itself
	}
	first, goesOn := e.Values[0], shown.Kind == crdt.Text || shown.Kind == crdt.Map
	if len(e.Values) < 2 || shows && first.Change != s.changes[made].Hash || !goesOn && !first.Value.Equal(shown) {
		m.t.Fatalf("%s shows %+v (%v, change %d): %s", e.Field, shown, shows, made, asJSON(e))
	}
}

// checkNothingLost: every value of the notes that lives and does not show stands
// in an entry, unless its author had found it there.
func (m *model) checkNothingLost(s *standing) {
	shown := s.fields.Value("notes", s.graph.All())
	for _, live := range s.fields.Live("notes", s.graph.All()) {
		found := s.fields.Value("notes", s.graph.View(s.changes[live.Change].Deps...))
		value := asJSON(live.Value.JSON())
		if value == asJSON(shown.JSON()) || value == asJSON(found.JSON()) {
			continue
		}
		if !slices.ContainsFunc(s.merged, func(e conflicts.Merged) bool {
			return e.Field == "notes" && slices.ContainsFunc(e.Values, func(v conflicts.MergedValue) bool { return asJSON(v.Value.JSON()) == value })
		}) {
			m.t.Fatalf("notes show %+v, and %s is in no entry: %s", shown, value, asJSON(s.merged))
		}
		m.tally.note("set apart")
	}
}

// erasedMerged: no entry of an erased record is left.
func (m *model) erasedMerged() {
	if left := m.mergedEntries(); len(left) > 0 {
		m.t.Fatalf("merged entries of an erased record: %s", asJSON(left))
	}
	for _, e := range m.at.merged {
		if _, err := m.store.MergedEntry(m.ctx, modelSupplier, e.ID); !errors.Is(err, store.ErrNotFound) {
			m.t.Fatalf("merged entry %s of an erased record: %v", e.ID, err)
		}
		m.tally.note("entry erased")
	}
}
