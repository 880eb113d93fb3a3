package oracle_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
	"wedsync/crdt"
)

// A player plays one random history through the product and the oracle.
type player struct {
	env     *conflicts.Env
	rec     *conflicts.Record
	fields  []conflicts.FieldPolicy // that devices edit, critical now or not
	policy  *conflicts.Policy
	oracle  *oracle.Record
	world   *oracle.History // all that anybody wrote, the hub included
	devices []*device
	now     time.Time
	rng     *rand.Rand

	ledger  []byte
	batches []conflicts.StoredBatch
	ends    []int // how many changes the hub held after each batch
	order   []crdt.Hash
	rows    map[string]conflicts.Conflict
	names   map[crdt.Path][]string // of a field's conflicts
	log     []string

	happened coverage
}

var record = crdt.RecordID{7, 7, 7}

// disagreement ends a history.
type disagreement struct{ what []string }

func (p *player) disagree(format string, args ...any) {
	panic(disagreement{[]string{fmt.Sprintf(format, args...)}})
}

func (p *player) logf(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

var reviews = []conflicts.Review{conflicts.EveryEdit, conflicts.ConflictingEdits, conflicts.ConflictingEdits, conflicts.Locked}

func preparePlayer(seed uint64) *player {
	p := &player{
		env:    &conflicts.Env{Secret: []byte("0123456789abcdef0123456789abcdef"), Limits: crdt.DefaultLimits},
		world:  oracle.NewHistory(),
		oracle: oracle.New(),
		now:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		rng:    rand.New(rand.NewPCG(seed, 0)),
		rows:   make(map[string]conflicts.Conflict),
		names:  make(map[crdt.Path][]string),

		happened: make(coverage),
	}
	p.fields = []conflicts.FieldPolicy{
		{Path: "budget", Kind: conflicts.Money, Review: pick(p.rng, reviews)},
		{Path: "wedding_date", Kind: conflicts.Date, Review: pick(p.rng, reviews)},
		{Path: "venue_name", Kind: conflicts.Text, Review: pick(p.rng, reviews)},
		{Path: "venue.city", Kind: conflicts.Text, Review: pick(p.rng, reviews)},
	}
	p.policy = p.newPolicy(1, slices.Clone(p.fields[p.rng.IntN(2):]))
	p.rec = conflicts.New(record, p.env, p.policy)
	p.newDevices(seed)
	return p
}

func (p *player) newPolicy(version uint64, fields []conflicts.FieldPolicy) *conflicts.Policy {
	policy := &conflicts.Policy{Version: version, Zone: "Europe/Berlin", Fields: fields}
	if err := policy.Check(); err != nil {
		panic(err)
	}
	return policy
}

// newDevices makes two to four devices; two of them may be one person's.
func (p *player) newDevices(seed uint64) {
	users := []string{"alice", "bob", "carol"}
	for i := range 2 + p.rng.IntN(3) {
		user := users[i%len(users)]
		role := conflicts.Member
		if p.rng.IntN(4) == 0 {
			role = conflicts.Owner
		}
		if i > 0 && p.rng.IntN(20) == 0 {
			role = conflicts.Viewer
		}
		p.devices = append(p.devices, &device{
			who:   conflicts.Principal{Supplier: "s", User: user, Device: fmt.Sprintf("%s-%d", user, i), Role: role},
			actor: actor(seed, i),
		})
	}
}

func actor(seed uint64, n int) crdt.ActorID {
	sum := sha256.Sum256(fmt.Appendf(nil, "actor %d of %d", n, seed))
	return crdt.ActorID(sum[:16])
}

// start makes the record: over the API, or by a device whose copy others had
// before it was first uploaded.
func (p *player) start() {
	if p.rng.IntN(4) == 0 {
		p.apiEdit(conflicts.Principal{Supplier: "s", User: "olga", Device: "olga-api", Role: conflicts.Owner})
		for _, d := range p.devices {
			p.pull(d)
		}
		return
	}
	first := p.devices[0]
	p.edit(first)
	for _, d := range p.devices[1:] {
		d.know(p.world, first.known)
	}
	for range p.rng.IntN(4) {
		p.edit(pick(p.rng, p.devices))
		if p.rng.IntN(2) == 0 {
			first.know(p.world, pick(p.rng, p.devices).known)
		}
	}
	chunks := p.unsent(first, true)
	parts := 1 + p.rng.IntN(min(4, max(1, len(chunks))))
	for len(chunks) > 0 {
		n := len(chunks)
		if parts > 1 && n > 1 {
			p.happened["first upload in parts"]++
			n = 1 + p.rng.IntN(n)
			parts--
		}
		p.deliver(first, chunks[:n])
		chunks = chunks[n:]
		if p.rng.IntN(3) == 0 {
			return // the rest comes later, or never
		}
	}
}

// act plays one random action.
func (p *player) act(seed uint64) {
	p.rng = rand.New(rand.NewPCG(seed, 1))
	p.now = p.now.Add(time.Duration(p.rng.IntN(240)) * time.Second)
	d := pick(p.rng, p.devices)
	switch n := p.rng.IntN(100); {
	case n < 40:
		for range 1 + p.rng.IntN(3) {
			p.edit(d)
		}
		if p.rng.IntN(2) == 0 {
			p.push(d)
		}
	case n < 58:
		p.push(d)
		if p.rng.IntN(2) == 0 {
			p.pull(d)
		}
	case n < 68:
		p.pull(d)
	case n < 76:
		p.apiEdit(p.caller())
	case n < 88:
		p.resolve()
	case n < 90:
		p.changePolicy()
	case n < 91:
		p.judge()
	case n < 93:
		p.reload()
	case n < 94:
		p.ramble(d)
	case n < 95:
		p.again(d)
	case n < 96:
		d.actor, d.seq = actor(seed, 99), 0 // the next session of an app
	case n < 97:
		p.equivocate(d)
	case n < 98:
		p.forge(d)
	default:
		p.trespass(d)
	}
}

// caller is somebody who edits over the API: a device's user, an owner or a
// connection.
func (p *player) caller() conflicts.Principal {
	switch p.rng.IntN(6) {
	case 0:
		return conflicts.Principal{Supplier: "s", User: "olga", Device: "olga-api", Role: conflicts.Owner}
	case 1:
		return conflicts.Principal{Supplier: "s", User: "crm", Role: conflicts.Integration}
	case 2:
		return conflicts.Principal{Supplier: "s", User: "guest", Role: conflicts.Viewer}
	}
	who := pick(p.rng, p.devices).who
	who.Device = "browser"
	return who
}

// edit makes one change of a device.
func (p *player) edit(d *device) {
	var done []string
	c := d.write(p.world, p.now.Unix(), func(w *writer) {
		for range 1 + p.rng.IntN(2) {
			done = append(done, p.editField(w, pick(p.rng, p.fields)))
		}
		if p.rng.IntN(5) == 0 {
			w.typeInto("notes", p.rng)
			done = append(done, "notes")
		}
	})
	if c != nil {
		p.logf("%s writes %s: %v", d.who.Device, c.Hash.String()[:6], done)
	}
}

func (p *player) editField(w *writer, f conflicts.FieldPolicy) string {
	nested := len(f.Path.Keys()) > 1
	switch n := p.rng.IntN(20); {
	case n < 5:
		w.typeInto(f.Path, p.rng)
		return fmt.Sprintf("%s typed %s", f.Path, show(w.doc().Field(f.Path)))
	case n < 6:
		w.set(f.Path, crdt.Value{})
		return fmt.Sprintf("%s deleted", f.Path)
	case n < 8: // a form saved unchanged
		v := w.doc().Field(f.Path)
		w.set(f.Path, v)
		return fmt.Sprintf("%s saved as %s", f.Path, show(v))
	case n < 10: // back to what counted before
		revisions := p.oracle.Revisions(f.Path)
		if len(revisions) == 0 {
			return ""
		}
		v := pick(p.rng, revisions).Value
		w.set(f.Path, v)
		return fmt.Sprintf("%s back to %s", f.Path, show(v))
	case n < 11:
		w.increment(f.Path, 10)
		return fmt.Sprintf("%s incremented", f.Path)
	case n < 14 && nested: // the whole parent
		parent := crdt.Path(f.Path.Keys()[0])
		v := pick(p.rng, []crdt.Value{{}, str("nowhere"), object("Barn"), object("Castle"), {Kind: crdt.Map, Map: map[string]crdt.Value{
			"city": w.doc().Field(f.Path), "phone": integer(1),
		}}})
		w.set(parent, v)
		return fmt.Sprintf("%s replaced by %s", parent, show(v))
	}
	v := anyValue(p.rng, f.Kind)
	w.set(f.Path, v)
	return fmt.Sprintf("%s = %s", f.Path, show(v))
}

// ramble makes a device's history longer than the hub's.
func (p *player) ramble(d *device) {
	d.write(p.world, p.now.Unix(), func(w *writer) {
		for i := range 40 {
			w.append(crdt.Op{Obj: crdt.OpID{}, Key: fmt.Sprintf("k%d-%d", p.rng.Uint32(), i), Action: crdt.Set, Value: integer(int64(i))})
		}
	})
	p.logf("%s rambles", d.who.Device)
}

// trespass writes where only the hub may.
func (p *player) trespass(d *device) {
	c := d.write(p.world, p.now.Unix(), func(w *writer) {
		switch p.rng.IntN(4) {
		case 0:
			w.set("sync_conflicts", pick(p.rng, []crdt.Value{{}, str("mine"), {Kind: crdt.Map}, object("x")}))
		case 1:
			w.set("sync_conflicts.budget", pick(p.rng, []crdt.Value{{}, str("mine"), text("mine")}))
		default:
			w.set("sync_conflicts."+pick(p.rng, []crdt.Path{"wedding_date", "foo", "venue_name"}), pick(p.rng, []crdt.Value{{}, str("mine")}))
		}
	})
	if c != nil {
		p.logf("%s trespasses with %s", d.who.Device, c.Hash.String()[:6])
	}
	p.push(d)
}

// unsent are the changes of a device that the hub lacks. What others wrote it
// brings only if it uploads the record, or if they are the same person's.
func (p *player) unsent(d *device, foreign bool) [][]byte {
	var chunks [][]byte
	for _, c := range p.world.Of(d.known) {
		own := slices.ContainsFunc(p.devices, func(o *device) bool { return o.actor == c.Actor && o.who.User == d.who.User })
		if !p.oracle.History.Has(c.Hash) && (own || foreign) {
			chunks = append(chunks, c.Raw)
		}
	}
	return chunks
}

// push delivers what the hub lacks: all of it, its beginning, one by one, or
// its end before its beginning.
func (p *player) push(d *device) {
	if p.rng.IntN(4) == 0 {
		for _, o := range p.devices {
			if o.who.User == d.who.User {
				d.know(p.world, o.known)
			}
		}
	}
	chunks := p.unsent(d, !p.oracle.Listed)
	if len(chunks) == 0 {
		return
	}
	switch p.rng.IntN(8) {
	case 0:
		p.deliver(d, chunks[:1+p.rng.IntN(len(chunks))])
	case 1:
		for _, c := range chunks {
			p.deliver(d, [][]byte{c})
		}
	case 2:
		n := p.rng.IntN(len(chunks))
		p.deliver(d, chunks[n:])
		if n > 0 && p.rng.IntN(2) == 0 {
			p.deliver(d, chunks[:n])
		}
	default:
		p.deliver(d, chunks)
	}
}

// pull brings a device what the hub holds, or held some batches ago.
func (p *player) pull(d *device) {
	if !p.oracle.Listed || len(p.ends) == 0 {
		return
	}
	end := p.ends[len(p.ends)-1]
	if p.rng.IntN(4) == 0 {
		end = pick(p.rng, p.ends)
	}
	d.know(p.world, p.world.Past(p.order[:end]...))
	p.logf("%s pulls %d", d.who.Device, end)
}

// again delivers what the hub has.
func (p *player) again(d *device) {
	var chunks [][]byte
	for _, c := range p.world.Of(d.known) {
		if c.Actor == d.actor {
			chunks = append(chunks, c.Raw)
		}
	}
	if len(chunks) > 0 {
		p.deliver(d, chunks)
	}
}

// forge delivers a change under an actor that is bound to another's device.
func (p *player) forge(d *device) {
	victim := pick(p.rng, p.devices)
	if victim.who.User == d.who.User || !p.oracle.Listed {
		return
	}
	forger := &device{who: d.who, actor: victim.actor, seq: victim.seq, known: victim.known}
	if p.oracle.BoundTo(victim.actor) == "" {
		return
	}
	c := forger.write(p.scratch(), 4102444800, func(w *writer) { w.set("budget", integer(666)) })
	p.logf("%s forges %s", d.who.Device, c.Hash.String()[:6])
	p.deliver(d, [][]byte{c.Raw})
}

func (p *player) deliver(d *device, chunks [][]byte) {
	var changes []*crdt.Change
	var names []string
	for _, raw := range chunks {
		c, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			panic(err)
		}
		changes = append(changes, c)
		names = append(names, c.Hash.String()[:6])
	}
	p.logf("%s (%s) delivers %v", d.who.Device, d.who.Role, names)
	heads := p.world.Heads(d.known)
	out := p.rec.Receive(conflicts.Delivery{From: d.who, Changes: changes, Announced: heads, Policy: p.policy, Now: p.now})
	res := p.oracle.Receive(oracle.Delivery{
		From: principal(d.who), Chunks: chunks, Announced: heads, Policy: oraclePolicy(p.policy), Now: p.now,
	})
	p.settle(out, res)
}

