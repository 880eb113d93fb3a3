package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// newDocument is the id of a record that nobody has.
func (a *attacker) newDocument() string {
	var id crdt.RecordID
	for i := range id {
		id[i] = byte(a.rand.Uint32())
	}
	return id.DocumentID()
}

// floodOfOrphans brings changes that wait for ones which nobody has: to records
// that there are and to others.
func floodOfOrphans(s *siege, n int) {
	targets := attackedRecords(s.hub, s.node, s.named("victim"))
	text := strings.Repeat("waiting ", 500)
	s.throw(n, func(a *attacker, i int) []byte {
		id := targets[i%len(targets)].id
		if i%4 == 0 {
			id = a.newDocument()
		}
		return changeFrame(a.name, id, orphan(i, text))
	})
}

// floodOfCounters climbs towards the limit of operation counters in steps as
// large as they may be, and tries every limit meanwhile.
func floodOfCounters(s *siege, n int) {
	l := crdt.DefaultLimits
	edges := []uint64{0, l.OpGap, l.DeviceOps - 1, l.DeviceOps, l.HubOps - 1, l.HubOps, math.MaxUint32, 1 << 32, 1 << 53, 1 << 62, math.MaxInt64, math.MaxUint64}
	targets := attackedRecords(s.hub, s.node, s.named("victim"))
	s.throw(n, func(a *attacker, _ int) []byte {
		if a.number != 0 {
			edge := edges[a.rand.IntN(len(edges))] + uint64(a.rand.IntN(3)) - 1
			return changeFrame(a.name, targets[1].id, crdt.Change{Actor: a.actor(), Seq: 1, StartOp: edge})
		}
		return a.climb(targets[0].id)
	})
	s.wantMetric(changesRefused, n/4)
	s.wantMetric(changesStored, min(n/10, 1<<14))
}

// climb goes on with the attacker's own changes, each as far above the one
// before as may be.
func (a *attacker) climb(id string) []byte {
	if a.last == nil {
		a.last = &crdt.Change{Actor: a.actor()}
	}
	c := crdt.Change{Actor: a.last.Actor, Seq: a.last.Seq + 1, StartOp: a.last.StartOp + crdt.DefaultLimits.OpGap - 1}
	if a.last.Seq > 0 {
		c.Deps = []crdt.Hash{a.last.Hash}
	}
	raw := encoded(c)
	if decoded, err := crdt.Decode(raw, crdt.DefaultLimits); err == nil {
		a.last = decoded
	}
	return syncFrame(a.name, id, syncMessage(raw))
}

// floodOfRunLengths brings changes of a few bytes that say a million operations,
// and others with as many as one change may have.
func floodOfRunLengths(s *siege, n int) {
	target := attackedRecords(s.hub, s.node, s.named("victim"))[0]
	most := crdt.DefaultLimits.MaxOps
	var changes [][]byte
	for _, ops := range []int{1_000_000, most, most + 1, most / 10} {
		changes = append(changes, encoded(crdt.Change{Actor: runActor(0), Seq: 1, StartOp: 100, Ops: manyPuts(ops)}))
	}
	s.throw(n, func(a *attacker, i int) []byte {
		change := bytes.Replace(changes[i%len(changes)], []byte(runActor(0)), []byte(runActor(i)), 1)
		return syncFrame(a.name, target.id, syncMessage(repaired(change)))
	})
	// Whatever was taken reaches the engine here.
	s.hub.api(owner("olga")).do("GET", "/api/clients/"+target.id, nil, nil)
	s.wantMetric(changesRefused, n/4)
	s.wantMetric(changesStored, n/4)
}

func runActor(i int) crdt.ActorID { return crdt.ActorID(fmt.Sprintf("run-length-%05d", i)) }

// floodOfBombs brings small changes that inflate to much, some of them to
// nothing more than is allowed.
func floodOfBombs(s *siege, n int) {
	target := attackedRecords(s.hub, s.node, s.named("victim"))[0]
	bombs := [][]byte{bomb(3), bomb(4), bomb(64), bomb(1024)}
	s.throw(n, func(a *attacker, i int) []byte {
		return syncFrame(a.name, target.id, syncMessage(slices.Repeat([][]byte{bombs[i%4]}, 1+a.rand.IntN(3))...))
	})
	s.wantMetric(changesRefused, n)
}

// floodOfForgeries brings changes in the name of other devices and of the hub.
func floodOfForgeries(s *siege, n int) {
	olga := s.hub.api(owner("olga"))
	made := olga.create(map[string]any{"name": "Ada", "wedding_date": "2027-06-12"})
	// What arrives at the victim keeps its process busy: it is not the pair's.
	victim := startNode(s.T).open("victim", clientOptions{url: s.hub.sync(member("vic"))})
	victim.do("find", args{"id": made.DocumentID})
	victim.do("set", args{"id": made.DocumentID, "field": "name", "value": "Victoria"})
	victim.do("wait", args{"id": made.DocumentID, "acked": true})
	var real []*crdt.Change // the hub's and the victim's
	for _, raw := range victim.do("changes", args{"id": made.DocumentID}).Changes {
		c, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			s.Fatalf("a change that hub or Automerge made: %v", err)
		}
		real = append(real, c)
	}
	last := real[len(real)-1]
	s.throw(n, func(a *attacker, i int) []byte {
		like := real[a.rand.IntN(len(real))]
		c := crdt.Change{
			Actor: like.Actor, Seq: like.Seq + uint64(a.rand.IntN(3)), StartOp: last.MaxOp() + 1, Deps: []crdt.Hash{last.Hash},
			Time: int64(i), Ops: []crdt.Op{{Key: "name", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "forged"}}},
		}
		if i%3 == 0 { // an actor that nearly is the hub's
			actor := []byte(real[0].Actor)
			actor[len(actor)-1-a.rand.IntN(8)] ^= byte(1 + a.rand.IntN(255))
			c.Actor, c.Seq = crdt.ActorID(actor), 1
			c.Ops[0].Key = "elsewhere"
		}
		return changeFrame(a.name, made.DocumentID, c)
	})
	s.wantMetric(changesRefused, n/2)
	if got := olga.get(made.DocumentID).Fields["name"]; got != "Victoria" {
		s.Errorf("the name is %v: somebody wrote in another's name", got)
	}
	victim.do("set", args{"id": made.DocumentID, "field": "name", "value": "Victoria again"})
	victim.do("wait", args{"id": made.DocumentID, "acked": true})
	if got := olga.get(made.DocumentID).Fields["name"]; got != "Victoria again" {
		s.Errorf("the name is %v: the victim can no longer write", got)
	}
}

