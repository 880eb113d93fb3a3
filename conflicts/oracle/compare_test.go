package oracle_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
	"wedsync/crdt"
)

func principal(p conflicts.Principal) oracle.Principal {
	return oracle.Principal{User: p.User, Device: p.Device, Role: string(p.Role)}
}

func oraclePolicy(p *conflicts.Policy) oracle.Policy {
	o := oracle.Policy{Zone: zone(p.Zone), ReopenWithin: 24 * time.Hour}
	for _, f := range p.Fields {
		o.Fields = append(o.Fields, oracle.Field{Path: f.Path, Kind: string(f.Kind), Review: string(f.Review)})
	}
	return o
}

// show is a value for people, with its kind.
func show(v crdt.Value) string {
	switch v.Kind {
	case crdt.Missing:
		return "-"
	case crdt.Map:
		return "map" + showAll(v.Map)
	}
	return fmt.Sprintf("%v(%d)", v.JSON(), v.Kind)
}

func showAll[K ~string](m map[K]crdt.Value) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, string(k)+":"+show(m[k]))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// settle ends a batch: it stores what the product says, and compares
// everything with the oracle.
func (p *player) settle(out *conflicts.Outcome, res *oracle.Result) {
	if out.Err != nil {
		p.disagree("the product failed: %v", out.Err)
	}
	p.store(out)
	p.compareBatch(out, res)
	p.compareConflicts()
	if wrong := p.oracle.Answer(hubChange(out)); len(wrong) > 0 {
		panic(disagreement{wrong})
	}
	p.compareState()
	p.compareSeals(out)
	p.count(out, res)
}

// compareSeals checks that no change that was denied authority travels without
// a hub change that knows it, which answers it.
func (p *player) compareSeals(out *conflicts.Outcome) {
	for _, v := range out.Verdicts {
		if v.Change == "" || v.Outcome == "accepted" || v.Outcome == "no_change" {
			continue
		}
		var hash crdt.Hash
		if err := hash.UnmarshalText([]byte(v.Change)); err != nil {
			panic(err)
		}
		p.denied = append(p.denied, hash)
	}
	for _, hash := range p.denied {
		by, ok := p.rec.Graph().Sealed(hash)
		if !ok || !p.world.In(p.world.Past(by), hash) {
			p.disagree("%s diverted and may travel without an answer", hash)
		}
	}
}

// count counts what happened in a batch.
func (p *player) count(out *conflicts.Outcome, res *oracle.Result) {
	for _, v := range out.Verdicts {
		p.happened[fmt.Sprint("rule ", v.Rule)]++
		if v.Author.CarriedBy != "" {
			p.happened["carried"]++
		}
	}
	for _, r := range out.Refused {
		p.happened["refused "+r.Reason]++
	}
	for _, c := range out.Conflicts {
		p.happened[fmt.Sprint("conflict ", c.Status)]++
		for _, q := range c.Proposals {
			p.happened[string(q.State)]++
			if len(q.Authors) > 1 {
				p.happened["joined"]++
			}
			if q.Since != nil {
				p.happened["since"]++
			}
		}
	}
	for _, a := range p.rec.View().Accepted {
		p.happened[string(a.Cause)]++
		if a.Revision > 1 && a.Value.Kind == crdt.Missing {
			p.happened["cleared"]++
		}
	}
	p.happened["trespass"] += len(out.Trespassed)
	if len(p.rec.Graph().Waiting()) > 0 {
		p.happened["waited"]++
	}
	switch {
	case out.Hub != nil:
		p.happened["hub change"]++
	case len(res.Stored) > 0:
		p.happened["no hub change"]++
	}
}

// hubChange is the hub change of a batch, read from its bytes.
func hubChange(out *conflicts.Outcome) *crdt.Change {
	if out.Hub == nil {
		return nil
	}
	c, err := crdt.Decode(out.Hub.Raw, crdt.DefaultLimits)
	if err != nil {
		panic(disagreement{[]string{fmt.Sprintf("the hub change is no change: %v", err)}})
	}
	return c
}