func (p *player) apiEdit(who conflicts.Principal) {
	fields := make(map[crdt.Path]crdt.Value)
	for range 1 + p.rng.IntN(2) {
		f := pick(p.rng, p.fields)
		fields[f.Path] = anyValue(p.rng, f.Kind)
		if revisions := p.oracle.Revisions(f.Path); len(revisions) > 0 && p.rng.IntN(4) == 0 {
			fields[f.Path] = pick(p.rng, revisions).Value
		}
	}
	if p.rng.IntN(3) == 0 {
		fields["notes"] = pick(p.rng, []crdt.Value{text("note"), text("a note"), integer(3)})
	}
	var match map[crdt.Path]uint64
	if p.rng.IntN(2) == 0 || who.Role == conflicts.Integration {
		match = make(map[crdt.Path]uint64)
		for path := range fields {
			if n := len(p.oracle.Revisions(path)); path != "notes" {
				match[path] = uint64(max(0, n-p.rng.IntN(3)))
			}
		}
	}
	key := pick(p.rng, []string{"", "", "k1", "k2"})
	p.logf("%s (%s) writes over the API %v if %v, key %q", who.User, who.Role, showAll(fields), match, key)
	out, err := p.rec.Edit(conflicts.Edit{From: who, Fields: fields, IfMatch: match, Key: key, Policy: p.policy, Now: p.now})
	res := p.oracle.Edit(oracle.Edit{
		From: principal(who), Fields: fields, IfMatch: match, Key: key, Policy: oraclePolicy(p.policy), Now: p.now,
	})
	p.command(out, err, res)
}

