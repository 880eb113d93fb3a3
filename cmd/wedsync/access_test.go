package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

func TestViewerReceivesEverythingWritesNothingAndTrafficStops(t *testing.T) {
	t.Parallel() // it waits most of the time
	h := startHub(t)
	node := startNode(t)
	phone := node.open("phone", clientOptions{url: h.sync(member("ada"))})
	eve := node.open("eve", clientOptions{url: h.sync(viewer("eve"))})
	id := phone.create(args{"name": "Ada", "notes": "peonies", "venue_name": "Orchard Barn"})
	eve.do("find", args{"id": id})
	eve.do("set", args{"id": id, "field": "name", "value": "Eve was here"})
	eve.do("splice", args{"id": id, "field": "venue_name", "index": 0, "insert": "Eve's "})
	phone.do("set", args{"id": id, "field": "notes", "value": "white peonies"})
	eve.awaitValue(id, "notes", "white peonies")
	eve.do("quiet", nil)
	phone.do("quiet", nil)
	fields := h.api(owner("olga")).get(id).Fields
	for field, want := range map[string]string{"name": "Ada", "venue_name": "Orchard Barn"} {
		if fields[field] != want || phone.value(id, field) != want {
			t.Errorf("%s is %v in the hub and %v on the phone, want %q: a viewer's edit was taken", field, fields[field], phone.value(id, field), want)
		}
	}
	if rows := h.api(owner("olga")).conflicts("pending"); len(rows) != 0 {
		t.Errorf("a viewer's edit became a proposal: %+v", rows)
	}
	converge(t, h, id, phone)
}

func TestRecordOfAnotherSupplierCannotBeFoundOrWritten(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	phone := node.open("phone", clientOptions{url: h.sync(member("ada"))})
	id := phone.create(args{"name": "Ada"})
	before := phone.heads(id)

	elsewhere := who{"mill", "mia", "owner", ""}
	mia := node.open("mia", clientOptions{url: h.sync(elsewhere)})
	if a, err := mia.try("find", args{"id": id}); err == nil || a.Error != "unavailable" {
		t.Errorf("another supplier's owner got %+v, %v; want unavailable", a, err)
	}
	c := crdt.Change{Actor: "mia", Seq: 1, StartOp: 1, NumOps: 1, Ops: []crdt.Op{{Key: "name", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "Mia"}}}}
	pushed := joinWire(t, h.sync(elsewhere), "mia-raw")
	if err := pushed.write(syncFrame("mia-raw", id, syncMessage(crdt.Encode(&c)))); err != nil {
		t.Fatal(err)
	}
	pushed.receiveUntil(func(f frame) bool { return f["type"] == "doc-unavailable" && f["documentId"] == id })
	for _, path := range []string{"/api/clients/" + id} {
		if status := h.api(elsewhere).do("GET", path, nil, nil); status != 404 {
			t.Errorf("GET %s as another supplier: status %d, want 404", path, status)
		}
	}
	got := h.api(owner("olga")).get(id).Heads
	slices.Sort(got)
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("another supplier has changed the record:\n%s", diff)
	}
	converge(t, h, id, phone)
}
