package hub_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// A form is how devices write values.
type form string

const (
	scalars form = "scalars"
	texts   form = "texts" // as every JavaScript app does
)

// n is a number in a form.
func (f form) n(n int64) crdt.Value {
	if f == texts {
		return crdt.Value{Kind: crdt.Text, Str: fmt.Sprint(n)}
	}
	return crdt.Value{Kind: crdt.Int, Int: n}
}

// s is a string in a form.
func (f form) s(s string) crdt.Value {
	if f == texts {
		return crdt.Value{Kind: crdt.Text, Str: s}
	}
	return crdt.Value{Kind: crdt.Str, Str: s}
}

// nothing is a cleared value in a form.
func (f form) nothing() crdt.Value {
	if f == texts {
		return crdt.Value{Kind: crdt.Text}
	}
	return crdt.Value{}
}

// casePolicy holds what the cases are about.
func casePolicy(mode conflicts.Review, more ...crdt.Path) conflicts.Policy {
	var p conflicts.Policy
	for _, f := range []conflicts.FieldPolicy{
		{Path: "wedding_date", Kind: conflicts.Date},
		{Path: "venue_name", Kind: conflicts.Text},
		{Path: "budget", Kind: conflicts.Money},
		{Path: "venue.name", Kind: conflicts.Text},
		{Path: "theme", Kind: conflicts.Text},
	} {
		f.Review = mode
		p.Fields = append(p.Fields, f)
	}
	for _, path := range more {
		p.Fields = append(p.Fields, conflicts.FieldPolicy{Path: path, Kind: conflicts.Number, Review: mode})
	}
	return p
}

// A scene is one case at work, on a record of a supplier of its own: olga, an
// owner, has made it with budget 1, venue_name Barn, venue.name Hall and notes
// hello. What happens is told as facts.
type scene struct {
	*testing.T
	hub      *hub.Hub
	store    store.Store
	log      *complaints
	supplier string
	id       crdt.RecordID
	form     form
	mode     conflicts.Review
	role     conflicts.Role // of the authors

	facts      []string
	journal    uint64 // entries that were read
	stored     map[crdt.Hash][]byte
	hubChanges int // among them
	lastHub    crdt.ActorID
	olga       *phone
}

func (s *scene) begin() {
	s.Helper()
	sum := sha256.Sum256([]byte(s.Name()))
	s.id = crdt.RecordID(sum[:16])
	s.supplier = s.Name()
	s.stored = make(map[crdt.Hash][]byte)
	policy := casePolicy(s.mode)
	policy.Version = 2
	if err := s.store.SetPolicy(s.Context(), s.supplier, &policy); err != nil {
		s.Fatal(err)
	}
	s.olga = s.owner("olga")
	s.olga.change(func(b *crdt.Builder) {
		b.Set("budget", s.form.n(1))
		b.Set("venue_name", s.form.s("Barn"))
		b.Set("venue", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"name": s.form.s("Hall"), "seats": {Kind: crdt.Int, Int: 40}}})
		b.Set("notes", s.form.s("hello"))
	})
	s.olga.send()
	s.expect("created, created, created", strings.Join(s.news(), ", "))
	s.hubChanges = 0
}

// expect stops a scene whose ground is not what it should be.
func (s *scene) expect(want, got string) {
	s.Helper()
	if got != want {
		s.Fatalf("the scene is not set: got %q, want %q", got, want)
	}
}

func (s *scene) set(p conflicts.Policy) {
	s.Helper()
	if _, err := s.hub.SetPolicy(s.Context(), s.owns("olga"), p); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) owns(user string) conflicts.Principal {
	return conflicts.Principal{Supplier: s.supplier, User: user, Device: user + "-phone", Role: conflicts.Owner}
}

// author is a person of the role that the scene is about.
func (s *scene) author(user string) conflicts.Principal {
	return conflicts.Principal{Supplier: s.supplier, User: user, Device: user + "-phone", Role: s.role}
}

// tell adds a fact.
func (s *scene) tell(format string, args ...any) {
	s.facts = append(s.facts, fmt.Sprintf(format, args...))
}

// news is what the journal says of edits since it was last read, in words.
func (s *scene) news() (words []string) {
	s.Helper()
	entries, err := s.store.Journal(s.Context(), s.supplier, s.journal, 1000)
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range entries {
		s.journal = e.Number
		for _, b := range e.Batches {
			s.keep(b)
			if b.Origin.Kind == "resolve" {
				continue
			}
			for _, v := range b.Origin.Verdicts {
				words = append(words, word(v))
			}
		}
	}
	return words
}