// resolve decides a pending conflict, sometimes by somebody who may not or who
// knows only an older version of it.
func (p *player) resolve() {
	var waiting []conflicts.Conflict
	for _, path := range p.oracle.Critical() {
		for _, c := range p.oracle.Conflicts(path) {
			if c.Status == "pending" {
				waiting = append(waiting, p.rows[c.ID])
			}
		}
	}
	if len(waiting) == 0 {
		return
	}
	row := pick(p.rng, waiting)
	s := conflicts.Resolution{
		By:       conflicts.Principal{Supplier: "s", User: pick(p.rng, []string{"olga", "alice"}), Role: conflicts.Owner},
		Conflict: row.ID, Version: row.Version, Policy: p.policy, Now: p.now,
	}
	if p.rng.IntN(12) == 0 {
		s.By.Role = conflicts.Member
	}
	if p.rng.IntN(8) == 0 && s.Version > 1 {
		s.Version--
	}
	o := oracle.Resolution{
		By: principal(s.By), Field: row.Field, Conflict: slices.Index(p.names[row.Field], row.ID), Version: s.Version,
		Policy: oraclePolicy(p.policy), Now: p.now,
	}
	switch p.rng.IntN(4) {
	case 0:
		s.Action = conflicts.Keep
	case 1:
		s.Action = conflicts.Custom
		kind := conflicts.Text
		for _, f := range p.fields {
			if f.Path == row.Field {
				kind = f.Kind
			}
		}
		s.Value = anyValue(p.rng, kind)
		o.Value = s.Value
	default:
		s.Action = conflicts.Accept
		o.Proposal = p.rng.IntN(len(row.Proposals))
		s.Proposal = row.Proposals[o.Proposal].ID
	}
	o.Action = string(s.Action)
	p.logf("%s (%s) resolves %s version %d: %s %s %s", s.By.User, s.By.Role, row.Field, s.Version, s.Action, s.Proposal, show(s.Value))
	out, err := p.rec.Resolve(s)
	p.command(out, err, p.oracle.Resolve(o))
}

