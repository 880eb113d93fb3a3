package main

import (
	"maps"
	"slices"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/postgres"
	"wedsync/store/postgres/pgtest"
)

// directory is the document id that GET /api/clients names.
func (a *api) directory() string {
	a.t.Helper()
	var page struct {
		Directory string `json:"directory"`
		Items     []item `json:"items"`
	}
	a.must("GET", "/api/clients", nil, &page)
	if slices.ContainsFunc(page.Items, func(i item) bool { return i.DocumentID == page.Directory }) {
		a.t.Errorf("the directory is listed as a client")
	}
	return page.Directory
}

// listed are the records that a client's copy of a directory lists.
func (c *nodeClient) listed(directory string) []string {
	c.p.t.Helper()
	records, _ := c.value(directory, "records").(map[string]any)
	return slices.Sorted(maps.Keys(records))
}

// awaitListed waits until a client's copy of a directory lists a record, or does
// not any more.
func (c *nodeClient) awaitListed(directory, record string, listed bool) {
	c.p.t.Helper()
	a := args{"id": directory, "field": "records." + record, "value": true}
	if !listed {
		a["missing"] = true
	}
	c.do("wait", a)
}

func TestFreshClientFindsEveryRecordThroughTheDirectory(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	olga := h.api(owner("olga"))
	phone := node.open("phone", clientOptions{url: h.sync(member("ada"))})
	ids := []string{phone.create(args{"name": "from a device"})}
	for _, name := range []string{"Ada & Ben", "Cleo & Dan"} {
		ids = append(ids, olga.create(map[string]any{"name": name}).DocumentID)
	}
	slices.Sort(ids)

	directory := olga.directory()
	fresh := node.open("fresh", clientOptions{url: h.sync(viewer("eve")), storage: t.TempDir()})
	old := node.open("old", clientOptions{url: h.sync(member("ben")), version: 1})
	for _, c := range []*nodeClient{fresh, old} {
		c.do("find", args{"id": directory})
		if got := c.listed(directory); !slices.Equal(got, ids) {
			t.Fatalf("%s lists %v, want %v", c.name, got, ids)
		}
	}
	for _, id := range fresh.listed(directory) {
		fresh.do("find", args{"id": id})
		if got := plain(fresh.value(id, "name")); got == nil || got == "" {
			t.Errorf("a record that was found in the directory shows name %v", got)
		}
	}

	for _, make := range []func() string{
		func() string { return olga.create(map[string]any{"name": "Eve & Fay"}).DocumentID },
		func() string { return phone.create(args{"name": "from a device, later"}) },
	} {
		id := make()
		began := time.Now()
		fresh.awaitListed(directory, id, true)
		old.awaitListed(directory, id, true)
		t.Logf("a new record was listed after %s", time.Since(began).Round(time.Millisecond))
	}
	gone := olga.create(map[string]any{"name": "gone soon"})
	fresh.awaitListed(directory, gone.DocumentID, true)
	olga.must("DELETE", "/api/clients/"+gone.ClientID, nil, nil)
	fresh.awaitListed(directory, gone.DocumentID, false)
	olga.must("POST", "/api/clients/"+gone.ClientID+"/restore", nil, nil)
	fresh.awaitListed(directory, gone.DocumentID, true)
	olga.must("POST", "/api/clients/"+gone.ClientID+"/erase", nil, nil)
	fresh.awaitListed(directory, gone.DocumentID, false)
}

func TestWhatAClientWritesIntoTheDirectoryReachesNobody(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	olga := h.api(owner("olga"))
	one := olga.create(map[string]any{"name": "Ada & Ben"})
	directory := olga.directory()
	for _, c := range []*nodeClient{phone, tab} {
		c.do("find", args{"id": directory})
	}
	phone.do("set", args{"id": directory, "field": "records." + nobodys, "value": true})
	phone.do("remove", args{"id": directory, "field": "records." + one.DocumentID})
	phone.do("quiet", nil)
	later := olga.create(map[string]any{"name": "Cleo & Dan"})
	tab.awaitListed(directory, later.DocumentID, true)
	phone.awaitListed(directory, later.DocumentID, true) // it hears on
	want := []string{one.DocumentID, later.DocumentID}
	slices.Sort(want)
	if got := tab.listed(directory); !slices.Equal(got, want) {
		t.Errorf("the tab lists %v, want %v", got, want)
	}
	if gone := phone.events("gone"); len(gone) > 0 {
		t.Error("the phone was sent away")
	}
	if status := olga.do("PATCH", "/api/clients/"+directory, map[string]any{"fields": map[string]any{"name": "x"}}, nil); status != 404 {
		t.Errorf("editing it as a client: status %d", status)
	}
	if status := olga.do("DELETE", "/api/clients/"+directory, nil, nil); status != 404 {
		t.Errorf("deleting it as a client: status %d", status)
	}
	var status struct {
		Directory struct {
			Document string `json:"document_id"`
			Devices  []struct {
				Device, State, Reason, Explanation, Action string
			} `json:"devices"`
		} `json:"directory"`
	}
	olga.must("GET", "/api/clients/sync-status", nil, &status)
	if status.Directory.Document != directory || len(status.Directory.Devices) != 2 {
		t.Fatalf("sync status says %+v", status)
	}
	for _, d := range status.Directory.Devices {
		if wrote := d.Device == "ada-device"; wrote != (d.State == "refused" && d.Reason == "directory" && d.Action != "") {
			t.Errorf("sync status says %+v", d)
		}
	}
	h.stop()
	wantParts(t, mustRun(t, "doctor", "--data", h.data), "checked 2 records of 1 suppliers", "nothing is wrong")
	out, err := wedsync(t, "doctor", "--data", tamper(t, h.data,
		`UPDATE batches SET body = (SELECT body FROM batches WHERE entry & 0xff = 1) WHERE entry = (SELECT max(entry) FROM batches WHERE instr(origins, '"directory"'))`))
	if err == nil {
		t.Error("doctor finds nothing wrong with a directory that holds another record's change")
	}
	wantParts(t, out, "directory (document "+directory+") of barn", "was not written by the hub")
}

