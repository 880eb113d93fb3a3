package oracle_test

import (
	"crypto/sha256"
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
	denied  []crdt.Hash            // changes that diverted or were rejected
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
	if p.oracle.Deleted {
		p.actDeleted(d)
		return
	}
	switch n := p.rng.IntN(100); {
	case n < 34:
		for range 1 + p.rng.IntN(3) {
			p.edit(d)
		}
		if p.rng.IntN(2) == 0 {
			p.push(d)
		}
	case n < 52:
		p.push(d)
		if p.rng.IntN(2) == 0 {
			p.pull(d)
		}
	case n < 61:
		p.pull(d)
	case n < 65:
		p.withdraw()
	case n < 69:
		p.reopen()
	case n < 71:
		p.delete()
	case n < 77:
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
	p.compareSeals(&conflicts.Outcome{})
}
