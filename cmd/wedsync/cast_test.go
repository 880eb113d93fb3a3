package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// The cases of the product's text on critical fields that involve devices, with
// real automerge-repo clients of members and one hub. What each leads to for
// other roles and modes is in the tests of server/hub.

// A cast plays the cases of one supplier, whose fields have one mode.
type cast struct {
	*testing.T
	hub      *hubProcess
	supplier string
	owner    *api
	olga     *nodeClient
	ada, ben *nodeClient
	cyd      *nodeClient
}

func newCast(t *testing.T, h *hubProcess, node *nodeProcess, supplier, mode string) *cast {
	t.Helper()
	c := &cast{T: t, hub: h, supplier: supplier, owner: h.api(who{supplier, "olga", "owner", "desk"})}
	c.critical(mode)
	open := func(user, role string) *nodeClient {
		url := h.sync(who{supplier, user, role, user + "-device"})
		return node.open(supplier+"-"+user, clientOptions{url: url})
	}
	c.olga, c.ada, c.ben, c.cyd = open("olga", "owner"), open("ada", "member"), open("ben", "member"), open("cyd", "member")
	return c
}

// critical puts a policy into force and waits until all records are judged by it.
func (c *cast) critical(mode string, more ...string) {
	c.Helper()
	var fields []map[string]any
	kinds := map[string]string{"wedding_date": "date", "venue_name": "text", "budget": "money", "venue.name": "text"}
	for _, path := range more {
		kinds[path] = "number"
	}
	for path, kind := range kinds {
		fields = append(fields, map[string]any{"path": path, "kind": kind, "review": mode})
	}
	var policy struct {
		Job struct {
			Finished bool `json:"finished"`
		} `json:"job"`
	}
	c.owner.must("PUT", "/api/policy", map[string]any{"fields": fields}, &policy)
	for !policy.Job.Finished {
		c.owner.must("GET", "/api/policy", nil, &policy)
	}
}

// record makes a record with a real client, and has others find it.
func (c *cast) record(others ...*nodeClient) (id string) {
	c.Helper()
	id = c.olga.create(args{
		"budget": 1, "venue_name": "Barn", "notes": "hello", "venue": args{"name": "Hall", "seats": 40},
	})
	for _, o := range others {
		o.do("find", args{"id": id})
	}
	return id
}

func offline(clients ...*nodeClient) {
	for _, o := range clients {
		o.do("offline", nil)
	}
}

// online has clients come back one after another, each until all is stored.
func online(id string, clients ...*nodeClient) {
	for _, o := range clients {
		o.do("online", nil)
		o.do("wait", args{"id": id, "acked": true})
	}
}

func set(o *nodeClient, id, field string, value any) {
	o.p.t.Helper()
	o.do("set", args{"id": id, "field": field, "value": value})
}

// edit sets a field and waits until that is stored.
func edit(o *nodeClient, id, field string, value any) {
	o.p.t.Helper()
	set(o, id, field, value)
	o.do("wait", args{"id": id, "acked": true})
}

// behind moves the budget on to 5 without the clients that are offline.
func (c *cast) behind(id string) { edit(c.olga, id, "budget", 5) }

// conflicts are those of a field of a record, in the order of their ids.
func (c *cast) conflicts(id, field string) (rows []queueItem) {
	c.Helper()
	client := c.owner.get(id).ClientID
	for _, row := range c.owner.conflicts("") {
		if row.ClientID == client && row.Field == field {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b queueItem) int { return strings.Compare(a.ID, b.ID) })
	return rows
}

// decide decides the pending conflict of a field; accept takes its first open proposal.
func (c *cast) decide(id, field, action string) {
	c.Helper()
	for _, row := range c.conflicts(id, field) {
		if row.Status != "pending" {
			continue
		}
		how := map[string]any{"action": action}
		if i := slices.IndexFunc(row.Proposals, func(p proposal) bool { return p.State == "open" }); action == "accept" {
			how["proposal_id"] = row.Proposals[i].ID
		}
		c.owner.resolve(row, how)
		return
	}
	c.Fatalf("%s of %s: nothing is pending", field, id)
}

// stands checks the accepted value of a field, its conflicts, and that all
// clients that are online show the same.
func (c *cast) stands(id, field, want string, clients ...*nodeClient) {
	c.Helper()
	record := c.owner.get(id)
	got := fmt.Sprint(at(record.Fields, field))
	for _, row := range c.conflicts(id, field) {
		var proposals []string
		for _, p := range row.Proposals {
			proposals = append(proposals, fmt.Sprint(p.Value, " ", p.State))
		}
		got += fmt.Sprintf(" [%s %s: %s]", row.Status, row.Reason, strings.Join(proposals, ", "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.Errorf("%s (-want +got):\n%s", field, diff)
	}
	for _, o := range clients {
		o.do("wait", args{"id": id, "acked": true})
		value := fmt.Sprint(plain(o.value(id, field)))
		if o.value(id, field) == nil {
			value = "<nil>"
		}
		if accepted := fmt.Sprint(at(record.Fields, field)); value != accepted {
			c.Errorf("%s shows %s = %s, accepted is %s", o.name, field, value, accepted)
		}
	}
}

// at is the value at a path of a record's fields.
func at(fields map[string]any, path string) any {
	var v any = fields
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// play runs one case; what it leaves offline comes back.
func (c *cast) play(name string, play func(c *cast)) {
	c.Run(name, func(t *testing.T) {
		inner := *c
		inner.T, inner.owner = t, &api{t: t, base: c.owner.base, token: c.owner.token}
		play(&inner)
		for _, o := range []*nodeClient{c.olga, c.ada, c.ben, c.cyd} {
			o.do("online", nil)
		}
	})
}

func decodeChange(t testing.TB, raw []byte) *crdt.Change {
	t.Helper()
	l := crdt.DefaultLimits
	l.DeviceOps = l.HubOps
	change, err := crdt.Decode(raw, l)
	if err != nil {
		t.Fatal(err)
	}
	return change
}
