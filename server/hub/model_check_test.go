package hub_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A standing is what the store keeps of the record at some time, read anew.
type standing struct {
	version  uint64
	deleted  bool
	lost     bool // the store has just lost something
	ledger   []byte
	batches  []conflicts.StoredBatch
	rows     []conflicts.Conflict
	merged   []conflicts.Merged
	entries  []store.Entry
	policies map[uint64]*conflicts.Policy // that the entries name
	record   *conflicts.Record            // nil if the store does not know it
	graph    *crdt.Graph
	view     *conflicts.LedgerView
	changes  []*crdt.Change // by graph index, with their operations
	fields   *crdt.Fields
}

var criticalPaths = []crdt.Path{"wedding_date", "venue_name", "budget", "venue.name"}

// look reads what the store keeps.
func (m *model) look() {
	stored, err := m.store.Load(m.ctx, m.id)
	if errors.Is(err, store.ErrNotFound) {
		m.at = standing{}
		return
	}
	m.must(err)
	s := standing{version: stored.Version, deleted: stored.State == store.Deleted, ledger: stored.Ledger}
	for _, b := range stored.Batches {
		s.batches = append(s.batches, conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub})
	}
	policy, err := m.hub.Policy(m.ctx, modelSupplier)
	m.must(err)
	s.record, err = conflicts.Load(m.id, &conflicts.Env{Secret: modelIdentity.Secret, Limits: crdt.DefaultLimits}, policy, s.ledger, s.batches)
	m.must(err)
	queued, err := m.store.Conflicts(m.ctx, modelSupplier, store.ConflictQuery{Limit: 10_000})
	m.must(err)
	s.rows = store.ConflictsOf(queued)
	s.merged = m.mergedEntries()
	s.entries, err = m.store.Journal(m.ctx, modelSupplier, 0, 10_000)
	m.must(err)
	s.policies = m.policiesOf(s.entries)
	s.graph, s.view = s.record.Graph(), s.record.View()
	s.fields = crdt.NewFields(slices.Concat(criticalPaths, []crdt.Path{"notes", "venue", "sync_conflicts"})...)
	for i := range s.graph.Len() {
		c := mustDecode(m.t, s.graph.At(i).Raw)
		s.changes = append(s.changes, c)
		s.fields.Apply(i, c)
	}
	m.at = s
}

// policiesOf are the policies by which the batches of a journal were judged, as
// the store keeps them.
func (m *model) policiesOf(entries []store.Entry) map[uint64]*conflicts.Policy {
	policies := make(map[uint64]*conflicts.Policy)
	for _, e := range entries {
		for _, b := range e.Batches {
			version := b.Origin.Policy
			if policies[version] != nil {
				continue
			}
			policy, err := m.store.PolicyOf(m.ctx, modelSupplier, version)
			if errors.Is(err, store.ErrNotFound) && version == 1 {
				policy, err = conflicts.DefaultPolicy(), nil // in force without being set
			}
			m.must(err)
			m.must(policy.Check()) // looks up its zone
			policies[version] = policy
		}
	}
	return policies
}

func (m *model) must(err error) {
	if err != nil {
		m.t.Fatalf("%v", err)
	}
}

// check looks at the store and holds it against what must always be true.
func (m *model) check(t *rapid.T) {
	before := m.at
	m.look()
	s := &m.at
	if s.record == nil {
		return
	}
	batches := s.since(&before)
	m.count(batches)
	m.checkRows(s)
	m.checkEdits(s)
	m.checkRevisions(&before, s, batches)
	if s.record.Settled() {
		if wrong := s.wrong(s.graph.All()); wrong != "" {
			t.Fatalf("the mirror rule is broken: %s", wrong)
		}
		m.checkMerged(s)
		m.checkHubChanges(s, batches)
	}
}

// A done batch is one of the journal and where its changes begin in the history.
type doneBatch struct {
	store.Batch
	start int
}

// since are the batches that the journal has beyond another standing.
func (s *standing) since(before *standing) []doneBatch {
	var batches []doneBatch
	at := 0
	for i, e := range s.entries {
		for _, b := range e.Batches {
			if i >= len(before.entries) || before.lost {
				batches = append(batches, doneBatch{b, at})
			}
			at += len(b.Chunks)
		}
	}
	return batches
}

func (m *model) count(batches []doneBatch) {
	for _, b := range batches {
		for _, v := range b.Origin.Verdicts {
			m.tally.note(fmt.Sprint("rule ", v.Rule))
		}
		if in := b.Origin.Input; in != nil && in.Delivered != nil && len(in.Delivered.Waited) > 0 {
			m.tally.note("waited")
		}
		if len(b.Origin.Reminded) > 0 {
			m.tally.note("reminded")
		}
	}
	for _, a := range m.at.view.Accepted {
		m.tally.note(string(a.Cause))
	}
}

