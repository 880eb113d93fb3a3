package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// Ids of records that nobody has.
const (
	nobodys  = "t6YqDudeBsWvxCv6v4EKu51GRYt"
	nobodys2 = "2m6MpZCgdV1uAvyDDqi8aQX9Rs5i"
)

// two opens two 2.5.6 clients of two members, "phone" and "tab".
func two(t *testing.T, h *hubProcess) (phone, tab *nodeClient) {
	t.Helper()
	node := startNode(t)
	phone = node.open("phone", clientOptions{url: h.sync(member("ada")), storage: t.TempDir()})
	tab = node.open("tab", clientOptions{url: h.sync(member("ben"))})
	return phone, tab
}

// converge waits until all that clients wrote is acknowledged and no frame passes
// any more, and checks that all of them and the hub have the same heads. What came
// in at another node may still be under way to this one while nothing passes.
func converge(t *testing.T, h *hubProcess, id string, clients ...*nodeClient) {
	t.Helper()
	for _, c := range clients {
		c.do("wait", args{"id": id, "acked": true})
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	diff := ""
	for late := time.Now().Add(patience); time.Now().Before(late); <-again.C {
		for _, c := range clients {
			c.do("quiet", nil)
		}
		want := h.api(owner("olga")).get(id).Heads
		slices.Sort(want)
		diff = ""
		for _, c := range clients {
			if d := cmp.Diff(want, c.heads(id)); d != "" {
				diff += fmt.Sprintf("heads of hub and %s differ (-hub +client):\n%s", c.name, d)
			}
		}
		if diff == "" {
			return
		}
	}
	t.Error(diff)
}

func TestOneClientFindsWhatAnotherCreated(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada & Ben", "notes": "likes peonies", "guests": 80, "venue": args{"city": "Bath"}})
	tab.do("find", args{"id": id})
	if diff := cmp.Diff(phone.value(id, ""), tab.value(id, "")); diff != "" {
		t.Errorf("the documents differ:\n%s", diff)
	}
	converge(t, h, id, phone, tab)
}

func TestHundredInterleavedEditsConvergeAndTrafficStops(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada", "notes": "", "log": []string{}})
	tab.do("find", args{"id": id})
	var g errgroup.Group
	for _, c := range []*nodeClient{phone, tab} {
		g.Go(func() error {
			for i := range 50 {
				a := args{"id": id, "field": []string{"shared", c.name, "notes"}[i%3], "value": fmt.Sprintf("%s %d", c.name, i)}
				cmd := "set"
				if i%3 == 2 {
					cmd, a["index"], a["insert"] = "splice", 0, fmt.Sprintf("%s%d ", c.name, i)
				}
				if _, err := c.try(cmd, a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	converge(t, h, id, phone, tab)
	if diff := cmp.Diff(phone.value(id, ""), tab.value(id, "")); diff != "" {
		t.Errorf("the documents differ:\n%s", diff)
	}
	if got := phone.do("history", args{"id": id}).Count; got != 101 {
		t.Errorf("got %d changes, want 101: no edit lost, none added by the hub", got)
	}
}

func TestOfflineEditsOfBothSidesMeet(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada", "notes": "peonies"})
	tab.do("find", args{"id": id})
	phone.do("offline", nil)
	tab.do("offline", nil)
	phone.do("splice", args{"id": id, "field": "notes", "index": 0, "insert": "white "})
	tab.do("splice", args{"id": id, "field": "notes", "index": 7, "insert": ", no lilies"})
	phone.do("set", args{"id": id, "field": "phone", "value": "0171"})
	tab.do("set", args{"id": id, "field": "email", "value": "ada@example.org"})
	phone.do("online", nil)
	tab.do("online", nil)
	for _, c := range []*nodeClient{phone, tab} {
		c.awaitValue(id, "notes", "white peonies, no lilies")
		c.awaitValue(id, "phone", "0171")
		c.awaitValue(id, "email", "ada@example.org")
	}
	converge(t, h, id, phone, tab)
}

func TestClientsResumeAfterHubRestart(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada"})
	tab.do("find", args{"id": id})
	h.stop()
	phone.do("set", args{"id": id, "field": "notes", "value": "written while the hub was away"})
	h.start()
	tab.awaitValue(id, "notes", "written while the hub was away")
	converge(t, h, id, phone, tab)
}

func TestWipedHubGetsItsRecordsBackFromDevices(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada", "notes": "peonies"})
	tab.do("find", args{"id": id})
	tab.do("set", args{"id": id, "field": "email", "value": "ada@example.org"})
	converge(t, h, id, phone, tab)
	want := phone.value(id, "")

	h.stop()
	wipe(t, h.data)
	h.start()
	phone.do("online", args{"url": h.sync(member("ada"))})
	tab.do("online", args{"url": h.sync(member("ben"))})
	converge(t, h, id, phone, tab)
	if diff := cmp.Diff(want, phone.value(id, "")); diff != "" {
		t.Errorf("the record has changed:\n%s", diff)
	}
}

func TestWipedHubTakesARecordWithHubChangesBack(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := decidedRecord(t, h, phone, tab)

	h.stop()
	wipe(t, h.data)
	h.start()
	phone.do("online", args{"url": h.sync(member("ada"))})
	tab.do("online", args{"url": h.sync(member("ben"))})
	converge(t, h, id, phone, tab)
	if got := h.api(owner("olga")).get(id).Fields["wedding_date"]; got != "2027-09-18" {
		t.Errorf("got wedding_date %v, want the last decision", got)
	}
	if got := plain(tab.value(id, "wedding_date")); got != "2027-09-18" {
		t.Errorf("the tab shows %v, want the last decision", got)
	}
}

func TestHubRestoredFromAnOlderCopyCatchesUp(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada", "notes": "peonies"})
	tab.do("find", args{"id": id})
	h.stop()
	older := keep(t, h.data)
	h.start()
	tab.do("wait", args{"peer": true})
	tab.do("set", args{"id": id, "field": "notes", "value": "written after the backup"})
	phone.awaitValue(id, "notes", "written after the backup")
	converge(t, h, id, phone, tab)

	h.stop()
	restore(t, older, h.data)
	h.start()
	phone.do("wait", args{"peer": true})
	tab.do("wait", args{"peer": true})
	converge(t, h, id, phone, tab)
	if got := h.api(owner("olga")).get(id).Fields["notes"]; got != "written after the backup" {
		t.Errorf("the hub has notes %v", got)
	}
}

func TestHubRestoredFromAnOlderCopyRecoversItsOwnDecision(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := pendingRecord(t, h, phone, tab)
	h.stop()
	older := keep(t, h.data)
	h.start()
	olga := h.api(owner("olga"))
	pending := olga.conflicts("pending")
	if len(pending) != 1 {
		t.Fatalf("got %d pending conflicts, want 1", len(pending))
	}
	olga.resolve(pending[0], map[string]any{"action": "accept", "proposal_id": pending[0].Proposals[0].ID})
	for _, c := range []*nodeClient{phone, tab} {
		c.do("wait", args{"peer": true})
		awaitDate(c, id, "2027-09-18")
	}

	h.stop()
	restore(t, older, h.data)
	h.start()
	phone.do("wait", args{"peer": true})
	tab.do("wait", args{"peer": true})
	converge(t, h, id, phone, tab)
	if got := h.api(owner("olga")).get(id); got.Fields["wedding_date"] != "2027-09-18" || len(got.Pending) != 0 {
		t.Errorf("got wedding_date %v and pending %v, want the decision that the backup lacked", got.Fields["wedding_date"], got.Pending)
	}
	if left := h.api(owner("olga")).conflicts("pending"); len(left) != 0 {
		t.Errorf("the decided conflict is pending again: %+v", left)
	}
	var status struct {
		Items []recordStatus `json:"items"`
	}
	h.api(owner("olga")).must("GET", "/api/clients/sync-status", nil, &status)
	if n := status.Items[0].Notice; n == nil || n.State != "recovered" || n.At == nil || n.Action == "" {
		t.Errorf("sync status says %+v of a record that was lost", n)
	}
}

func TestLargeRecordArrivesWhole(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	story := strings.Repeat("They met on a train. ", 15_000) // 315 kB
	id := phone.create(args{"name": "Ada", "story": args{"$immutable": story}, "notes": story[:20_000]})
	tab.do("find", args{"id": id})
	if got := plain(tab.value(id, "story")); got != story {
		t.Errorf("got a story of %d bytes, want %d", len(fmt.Sprint(got)), len(story))
	}
	converge(t, h, id, phone, tab)
}

func TestLargeRecordIsFoundWhileItIsBeingUploaded(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	story := strings.Repeat("They met on a train. ", 15_000)
	before := phone.do("traffic", nil).Sent
	id := phone.do("create", args{"fields": args{"story": args{"$immutable": story}}}).ID
	phone.do("wait", args{"sent": before + 1}) // it has announced the record, no more
	tab.do("find", args{"id": id})
	if got := plain(tab.value(id, "story")); got != story {
		t.Errorf("got a story of %d bytes, want %d", len(fmt.Sprint(got)), len(story))
	}
}

func TestWaitingClientGetsARecordThatIsCreatedLater(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	phone.do("offline", nil)
	id := phone.do("create", args{"fields": args{"name": "Ada"}}).ID
	if _, err := tab.try("find", args{"id": id}); err == nil {
		t.Fatal("a record that nobody has brought was found")
	}
	phone.do("online", nil)
	tab.do("wait", args{"id": id, "ready": true})
	tab.awaitValue(id, "name", "Ada")
	converge(t, h, id, phone, tab)
}

func TestUnknownRecordIsUnavailableAtOnceAndTheSocketStays(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, _ := two(t, h)
	a, err := phone.try("find", args{"id": nobodys, "timeout": 5000})
	if err == nil || a.Error != "unavailable" {
		t.Fatalf("got %v, want unavailable", err)
	}
	if gone := phone.events("gone"); len(gone) != 0 {
		t.Errorf("the socket was closed")
	}
}

func TestSwiftShapedJoinIsWelcome(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	c := dialWire(t, h.sync(member("sue")))
	c.send(frame{"type": "join", "senderId": "swift", "peerMetadata": frame{"storageId": "0b1c", "isEphemeral": false}, "supportedProtocolVersions": "1"})
	got := c.receive()
	if got["type"] != "peer" || got["selectedProtocolVersion"] != "1" || got["targetId"] != "swift" {
		t.Fatalf("got %v, want peer with version 1", got)
	}
	metadata, _ := got["peerMetadata"].(map[any]any)
	if _, ok := metadata["isEphemeral"].(bool); !ok {
		t.Errorf("got peerMetadata %v, want isEphemeral in it: Swift insists", got["peerMetadata"])
	}
}

func TestUnknownProtocolVersionIsToldAndClosed(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	c := dialWire(t, h.sync(member("sue")))
	c.send(frame{"type": "join", "senderId": "x", "supportedProtocolVersions": []string{"2"}})
	if got := c.receive(); got["type"] != "error" {
		t.Errorf("got %v, want an error frame", got)
	}
	c.awaitClose()
}

func TestWrongTokenIsClosedWith4401AfterTheUpgrade(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	c := dialWire(t, "ws://"+h.address+"/sync?token=nonsense")
	if got := c.awaitClose(); got != 4401 {
		t.Errorf("got close code %d, want 4401", got)
	}
}

func TestSamePeerIDTwiceClosesTheOlderSocket(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	url := h.sync(member("ada"))
	older := joinWire(t, url, "twin")
	newer := joinWire(t, url, "twin")
	older.awaitClose()
	newer.send(frame{"type": "request", "senderId": "twin", "targetId": "hub", "documentId": nobodys, "data": []byte{0x42, 0, 0, 1, 0, 0, 0}})
	newer.receiveUntil(func(f frame) bool { return f["type"] == "doc-unavailable" })
}

func TestSamePeerIDOfAnotherUserLeavesBothOpen(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	ada := joinWire(t, h.sync(member("ada")), "twin")
	joinWire(t, h.sync(member("ben")), "twin")
	ada.send(frame{"type": "request", "senderId": "twin", "targetId": "hub", "documentId": nobodys, "data": []byte{0x42, 0, 0, 1, 0, 0, 0}})
	ada.receiveUntil(func(f frame) bool { return f["type"] == "doc-unavailable" })
}

func TestFrameOfAForeignSenderIsIgnoredAndTheSocketStays(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	c := joinWire(t, h.sync(member("ada")), "ada")
	ask := frame{"type": "request", "senderId": "somebody-else", "targetId": "hub", "documentId": nobodys, "data": []byte{0x42, 0, 0, 1, 0, 0, 0}}
	c.send(ask)
	ask["senderId"], ask["documentId"] = "ada", nobodys2
	c.send(ask)
	if got := c.receive(); got["documentId"] == nobodys {
		t.Errorf("the foreign frame was answered: %v", got)
	}
}

func TestPresenceReachesEverySubscriberOnceAndNobodyElse(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	phone := node.open("phone", clientOptions{url: h.sync(member("ada"))})
	tab := node.open("tab", clientOptions{url: h.sync(member("ben"))})
	old := node.open("old", clientOptions{url: h.sync(member("cid")), version: 1})
	stranger := node.open("stranger", clientOptions{url: h.sync(member("dan"))})
	id := phone.create(args{"name": "Ada"})
	tab.do("find", args{"id": id})
	old.do("find", args{"id": id})
	stranger.create(args{"name": "another record"})
	phone.do("broadcast", args{"id": id, "message": args{"cursor": 1}})
	phone.do("broadcast", args{"id": id, "message": args{"cursor": 2}})
	isSecond := func(e event) bool { return cmp.Equal(e.Message, map[string]any{"cursor": 2.0}) }
	for _, c := range []*nodeClient{tab, old} {
		c.await("ephemeral", isSecond)
	}
	for _, c := range []*nodeClient{phone, tab, old, stranger} {
		c.do("quiet", nil)
	}
	for _, c := range []*nodeClient{phone, tab, old, stranger} {
		want := 0
		if c == tab || c == old {
			want = 2
		}
		if got := c.events("ephemeral"); len(got) != want {
			t.Errorf("%s got %d messages, want %d: %v", c.name, len(got), want, got)
		}
	}
}

func TestOldAndNewClientsShareARecord(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	now := node.open("now", clientOptions{url: h.sync(member("ada")), storage: t.TempDir()})
	old := node.open("old", clientOptions{url: h.sync(member("ben")), version: 1, storage: t.TempDir()})
	for _, creator := range []*nodeClient{now, old} {
		other := map[*nodeClient]*nodeClient{now: old, old: now}[creator]
		id := creator.create(args{"name": "Ada", "notes": "peonies"})
		shareAndEdit(t, h, id, creator, other)
	}
}

func TestOldAndNewClientsShareARecordThatTheHubCreated(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	now := node.open("now", clientOptions{url: h.sync(member("ada"))})
	old := node.open("old", clientOptions{url: h.sync(member("ben")), version: 1})
	made := h.api(owner("olga")).create(map[string]any{"name": "Ada", "notes": "peonies", "wedding_date": "2027-06-12", "guests": 80})
	now.do("find", args{"id": made.DocumentID})
	shareAndEdit(t, h, made.DocumentID, now, old)
	for _, c := range []*nodeClient{now, old} {
		if got := plain(c.value(made.DocumentID, "wedding_date")); got != "2027-06-12" {
			t.Errorf("%s shows wedding_date %v", c.name, got)
		}
	}
}

// shareAndEdit lets two clients of which the first has the record edit it.
func shareAndEdit(t *testing.T, h *hubProcess, id string, first, second *nodeClient) {
	t.Helper()
	second.do("find", args{"id": id})
	first.do("splice", args{"id": id, "field": "notes", "index": 0, "insert": "white "})
	second.awaitValue(id, "notes", "white peonies")
	second.do("splice", args{"id": id, "field": "notes", "index": 13, "insert": "!"})
	first.awaitValue(id, "notes", "white peonies!")
	converge(t, h, id, first, second)
}

func TestClientThatComesBackOnItsStorageUploadsNothingTwice(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	dir := t.TempDir()
	phone := node.open("phone", clientOptions{url: h.sync(member("ada")), storage: dir})
	id := phone.create(args{"name": "Ada"})
	phone.do("save", nil)
	phone.do("close", nil)
	phone = node.open("phone", clientOptions{url: h.sync(member("ada")), storage: dir})
	phone.do("find", args{"id": id})
	phone.do("set", args{"id": id, "field": "notes", "value": "after the restart"})
	converge(t, h, id, phone)
	if got := h.api(owner("olga")).get(id).Fields["notes"]; got != "after the restart" {
		t.Errorf("the hub has notes %v", got)
	}
}

// pendingRecord makes a record whose wedding_date 2027-06-12 Ben wants to move
// to 2027-09-18, which nobody has decided yet.
func pendingRecord(t *testing.T, h *hubProcess, phone, tab *nodeClient) (id string) {
	t.Helper()
	id = h.api(owner("olga")).create(map[string]any{"name": "Ada", "wedding_date": "2027-06-12"}).DocumentID
	phone.do("find", args{"id": id})
	tab.do("find", args{"id": id})
	tab.do("set", args{"id": id, "field": "wedding_date", "value": args{"$immutable": "2027-09-18"}})
	tab.do("wait", args{"id": id, "acked": true})
	converge(t, h, id, phone, tab)
	if got := plain(phone.value(id, "wedding_date")); got != "2027-06-12" {
		t.Fatalf("the phone shows %v, want the accepted date", got)
	}
	return id
}

// decidedRecord is pendingRecord after the owner has accepted Ben's date.
func decidedRecord(t *testing.T, h *hubProcess, phone, tab *nodeClient) (id string) {
	t.Helper()
	id = pendingRecord(t, h, phone, tab)
	olga := h.api(owner("olga"))
	pending := olga.conflicts("pending")
	if len(pending) != 1 || len(pending[0].Proposals) != 1 {
		t.Fatalf("got %+v, want one conflict with one proposal", pending)
	}
	olga.resolve(pending[0], map[string]any{"action": "accept", "proposal_id": pending[0].Proposals[0].ID})
	awaitDate(phone, id, "2027-09-18")
	awaitDate(tab, id, "2027-09-18")
	converge(t, h, id, phone, tab)
	return id
}

// awaitDate waits until the client shows the date, whether the hub wrote it as
// a text or as a scalar.
func awaitDate(c *nodeClient, id, date string) {
	c.p.t.Helper()
	c.do("wait", args{"id": id, "field": "wedding_date", "plain": date})
}

func wipe(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// keep copies a data directory of a hub that does not run.
func keep(t *testing.T, dir string) (backup string) {
	t.Helper()
	backup = filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return backup
}

func restore(t *testing.T, backup, dir string) {
	t.Helper()
	wipe(t, dir)
	if err := os.CopyFS(dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
}
