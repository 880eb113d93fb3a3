package socket_test

import (
	"testing"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/server/socket"
	"wedsync/store"
	"wedsync/syncproto"
)

var olga = conflicts.Principal{Supplier: "studio", User: "olga", Role: conflicts.Owner}

// must fails the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *client) wantClosed(code hub.CloseCode) {
	c.t.Helper()
	if got := c.closed(); got != websocket.StatusCode(code) {
		c.t.Errorf("closed with %d, want %d", got, code)
	}
}

func TestWhoIsShutOutIsClosedWith4403AndNobodyElse(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	anna, ben := w.join("anna"), w.join("ben")
	anna.ask("anna", 1)
	must(t, w.hub.Revoke(t.Context(), olga, store.DeviceID{User: "anna", Device: "anna"}))
	anna.wantClosed(hub.Revoked)
	w.dial("anna").wantClosed(hub.Revoked) // it is told before it says anything
	ben.ask("ben", 1)
	must(t, w.hub.SetRole(t.Context(), olga, "ben", conflicts.NoRole))
	ben.wantClosed(hub.Revoked)
	w.dial("ben").wantClosed(hub.Revoked)
	must(t, w.hub.Readmit(t.Context(), olga, store.DeviceID{User: "anna", Device: "anna"}))
	w.join("anna").ask("anna", 2)
}

func TestDeviceThatIsKnownByItsStorageIsShutOutWhenItJoins(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	must(t, w.hub.Revoke(t.Context(), olga, store.DeviceID{User: "unnamed", Device: "storage-1"}))
	join := func(storage string) *client {
		c := w.dial("unnamed")
		c.send(map[string]any{
			"type": "join", "senderId": "peer-" + storage, "peerMetadata": map[string]any{"storageId": storage},
			"supportedProtocolVersions": []string{"1"},
		})
		return c
	}
	join("storage-1").wantClosed(hub.Revoked)
	if got := join("storage-2").receive(); got["type"] != "peer" {
		t.Errorf("another device is answered with %v", got)
	}
}

func TestNarrowedRoleClosesTheConnectionSoThatItComesBack(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	anna := w.join("anna")
	anna.ask("anna", 1)
	must(t, w.hub.SetRole(t.Context(), olga, "anna", conflicts.Viewer))
	anna.wantClosed(hub.GoingAway)
	anna = w.join("anna")
	// What a viewer brings makes no record: it is answered like a request.
	id := largeID
	m := syncproto.Message{Have: []syncproto.Have{{}}, Heads: []crdt.Hash{{1}}}
	anna.send(map[string]any{
		"type": "sync", "senderId": "peer-anna", "targetId": "hub", "documentId": id.DocumentID(), "data": m.Append(nil),
	})
	if got := anna.receive(); got["type"] != "doc-unavailable" {
		t.Errorf("a viewer who brings a record is answered with %v", got["type"])
	}
}