func (p *player) store(out *conflicts.Outcome) {
	if len(out.Stored) > 0 {
		b := conflicts.StoredBatch{Hub: out.Hub != nil}
		for _, c := range out.Stored {
			b.Chunks = append(b.Chunks, c.Raw)
			p.order = append(p.order, c.Hash)
		}
		p.batches = append(p.batches, b)
		p.ends = append(p.ends, len(p.order))
	}
	if hub := hubChange(out); hub != nil {
		p.world.Add(hub)
		p.logf("  hub change %s with %d operations", hub.Hash.String()[:6], len(hub.Ops))
	}
	if out.LedgerChanged {
		p.ledger = p.rec.Ledger()
	}
	for _, row := range out.Conflicts {
		if _, known := p.rows[row.ID]; !known {
			p.names[row.Field] = append(p.names[row.Field], row.ID)
		}
		p.rows[row.ID] = row
		p.logf("  %s", row0(row))
	}
}

func row0(c conflicts.Conflict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conflict of %s %s v%d %s: base %d %s, current %d %s;", c.Field, c.Status, c.Version, c.Reason,
		c.Base.Revision, show(c.Base.Value), c.Current.Revision, show(c.Current.Value))
	for _, q := range c.Proposals {
		fmt.Fprintf(&b, " [%s %s %s by", show(q.Value), q.State, q.Reason)
		for _, a := range q.Authors {
			b.WriteString(" " + who(a.User, a.Actor))
		}
		b.WriteString("]")
	}
	return b.String()
}

func who(user, actor string) string {
	if user == "" {
		return "actor " + actor[:6]
	}
	return user
}

// compareBatch compares verdicts, refusals and reports.
func (p *player) compareBatch(out *conflicts.Outcome, res *oracle.Result) {
	var got, want []string
	for _, v := range out.Verdicts {
		if v.Rule == 0 {
			continue // of a first upload
		}
		got = append(got, fmt.Sprintf("%s rule %d %s %s by %s on %q carried by %q, %.6s", v.Field, v.Rule, v.Outcome, v.Reason,
			who(v.Author.User, v.Author.Actor), v.Author.Device, v.Author.CarriedBy, v.Change))
	}
	for _, v := range res.Verdicts {
		change := ""
		if !v.Change.IsZero() {
			change = v.Change.String()
		}
		want = append(want, fmt.Sprintf("%s rule %d %s %s by %s on %q carried by %q, %.6s", v.Field, v.Rule, v.Outcome, v.Reason,
			who(v.Author.User, v.Author.Actor.String()), v.Author.Device, v.Author.CarriedBy, change))
	}
	for _, v := range got {
		p.logf("  %s", v)
	}
	bySubject(got)
	bySubject(want)
	refused := make(map[crdt.Hash]string)
	for _, r := range out.Refused {
		refused[r.Hash] = r.Reason
	}
	p.same("verdicts", got, want)
	p.same("refusals", refused, res.Refused)
	p.same("trespasses", sorted(out.Trespassed), sorted(res.Trespassed))
	var stored []crdt.Hash
	for _, c := range out.Stored {
		if c.Hash != hashOf(out.Hub) {
			stored = append(stored, c.Hash)
		}
	}
	p.same("stored changes", sorted(stored), sorted(res.Stored))
}

// bySubject sorts by field, and keeps the order within one but for what
// changes nothing.
func bySubject(verdicts []string) {
	subject := func(verdict string) string {
		words := strings.Fields(verdict)
		if words[2] == "1" {
			return verdict
		}
		return words[0]
	}
	slices.SortStableFunc(verdicts, func(a, b string) int { return strings.Compare(subject(a), subject(b)) })
}

func hashOf(c *crdt.Change) crdt.Hash {
	if c == nil {
		return crdt.Hash{}
	}
	return c.Hash
}

func sorted(hashes []crdt.Hash) []string {
	names := []string{}
	for _, h := range hashes {
		names = append(names, h.String()[:6])
	}
	slices.Sort(names)
	return names
}

func (p *player) same(what string, got, want any) {
	if diff := cmp.Diff(want, got); diff != "" {
		p.disagree("%s (- oracle, + product):\n%s", what, diff)
	}
}

// compareConflicts compares every conflict there ever was, and tells the
// oracle the names of new ones.
func (p *player) compareConflicts() {
	for path, names := range p.names {
		all := p.oracle.Conflicts(path)
		if len(all) < len(names) {
			p.disagree("%s has a conflict that should not be: %s", path, row0(p.rows[names[len(names)-1]]))
		}
		for i, name := range names {
			all[i].ID = name
		}
	}
	for _, path := range p.oracle.Critical() {
		all := p.oracle.Conflicts(path)
		for i, c := range all {
			if i >= len(p.names[path]) {
				p.disagree("%s lacks a conflict with the reason %s", path, c.Reason)
			}
			p.compareConflict(p.rows[c.ID], c)
		}
	}
}

