package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

// A target is a record that is attacked, with the changes it consists of.
type target struct {
	id      string
	changes [][]byte
	decoded []*crdt.Change
}

// attackedRecords makes records with all kinds of operations, by a client of
// that name.
func attackedRecords(h *hubProcess, node *nodeProcess, by string) []target {
	h.t.Helper()
	c := node.open(by, clientOptions{url: h.sync(member("vic"))})
	var all []target
	for range 3 {
		id := c.create(args{
			"name": "Victim", "venue_name": "Orchard Barn", "wedding_date": args{"$immutable": "2027-06-12"}, "budget": 12500,
			"visits": args{"$counter": 1}, "met": args{"$date": "2020-01-01T00:00:00.000Z"}, "seal": args{"$bytes": "AAEC"},
			"guests": []any{"a", args{"name": "b"}}, "venue": args{"name": "Barn", "rooms": 3}, "rate": 1.5, "none": nil, "yes": true,
		})
		c.do("inc", args{"id": id, "field": "visits", "by": 3})
		c.do("splice", args{"id": id, "field": "venue_name", "index": 7, "remove": 1, "insert": "-red "})
		c.do("set", args{"id": id, "field": "venue", "value": args{"name": "Mill"}})
		c.do("remove", args{"id": id, "field": "none"})
		c.do("set", args{"id": id, "field": "guests", "value": []any{1, 2.5, "c"}})
		c.do("wait", args{"id": id, "acked": true})
		t := target{id: id, changes: c.do("changes", args{"id": id}).Changes}
		for _, raw := range t.changes {
			decoded, err := crdt.Decode(raw, crdt.DefaultLimits)
			if err != nil {
				h.t.Fatalf("a change that Automerge made: %v", err)
			}
			t.decoded = append(t.decoded, decoded)
		}
		all = append(all, t)
	}
	c.do("close", nil)
	return all
}

// An attacker throws inputs at the hub, each over a connection that has joined.
type attacker struct {
	url, name string
	number    int
	rand      *rand.Rand
	conn      *wireClient
	joined    int
	last      *crdt.Change // of its own, for changes that go on
}

// throw sends an input and then an honest question, and returns how long it
// took until the hub answered that or closed the connection.
func (a *attacker) throw(input []byte) (time.Duration, error) {
	if a.conn == nil {
		if err := a.connect(); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err := a.conn.write(input)
	if err == nil {
		err = a.ask()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return 0, fmt.Errorf("the hub neither answered nor closed within %s", patience)
	}
	if err != nil {
		a.close()
	}
	return time.Since(began), nil
}

func (a *attacker) connect() error {
	conn, err := connectWire(a.url)
	if err != nil {
		return err
	}
	a.conn = conn
	a.joined++
	join, err := cbor.Marshal(map[string]any(joinOf(a.name)))
	if err == nil {
		err = conn.write(join)
	}
	return err
}

// ask asks for a record that nobody has and reads until that is answered.
func (a *attacker) ask() error {
	question, err := cbor.Marshal(map[string]any(frame{
		"type": "request", "senderId": a.name, "targetId": "hub", "documentId": nobodys, "data": emptyMessage,
	}))
	if err != nil {
		return err
	}
	if err := a.conn.write(question); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		f, err := a.conn.read(ctx)
		if err != nil || f["type"] == "doc-unavailable" && f["documentId"] == nobodys {
			return err
		}
	}
}

func (a *attacker) close() {
	if a.conn != nil {
		a.conn.close()
		a.conn = nil
	}
}

// emptyMessage is the sync message of a peer that has nothing.
var emptyMessage = []byte{0x42, 0, 0, 1, 0, 0, 0}

// mutated is an input of one of four kinds: a broken frame, a broken sync
// message in a sound frame, a broken change with a repaired checksum, or a
// well-formed change whose operations make little sense.
func (a *attacker) mutated(targets []target) []byte {
	t := targets[a.rand.IntN(len(targets))]
	change := t.changes[a.rand.IntN(len(t.changes))]
	switch a.rand.IntN(10) {
	case 0, 1:
		return a.damaged(a.sound(t, change))
	case 2, 3:
		return syncFrame(a.name, t.id, a.damaged(syncMessage(change)))
	case 4, 5, 6:
		return syncFrame(a.name, t.id, syncMessage(a.reshaped(t)))
	}
	return syncFrame(a.name, t.id, syncMessage(repaired(a.damaged(bytes.Clone(change)))))
}

// sound is a frame of any type.
func (a *attacker) sound(t target, change []byte) []byte {
	var f frame
	switch a.rand.IntN(6) {
	case 0:
		f = joinOf(a.name)
	case 1:
		f = frame{"type": "ephemeral", "senderId": a.name, "targetId": "hub", "documentId": t.id, "count": 7, "sessionId": "s", "data": []byte{0xa0}}
	case 2:
		f = frame{"type": "remote-heads-changed", "senderId": a.name, "targetId": "hub", "documentId": t.id, "newHeads": frame{"x": frame{"heads": []string{"y"}, "timestamp": 1.5}}}
	case 3:
		f = frame{"type": "request", "senderId": a.name, "targetId": "hub", "documentId": t.id, "data": emptyMessage}
	default:
		return syncFrame(a.name, t.id, syncMessage(change))
	}
	b, err := cbor.Marshal(map[string]any(f))
	if err != nil {
		panic(err) // nothing but maps, strings and numbers
	}
	return b
}

// damaged is b, damaged in one to four places.
func (a *attacker) damaged(b []byte) []byte {
	for range 1 + a.rand.IntN(4) {
		if len(b) == 0 {
			return b
		}
		i := a.rand.IntN(len(b))
		switch a.rand.IntN(6) {
		case 0:
			b[i] ^= 1 << a.rand.IntN(8)
		case 1:
			b[i] = []byte{0, 1, 0x7f, 0x80, 0xff}[a.rand.IntN(5)]
		case 2:
			b = append(b[:i], b[min(len(b), i+1+a.rand.IntN(8)):]...)
		case 3:
			b = append(b[:i], append([]byte{byte(a.rand.Uint32())}, b[i:]...)...)
		case 4:
			b = append(b[:i], append(bytes.Repeat([]byte{0xff}, 1+a.rand.IntN(9)), b[i:]...)...)
		case 5:
			b = b[:i]
		}
	}
	return b
}