func (s *scene) keep(b store.Batch) {
	s.Helper()
	for i, raw := range b.Chunks {
		c, err := crdt.Decode(raw, limits)
		if err != nil {
			s.Fatal(err)
		}
		s.stored[c.Hash] = raw
		if b.Hub && i == len(b.Chunks)-1 {
			s.hubChanges++
			s.lastHub = c.Actor
		}
	}
}

// word is a verdict in a word or two.
func word(v conflicts.Verdict) string {
	switch {
	case v.Reason == string(conflicts.CauseCreated):
		return "created"
	case v.Outcome == string(conflicts.EditNoChange):
		return "no change"
	case v.Outcome == string(conflicts.EditAccepted):
		return "accepted"
	case v.Rule == 4:
		return "supersedes, " + v.Reason
	case v.Rule == 5:
		return "joins"
	}
	return v.Reason
}

// judged tells what the hub said of what somebody has just done.
func (s *scene) judged(name string) {
	s.Helper()
	words := s.news()
	if len(words) == 0 {
		words = []string{"-"}
	}
	s.tell("%s: %s", name, strings.Join(words, ", "))
}

// rows are the conflicts of a field, or of the record, in the order in which
// they were opened.
func (s *scene) rows(path crdt.Path) []conflicts.Conflict {
	s.Helper()
	queued, err := s.store.Conflicts(s.Context(), s.supplier, store.ConflictQuery{Record: s.id, Field: path, Limit: 100})
	if err != nil {
		s.Fatal(err)
	}
	rows := store.ConflictsOf(queued)
	slices.SortStableFunc(rows, func(a, b conflicts.Conflict) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return rows
}

// view is the ledger as stored, nil if the record is not to be read.
func (s *scene) view() *conflicts.LedgerView {
	s.Helper()
	sum, err := s.store.Summary(s.Context(), s.supplier, s.id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		s.Fatal(err)
	}
	view, err := conflicts.ReadLedger(sum.Ledger)
	if err != nil {
		s.Fatal(err)
	}
	return view
}

// stands tells the accepted value of a field, its revision and its conflicts.
func (s *scene) stands(path crdt.Path) {
	s.Helper()
	fact := string(path) + " gone"
	if view := s.view(); view != nil {
		a, critical := view.Accepted[path]
		fact = fmt.Sprintf("%s %s@%d", path, show(a.Value.JSON()), a.Revision)
		if !critical {
			fact = string(path) + " ordinary"
		}
	}
	policy := casePolicy(s.mode, "guests")
	shown := func(v crdt.Value) string { return show(policy.Shown(path, v)) }
	for _, c := range s.rows(path) {
		var proposals []string
		for _, p := range c.Proposals {
			text := shown(p.Value) + " " + string(p.State)
			if n := len(p.Authors); n > 1 {
				text += fmt.Sprintf(" by %d", n)
			}
			proposals = append(proposals, text)
		}
		fact += fmt.Sprintf(" [%s v%d %s %s@%d→%s@%d: %s]", c.Status, c.Version, c.Reason,
			shown(c.Base.Value), c.Base.Revision, shown(c.Current.Value), c.Current.Revision, strings.Join(proposals, ", "))
	}
	s.tell("%s", fact)
}

func show(v any) string {
	if v == nil || v == "" {
		return "nothing"
	}
	return fmt.Sprint(v)
}

// pending is the pending conflict of a field.
func (s *scene) pending(path crdt.Path) (conflicts.Conflict, bool) {
	s.Helper()
	rows := s.rows(path)
	i := slices.IndexFunc(rows, func(c conflicts.Conflict) bool { return c.Status == conflicts.Pending })
	if i < 0 {
		return conflicts.Conflict{}, false
	}
	return rows[i], true
}

// resolves lets somebody decide the pending conflict of a field, and tells how
// that went.
func (s *scene) resolves(path crdt.Path, r conflicts.Resolution) {
	s.Helper()
	c, ok := s.pending(path)
	if !ok {
		s.tell("olga: nothing pending")
		return
	}
	r.By, r.Conflict, r.Version = s.owns("olga"), c.ID, c.Version
	if r.Action == conflicts.Accept {
		i := slices.IndexFunc(c.Proposals, func(p conflicts.Proposal) bool { return p.State == conflicts.Open })
		r.Proposal = c.Proposals[i].ID
	}
	s.tell("olga: %s", s.decide(r))
}

// decide is how a resolution went.
func (s *scene) decide(r conflicts.Resolution) string {
	s.Helper()
	_, err := s.hub.Resolve(s.Context(), s.id, r, nil)
	var stale *conflicts.StaleError
	switch {
	case err == nil:
		return "resolved"
	case errors.Is(err, hub.ErrForbidden):
		return "forbidden"
	case errors.As(err, &stale):
		return "stale"
	case errors.Is(err, conflicts.ErrUnknownConflict):
		return "closed"
	case errors.Is(err, hub.ErrUnavailable):
		return "unavailable"
	}
	s.Fatal(err)
	return ""
}

// behind lets the field move on to 5 at revision 2 without anybody knowing.
func (s *scene) behind() {
	s.Helper()
	s.olga.set("budget", s.form.n(5))
	s.olga.send()
	s.expect("accepted", strings.Join(s.news(), ", "))
}

// contested is behind, and an owner who did not know has proposed 6 since.
func (s *scene) contested() {
	s.Helper()
	otto := s.owner("otto")
	s.behind()
	otto.set("budget", s.form.n(6))
	otto.send()
	s.expect("stale_base", strings.Join(s.news(), ", "))
}

// check is what holds after every scene: the document shows the accepted values
// alone and names the pending conflicts, of which each field has at most one,
// and so does a device that asks only now.
func (s *scene) check() {
	s.Helper()
	view := s.view()
	if view == nil {
		return
	}
	stored, err := s.store.Heads(s.Context(), []crdt.RecordID{s.id})
	if err != nil {
		s.Fatal(err)
	}
	vera := s.phone(conflicts.Principal{Supplier: s.supplier, User: "vera", Device: "vera-tab", Role: conflicts.Viewer})
	vera.pull()
	if got := vera.graph.Heads(); !slices.Equal(got, stored[s.id].Heads) {
		s.Errorf("vera has heads %v, stored are %v", got, stored[s.id].Heads)
	}
	for path, a := range view.Accepted {
		want := a.Written
		if a.Value.Kind == crdt.Missing {
			want = crdt.Value{}
		}
		if !vera.fields.Mirrors(path, vera.graph.All(), want) {
			s.Errorf("the document shows %s = %+v, accepted is %+v", path, vera.value(path), want)
		}
	}
	marks := vera.value("sync_conflicts").Map
	if len(marks) != len(view.Pending) {
		s.Errorf("sync_conflicts is %+v, pending are %v", marks, view.Pending)
	}
	for path, id := range view.Pending {
		if mark := marks[string(path)].Str; mark != id {
			s.Errorf("sync_conflicts says %q of %s, pending is %s", mark, path, id)
		}
	}
	pending := make(map[crdt.Path]string)
	for _, c := range s.rows("") {
		if c.Status == conflicts.Pending {
			if pending[c.Field] != "" {
				s.Errorf("%s has two pending conflicts", c.Field)
			}
			pending[c.Field] = c.ID
		}
	}
	for path, id := range pending {
		if view.Pending[path] != id {
			s.Errorf("the queue says %s of %s, the record %s", id, path, view.Pending[path])
		}
	}
	if len(pending) != len(view.Pending) {
		s.Errorf("the queue has %v, the record %v", pending, view.Pending)
	}
}

// complaints are what a hub logged of refusals.
type complaints struct {
	slog.Handler
	mu  sync.Mutex
	all []complaint
}

type complaint struct{ record, reason string }

func (c *complaints) Enabled(context.Context, slog.Level) bool { return true }

func (c *complaints) Handle(_ context.Context, r slog.Record) error {
	var said complaint
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "record":
			said.record = a.Value.String()
		case "reason":
			said.reason = a.Value.String()
		}
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if said.reason != "" {
		c.all = append(c.all, said)
	}
	return nil
}

// reported tells for which reasons the hub has complained about the record.
func (s *scene) reported() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var reasons []string
	for _, c := range s.log.all {
		if c.record == s.id.String() {
			reasons = append(reasons, c.reason)
		}
	}
	slices.Sort(reasons)
	s.tell("reported: %s", cmp.Or(strings.Join(slices.Compact(reasons), ", "), "-"))
}

// another is another hub on the same store, in the scene's name.
func (s *scene) another(st store.Store, now func() time.Time) *hub.Hub {
	s.Helper()
	h, err := hub.New(s.Context(), hub.Options{Store: st, Engine: noEngine{}, Log: slog.New(s.log), Now: now})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(h.Close)
	return h
}