// command compares what a command led to, or that it failed.
func (p *player) command(out *conflicts.Outcome, err error, res *oracle.Result) {
	var stale *conflicts.StaleError
	var unfit *conflicts.UnfitError
	failed := ""
	switch {
	case err == nil:
	case errors.Is(err, conflicts.ErrForbidden):
		failed = "forbidden"
	case errors.Is(err, conflicts.ErrIntroducing):
		failed = "introducing"
	case errors.Is(err, conflicts.ErrUnknownConflict), errors.Is(err, conflicts.ErrUnknownProposal):
		failed = "unknown"
	case errors.As(err, &stale):
		failed = "stale"
	case errors.As(err, &unfit):
		failed = "unfit"
	default:
		failed = err.Error()
	}
	if failed != res.Fail {
		p.disagree("the command failed as %q, want %q", failed, res.Fail)
	}
	if failed != "" {
		p.happened["failed "+failed]++
	}
	if failed == "" {
		p.settle(out, res)
		return
	}
	p.compareState()
}

// changePolicy gives a field another review, makes one critical, or one no
// longer.
func (p *player) changePolicy() {
	fields := slices.Clone(p.policy.Fields)
	f := pick(p.rng, p.fields)
	f.Review = pick(p.rng, reviews)
	at := slices.IndexFunc(fields, func(o conflicts.FieldPolicy) bool { return o.Path == f.Path })
	switch {
	case at < 0:
		fields = append(fields, f)
	case p.rng.IntN(3) == 0:
		fields = slices.Delete(fields, at, at+1)
	default:
		fields[at] = f
	}
	p.policy = p.newPolicy(p.policy.Version+1, fields)
	p.logf("policy: %v", fields)
	if p.rng.IntN(2) == 0 {
		p.judge()
	}
}