// floodOfEquivocation brings different changes under one actor and sequence, to
// one record and to several.
func floodOfEquivocation(s *siege, n int) {
	targets := attackedRecords(s.hub, s.node, s.named("victim"))
	s.throw(n, func(a *attacker, i int) []byte {
		c := crdt.Change{
			Actor: crdt.ActorID(fmt.Sprintf("%s-%010d", a.name[:5], a.rand.IntN(40))), Seq: 1, StartOp: 100,
			Time: int64(i), Message: fmt.Sprintf("version %d", i),
		}
		other := c
		other.Message += ", or not"
		return syncFrame(a.name, targets[i%len(targets)].id, syncMessage(encoded(c), encoded(other)))
	})
	s.wantMetric(changesRefused, n/2)
}

// floodAgainstMirrors lets clients write into the map that is the hub's, of a
// record with a conflict, as fast as they can. In the end the hub's word stands.
func floodAgainstMirrors(s *siege, n int) {
	phone := s.node.open(s.named("honest"), clientOptions{url: s.hub.sync(member("hal"))})
	rivals := []*nodeClient{
		s.node.open(s.named("rival-1"), clientOptions{url: s.hub.sync(member("rob"))}),
		s.node.open(s.named("rival-2"), clientOptions{url: s.hub.sync(member("rex"))}),
	}
	id := pendingRecord(s.T, s.hub, phone, rivals[0])
	rivals[1].do("find", args{"id": id})
	var last int
	for _, r := range rivals {
		r.do("load", args{"id": id, "field": "sync_conflicts", "every": 2, "count": n / len(rivals)})
	}
	for _, r := range rivals {
		r.do("wait", args{"id": id, "idle": true, "timeout": 2 * time.Hour.Milliseconds()})
		last += n / len(rivals)
		s.progress.done.Store(int64(last))
	}
	converge(s.T, s.hub, id, phone, rivals[0], rivals[1])
	record := s.hub.api(owner("olga")).get(id)
	if len(record.Pending) != 1 {
		s.Errorf("%d conflicts are pending, want 1", len(record.Pending))
	}
	for _, c := range append(rivals, phone) {
		if got, want := pendingIn(&person{nodeClient: c}, id, date), record.Pending[date]; got != want || want == "" {
			s.Errorf("%s is told of conflict %q, pending is %q", c.name, got, want)
		}
	}
}

// floodOfFilters asks with Bloom filters of no bits, of too many probes, and as
// large as they may be.
func floodOfFilters(s *siege, n int) {
	targets := attackedRecords(s.hub, s.node, s.named("victim"))
	filter := func(entries, perEntry, probes uint64, bits int) []byte {
		var b []byte
		for _, v := range []uint64{entries, perEntry, probes} {
			b = binary.AppendUvarint(b, v)
		}
		return append(b, make([]byte, bits)...)
	}
	const entries = 1 << 20
	large := filter(entries, 32, 32, entries*32/8)
	small := [][]byte{
		filter(1, 0, 7, 0), filter(0, 10, 7, 0), filter(1, 10, 0, 2), filter(1, 10, 1<<32-1, 2), filter(1, 10, 1<<32, 2),
		filter(1<<32-1, 10, 7, 2), filter(1<<32, 1<<32, 1<<32, 2), filter(1, 10, 32, 2), filter(3, 1, 32, 1), filter(1, 32, 7, 4),
	}
	s.throw(n, func(a *attacker, i int) []byte {
		id, bloom, haves := targets[i%len(targets)].id, small[a.rand.IntN(len(small))], 1
		if i%10 == 0 {
			bloom, haves = large, 1+a.rand.IntN(3)
		}
		if i%20 == 0 {
			id = a.newDocument()
		}
		return syncFrame(a.name, id, question(haves, bloom))
	})
}

// question is a sync message that announces a head which nobody has and holds
// filters.
func question(haves int, bloom []byte) []byte {
	m := append([]byte{0x42, 1}, make([]byte, 31)...)
	m = append(m, 1, 0)
	m = binary.AppendUvarint(m, uint64(haves))
	for range haves {
		m = append(append(m, 0), withLength(bloom)...)
	}
	return append(m, 0)
}

// floodOfDocuments creates records.
func floodOfDocuments(s *siege, n int) {
	s.throw(n, func(a *attacker, _ int) []byte {
		raw := encoded(crdt.Change{Actor: a.actor(), Seq: 1, StartOp: 1})
		head := crdt.Hash(sha256.Sum256(raw[8:])) // behind magic and checksum
		message := slices.Concat([]byte{0x42, 1}, head[:], []byte{0, 1, 0, 0, 1}, withLength(raw))
		return syncFrame(a.name, a.newDocument(), message)
	})
	s.wantMetric(changesStored, n)
}