// wrong says where a view breaks the mirror rule, empty for nowhere.
func (s *standing) wrong(v crdt.View) string {
	for path, a := range s.view.Accepted {
		want := a.Written
		if a.Value.Kind == crdt.Missing {
			want = crdt.Value{}
		}
		live := s.fields.Live(path, v)
		if !s.fields.Mirrors(path, v, want) {
			return fmt.Sprintf("%s must show %+v, has %+v", path, want, live)
		}
		if len(path.Keys()) == 1 && len(live) > 1 {
			return fmt.Sprintf("%s has %d live operations", path, len(live))
		}
	}
	marks := s.fields.Value("sync_conflicts", v).Map
	if len(s.fields.Live("sync_conflicts", v)) > 1 || len(marks) != len(s.view.Pending) {
		return fmt.Sprintf("sync_conflicts is %+v, pending are %v", marks, s.view.Pending)
	}
	for path, id := range s.view.Pending {
		if marks[string(path)].Str != id {
			return fmt.Sprintf("sync_conflicts[%s] is %+v, not %s", path, marks[string(path)], id)
		}
	}
	return ""
}

// checkRows: at most one pending conflict per field, the one that the ledger
// names; what is pending has an open proposal, and nothing else has.
func (m *model) checkRows(s *standing) {
	waiting := make(map[crdt.Path]string)
	proposals := make(map[string]bool)
	for _, row := range s.rows {
		waits := row.Status == conflicts.Pending || row.Status == conflicts.RecordDeleted
		if waits {
			if other, ok := waiting[row.Field]; ok {
				m.t.Fatalf("conflicts %s and %s of %s wait", other, row.ID, row.Field)
			}
			waiting[row.Field] = row.ID
		}
		if waits && s.deleted != (row.Status == conflicts.RecordDeleted) {
			m.t.Fatalf("conflict %s is %s, record deleted: %v", row.ID, row.Status, s.deleted)
		}
		open := 0
		for _, p := range row.Proposals {
			if proposals[p.ID] {
				m.t.Fatalf("proposal %s stands twice", p.ID)
			}
			proposals[p.ID] = true
			if len(p.Authors) == 0 {
				m.t.Fatalf("proposal %s has no author", p.ID)
			}
			if decided := p.State == conflicts.Accepted || p.State == conflicts.Rejected; decided != (p.DecidedAt > 0) {
				m.t.Fatalf("proposal %s is %s, decided at %d", p.ID, p.State, p.DecidedAt)
			}
			if p.State == conflicts.Open {
				open++
			}
		}
		if !waits && open > 0 || waits && open == 0 && row.Reopens == "" {
			m.t.Fatalf("conflict %s is %s with %d open proposals", row.ID, row.Status, open)
		}
	}
	if len(waiting) != len(s.view.Pending) {
		m.t.Fatalf("rows %v wait, the ledger says %v", waiting, s.view.Pending)
	}
	for path, id := range s.view.Pending {
		if waiting[path] != id {
			m.t.Fatalf("row %q of %s waits, the ledger says %s", waiting[path], path, id)
		}
	}
}

// checkEdits: a change's edit of a field is decided once, and each edit of an
// accepted batch is decided, by itself or by one that it was folded into.
func (m *model) checkEdits(s *standing) {
	type subject struct {
		field  crdt.Path
		change string
	}
	decided := make(map[subject]string)
	at := 0
	lost := false
	for _, e := range s.entries {
		for _, b := range e.Batches {
			in := b.Origin.Input
			unjudged := in != nil && in.Delivered != nil && len(in.Delivered.Announced) > 0
			lost = lost || in != nil && in.Delivered != nil && in.Delivered.Recovers
			for _, v := range b.Origin.Verdicts {
				if v.Rule == 0 || v.Change == "" {
					continue
				}
				key := subject{v.Field, v.Change}
				if former, twice := decided[key]; twice && !lost {
					m.t.Fatalf("%s of %s was decided as %s and as %s", v.Change, v.Field, former, v.Outcome)
				}
				decided[key] = v.Outcome
			}
			if b.Origin.Kind == "sync" && !unjudged {
				m.checkDecided(s, b, at)
			}
			at += len(b.Chunks)
		}
	}
}

func (m *model) checkDecided(s *standing, b store.Batch, start int) {
	policy := s.policies[b.Origin.Policy]
	end := start + len(b.Chunks)
	if b.Hub {
		end--
	}
	for i := start; i < end; i++ {
		c := s.changes[i]
		for _, f := range policy.Fields {
			before, after := s.fields.Value(f.Path, s.graph.View(c.Deps...)), s.fields.Value(f.Path, s.graph.View(c.Hash))
			if before.Equal(after) {
				continue
			}
			n := 0
			for _, v := range b.Origin.Verdicts {
				var h crdt.Hash
				if v.Field == f.Path && v.Change != "" && h.UnmarshalText([]byte(v.Change)) == nil && s.graph.Contains(h, c.Hash) {
					n++
				}
			}
			if n == 0 {
				m.t.Fatalf("nothing was decided about what %s did to %s: %+v", c.Hash, f.Path, b.Origin.Verdicts)
			}
		}
	}
}