type conflictText struct {
	Status, Reason, Base, Current string
	Version                       uint64
	Proposals                     []string
}

func (p *player) compareConflict(row conflicts.Conflict, c *oracle.Conflict) {
	got := conflictText{
		Status: string(row.Status), Reason: row.Reason, Version: row.Version,
		Base:    fmt.Sprint(row.Base.Revision, show(row.Base.Value)),
		Current: fmt.Sprint(row.Current.Revision, show(row.Current.Value)),
	}
	for _, q := range row.Proposals {
		var authors []string
		if q.State != conflicts.Superseded && q.State != conflicts.WithdrawnByAuth {
			for _, a := range q.Authors {
				name := who(a.User, a.Actor)
				if row.Status != conflicts.Pending && row.Status != conflicts.RecordDeleted {
					name = p.passed(a)
				}
				if !slices.Contains(authors, name) {
					authors = append(authors, name)
				}
			}
		}
		since := ""
		if q.Since != nil {
			since = show(q.Since.Value)
		}
		got.Proposals = append(got.Proposals,
			fmt.Sprint(show(q.Value), q.State, " ", q.Reason, " at ", q.DecidedAt, " by ", authors, " since ", since))
	}
	want := conflictText{
		Status: c.Status, Reason: c.Reason, Version: c.Version,
		Base:    fmt.Sprint(c.BaseRev, show(c.BaseVal)),
		Current: fmt.Sprint(c.CurrentRev, show(c.CurrentVal)),
	}
	for _, q := range c.Proposals {
		var authors []string
		for _, a := range q.Authors() {
			authors = append(authors, who(a.User, a.Actor.String()))
		}
		since := ""
		if q.Since != nil {
			since = show(*q.Since)
		}
		want.Proposals = append(want.Proposals,
			fmt.Sprint(show(q.Value), q.State, " ", q.Reason, " at ", q.DecidedAt, " by ", authors, " since ", since))
	}
	p.same(fmt.Sprintf("conflict of %s", row.Field), got, want)
}

// passed is an author of a conflict that was decided before an actor was bound:
// its row is as it was then.
func (p *player) passed(a conflicts.Author) string {
	actor, err := hex.DecodeString(a.Actor)
	if err != nil {
		panic(err)
	}
	if user := p.oracle.BoundTo(crdt.ActorID(actor)); a.User == "" && user != "" {
		return user
	}
	return who(a.User, a.Actor)
}

// compareState compares what reads show.
func (p *player) compareState() {
	if got, want := p.rec.Listed(), p.oracle.Listed; got != want {
		p.disagree("listed is %v, want %v", got, want)
	}
	if !p.oracle.Listed {
		return
	}
	view := p.rec.View()
	got, want := make(map[crdt.Path]string), make(map[crdt.Path]string)
	pending := make(map[crdt.Path]string)
	for path, a := range view.Accepted {
		got[path] = fmt.Sprint(a.Revision, " ", show(a.Written), " ", a.Cause)
		if a.Cause == conflicts.CauseEdit || a.Cause == conflicts.CauseResolution {
			got[path] += fmt.Sprint(" by ", who(a.DecidedBy.User, a.DecidedBy.Actor))
		}
		if a.Revision > 0 {
			got[path] += fmt.Sprint(" at ", a.DecidedAt.Unix())
		}
	}
	for _, path := range p.oracle.Critical() {
		revisions := p.oracle.Revisions(path)
		want[path] = "0 - "
		if n := len(revisions); n > 0 {
			last := revisions[n-1]
			want[path] = fmt.Sprint(n, " ", show(last.Value), " ", last.Cause)
			if last.Cause != "created" {
				want[path] += fmt.Sprint(" by ", who(last.By.User, last.By.Actor.String()))
			}
			want[path] += fmt.Sprint(" at ", last.At.Unix())
		}
		for _, c := range p.oracle.Conflicts(path) {
			if c.Status == "pending" || c.Status == "record_deleted" {
				pending[path] = c.ID
			}
		}
	}
	p.same("accepted values", got, want)
	p.same("pending conflicts", view.Pending, pending)
}