func TestDirectoryComesBackToAHubThatWasRestored(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	olga := h.api(owner("olga"))
	one := olga.create(map[string]any{"name": "Ada & Ben"})
	directory := olga.directory()
	for _, c := range []*nodeClient{phone, tab} {
		c.do("find", args{"id": directory})
	}
	h.stop()
	older := keep(t, h.data)
	h.start()
	lost := h.api(owner("olga")).create(map[string]any{"name": "lost with the store"})
	phone.awaitListed(directory, lost.DocumentID, true)
	tab.do("offline", nil)

	h.stop()
	restore(t, older, h.data)
	h.start()
	olga = h.api(owner("olga"))
	later := olga.create(map[string]any{"name": "Cleo & Dan"})
	tab.do("online", args{"url": h.sync(member("ben"))})
	want := []string{one.DocumentID, later.DocumentID}
	slices.Sort(want)
	for _, c := range []*nodeClient{phone, tab} {
		c.awaitListed(directory, lost.DocumentID, false)
		c.awaitListed(directory, later.DocumentID, true)
		if got := c.listed(directory); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", c.name, got, want)
		}
	}
}

func TestTwoNodesOnOneDatabaseWriteOneDirectory(t *testing.T) {
	t.Parallel()
	db, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Run(t.Context(), "postgres", "CREATE DATABASE nodes"); err != nil {
		t.Fatal(err)
	}
	address := db.Address("nodes")
	hubs := []*hubProcess{startHubOn(t, address), startHubOn(t, address)}
	node := startNode(t)
	directory := hubs[0].api(owner("olga")).directory()
	if other := hubs[1].api(owner("olga")).directory(); other != directory {
		t.Fatalf("the nodes name different directories: %s and %s", directory, other)
	}
	clients := []*nodeClient{
		node.open("near", clientOptions{url: hubs[0].sync(member("ada"))}),
		node.open("far", clientOptions{url: hubs[1].sync(member("ben"))}),
	}
	for _, c := range clients {
		c.do("find", args{"id": directory})
	}
	var ids []string
	for round := range 5 {
		for _, h := range hubs {
			ids = append(ids, h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"}).DocumentID)
		}
		if round == 2 {
			hubs[0].kill()
			hubs[0].start()
		}
	}
	for _, c := range clients {
		for _, id := range ids {
			c.awaitListed(directory, id, true)
		}
		if got := c.listed(directory); len(got) != len(ids) {
			t.Errorf("%s lists %v, want %d records", c.name, got, len(ids))
		}
	}
	checkWrites(t, address, directory, len(ids))
}

// checkWrites checks that each of the records was listed once, and that the
// changes of a directory lie a second apart.
func checkWrites(t *testing.T, address, directory string, records int) {
	t.Helper()
	s, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	id, err := crdt.ParseDocumentID(directory)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := s.History(t.Context(), "barn", id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var last time.Time
	ops, changes := 0, 0
	for _, e := range entries {
		for _, b := range e.Batches {
			checkWrite(t, b, &last)
			for _, raw := range b.Chunks {
				c, err := crdt.Decode(raw, crdt.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				ops += c.NumOps
				changes++
			}
		}
	}
	if ops != 1+records {
		t.Errorf("%d records took %d operations", records, ops)
	}
	t.Logf("%d records of two nodes took %d changes", records, changes)
}

func checkWrite(t *testing.T, b store.Batch, last *time.Time) {
	t.Helper()
	if b.Origin.Kind != conflicts.KindDirectory || !b.Hub {
		t.Errorf("a batch of kind %s, of the hub %v", b.Origin.Kind, b.Hub)
	}
	if gap := b.Origin.At.Sub(*last); gap < time.Second {
		t.Errorf("two changes lie %v apart", gap)
	}
	*last = b.Origin.At
}