// judge brings the record in line with the policy, and has it judged as it
// stands if its upload is not complete.
func (p *player) judge() {
	who := conflicts.Principal{}
	out := p.rec.Judge(conflicts.Judgement{By: who, Policy: p.policy, Now: p.now})
	res := p.oracle.Judge(oracle.Delivery{Policy: oraclePolicy(p.policy), Now: p.now})
	p.logf("judged as it stands")
	p.settle(out, res)
}

// equivocate delivers another change in the place of the device's last one, as
// a copy restored from a backup does.
func (p *player) equivocate(d *device) {
	if d.seq == 0 {
		return
	}
	copied := &device{who: d.who, actor: d.actor, seq: d.seq - 1}
	for _, c := range p.world.Of(d.known) {
		if c.Actor != d.actor || c.Seq < d.seq {
			copied.know(p.world, p.world.Past(c.Deps...))
			if c.Actor == d.actor {
				copied.know(p.world, p.world.Past(c.Hash))
			}
		}
	}
	c := copied.write(p.scratch(), 4102444800, func(w *writer) { w.set("notes", integer(666)) })
	held := p.oracle.Holds(d.actor, d.seq)
	if held {
		p.logf("%s equivocates with %s", d.who.Device, c.Hash.String()[:6])
		p.deliver(d, [][]byte{c.Raw})
	}
}

// scratch is a copy of the world for what nobody else ever sees.
func (p *player) scratch() *oracle.History {
	scratch := oracle.NewHistory()
	for _, c := range p.world.Of(p.world.All()) {
		scratch.Add(c)
	}
	return scratch
}

// reload is a restart of the hub.
func (p *player) reload() {
	rec, err := conflicts.Load(record, p.env, p.policy, p.ledger, p.batches)
	if err != nil {
		p.disagree("load: %v", err)
	}
	p.rec = rec
	p.oracle.Reload()
	p.logf("reload")
	p.compareState()
}