// checkRevisions: an accepted value moves with a revision alone, and each
// revision has the verdict or decision that made it, which the rules allow.
func (m *model) checkRevisions(before, s *standing, batches []doneBatch) {
	if before.record == nil || before.lost || s.lost {
		return
	}
	for _, path := range criticalPaths {
		was, is := before.view.Accepted[path], s.view.Accepted[path]
		_, wasCritical := before.view.Accepted[path]
		if _, critical := s.view.Accepted[path]; !critical || !wasCritical {
			continue
		}
		moves := uint64(0)
		for _, b := range batches {
			moves += m.moves(path, b)
		}
		if is.Revision != was.Revision+moves {
			m.t.Fatalf("%s went from revision %d to %d, by %d decisions", path, was.Revision, is.Revision, moves)
		}
		if moves == 0 && !is.Written.Equal(was.Written) {
			m.t.Fatalf("%s moved from %+v to %+v without a decision", path, was.Written, is.Written)
		}
	}
}

// moves are the revisions that a batch made, each checked.
func (m *model) moves(path crdt.Path, b doneBatch) (n uint64) {
	for _, v := range b.Origin.Verdicts {
		if v.Field != path || v.Outcome != "accepted" || v.Rule == 0 && v.Reason != string(conflicts.CauseCreated) {
			continue
		}
		n++
		if v.Rule == 0 {
			continue
		}
		review := conflicts.Review("")
		for _, f := range m.at.policies[b.Origin.Policy].Fields {
			if f.Path == path {
				review = f.Review
			}
		}
		owner := v.Author.Role == conflicts.Owner
		free := review == conflicts.ConflictingEdits && v.Author.Role == conflicts.Member
		allowed := map[int]bool{
			6:  owner || v.Author.Role == conflicts.Member && review != conflicts.Locked,
			7:  owner || free,
			12: owner || free,
		}
		if review != "" && !allowed[v.Rule] {
			m.t.Fatalf("rule %d accepted the edit of a %s under %s", v.Rule, v.Author.Role, review)
		}
	}
	if in := b.Origin.Input; in != nil && in.Resolution != nil {
		for _, row := range m.at.rows {
			if row.ID == in.Resolution.Conflict && row.Field == path {
				n++
				if b.Origin.From.Role != conflicts.Owner {
					m.t.Fatalf("a %s decided conflict %s", b.Origin.From.Role, row.ID)
				}
			}
		}
	}
	return n
}

// checkHubChanges: a batch that leaves the mirror rule true, in which nothing
// diverted and nothing else is to be written, gets no hub change; any other
// exactly one. It can be told of the last batch alone, after which the ledger
// is what it is.
func (m *model) checkHubChanges(s *standing, batches []doneBatch) {
	if len(batches) == 0 {
		return
	}
	b := batches[len(batches)-1]
	end := b.start + len(b.Chunks)
	if end != s.graph.Len() {
		m.t.Fatalf("the journal tells of %d changes, the record has %d", end, s.graph.Len())
	}
	heads := s.graph.Heads()
	devices := end
	if b.Hub {
		heads = s.changes[end-1].Deps
		devices--
	}
	for i := b.start; i < devices; i++ {
		if s.changes[i].Message != "" && b.Origin.Input == nil {
			m.t.Fatalf("a batch has a second hub change")
		}
	}
	why := s.wrong(s.graph.View(heads...))
	for _, v := range b.Origin.Verdicts {
		if (v.Outcome == "diverted" || v.Outcome == "rejected") && v.Change != "" && v.Rule > 0 {
			why += " an edit diverted"
		}
		if v.Outcome == "accepted" && v.Rule > 0 && v.Change == "" {
			why += " a decision is to be established"
		}
		if b.Hub && v.Reason == string(conflicts.CauseRecovered) && !s.critical(v.Field) {
			why += " a field was critical until its decision came back"
		}
	}
	if in := b.Origin.Input; in != nil {
		if in.Resolution != nil {
			why += " a decision is to be established"
		}
		var fields map[crdt.Path]crdt.Value
		switch {
		case in.Edit != nil:
			fields = in.Edit.Fields
		case in.Webhook != nil:
			fields = in.Webhook.Fields
		case in.Uses != nil:
			fields = map[crdt.Path]crdt.Value{m.entry(in.Uses.Entry).Field: {}}
		}
		for path := range fields {
			if _, critical := s.view.Accepted[path]; !critical && b.Hub {
				why += " an ordinary field is written"
			}
		}
	}
	if b.Hub && why == "" {
		m.t.Fatalf("a batch that left everything right got a hub change: %s", asJSON(b.Origin))
	}
	if !b.Hub && why != "" {
		m.t.Fatalf("a batch got no hub change, though %s: %s", why, asJSON(b.Origin))
	}
	if len(b.Chunks) > 0 {
		m.tally.note(map[bool]string{true: "hub change", false: "no hub change"}[b.Hub])
	}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
