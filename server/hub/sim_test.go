package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
	"wedsync/syncproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noEngine materialises nothing; these tests are about sync.
type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}

// open opens a store of which no test has to make the tables.
var open = storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) })

func openStore(t *testing.T) store.Store {
	t.Helper()
	s, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func startHub(t *testing.T, s store.Store) *hub.Hub {
	t.Helper()
	h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler), Limits: hub.Limits{ComeBack: atOnce}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// atOnce is a limit of tests that do not wait.
const atOnce = time.Nanosecond

func principal(user string, role conflicts.Role) conflicts.Principal {
	return conflicts.Principal{Supplier: "studio", User: user, Device: user + "-phone", Role: role}
}

// A replica is one device's copy of one record, with a connection to the hub.
type replica struct {
	t      *testing.T
	id     crdt.RecordID
	actor  crdt.ActorID
	graph  *crdt.Graph
	peer   *syncproto.Peer
	device *hub.Device
}

func newPeer() *syncproto.Peer { return syncproto.NewPeer(syncproto.PeerOptions{}) }

var limits = crdt.DefaultLimits

func newReplica(t *testing.T, name string, id crdt.RecordID) *replica {
	l := limits
	l.DeviceOps = l.HubOps // it holds hub changes too
	return &replica{t: t, id: id, actor: crdt.ActorID(fmt.Sprintf("%-16s", name)), graph: crdt.NewGraph(l)}
}

// join makes a device that must be admitted.
func join(t testing.TB, h *hub.Hub, who conflicts.Principal, joined syncproto.Joined) *hub.Device {
	t.Helper()
	d, err := h.Join(t.Context(), who, joined)
	if err != nil {
		t.Fatalf("%s joins: %v", who.User, err)
	}
	return d
}

func (r *replica) connect(h *hub.Hub, who conflicts.Principal) {
	r.device = join(r.t, h, who, syncproto.Joined{PeerID: who.User, StorageID: who.User})
	r.peer = newPeer()
	r.t.Cleanup(r.device.Leave)
}

// set makes a change of one scalar field.
func (r *replica) set(key, value string) *crdt.Change {
	r.t.Helper()
	c := &crdt.Change{
		Deps: slices.Clone(r.graph.Heads()), Actor: r.actor, Seq: r.graph.Seq(r.actor) + 1,
		StartOp: r.graph.MaxOp() + 1, NumOps: 1,
	}
	c.Ops = []crdt.Op{{
		ID: crdt.OpID{Counter: c.StartOp, Actor: r.actor}, Key: key, Action: crdt.Set,
		Value: crdt.Value{Kind: crdt.Str, Str: value}, Pred: r.live(key),
	}}
	decoded, err := crdt.Decode(crdt.Encode(c), limits)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.graph.Add(decoded); err != nil {
		r.t.Fatal(err)
	}
	return decoded
}

func (r *replica) fields(key string) *crdt.Fields {
	f := crdt.NewFields(crdt.Path(key))
	for i := range r.graph.Len() {
		c, err := crdt.Decode(r.graph.At(i).Raw, limits)
		if err != nil {
			r.t.Fatal(err)
		}
		f.Apply(i, c)
	}
	return f
}

func (r *replica) live(key string) []crdt.OpID {
	var ids []crdt.OpID
	for _, l := range r.fields(key).Live(crdt.Path(key), r.graph.All()) {
		ids = append(ids, l.ID)
	}
	slices.SortFunc(ids, crdt.OpID.Compare)
	return ids
}

func (r *replica) value(key string) string {
	return r.fields(key).Value(crdt.Path(key), r.graph.All()).Str
}

// send tells the hub what is due. A replica that holds nothing asks for the record.
func (r *replica) send() {
	r.t.Helper()
	if r.graph.Len() == 0 {
		ask := syncproto.Message{Have: []syncproto.Have{{}}}
		r.sendData(ask.Append(nil))
		return
	}
	data, ok := r.peer.Next(syncproto.NewView(r.graph))
	if ok {
		r.sendData(data)
	}
}

func (r *replica) sendData(data []byte) {
	r.t.Helper()
	m, err := syncproto.DecodeMessage(data)
	if err != nil {
		r.t.Fatal(err)
	}
	// What is sent to a hub that has just let go is lost, as on a socket.
	if err := r.device.Receive(r.t.Context(), syncproto.Sync{Record: r.id, Message: m}); err != nil && !errors.Is(err, hub.ErrClosed) {
		r.t.Fatal(err)
	}
}

// next is what the hub sends next, at the latest after a while.
func (r *replica) next() []hub.Outgoing {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	out, err := r.device.Next(ctx, nil)
	if err != nil {
		r.t.Fatalf("nothing came from the hub: %v", err)
	}
	return out
}

// take applies one thing that the hub sent, and answers it.
func (r *replica) take(o hub.Outgoing) {
	r.t.Helper()
	if o.Sync == nil {
		return
	}
	m, err := syncproto.DecodeMessage(o.Sync)
	if err != nil {
		r.t.Fatal(err)
	}
	r.peer.Receive(r.graph, m)
	for _, raw := range m.Changes {
		c, err := crdt.Decode(raw, limits)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.graph.AddHub(c); err != nil {
			r.t.Fatal(err)
		}
	}
	r.send()
}

// syncUntil exchanges messages until the hub announced exactly these heads.
func (r *replica) syncUntil(done func() bool) {
	r.t.Helper()
	r.send()
	r.hearUntil(done)
}

// hearUntil answers what the hub sends, and says nothing unasked.
func (r *replica) hearUntil(done func() bool) {
	r.t.Helper()
	for !done() {
		for _, o := range r.next() {
			r.take(o)
		}
	}
}

// denied waits until the hub says that the record is unavailable.
func (r *replica) denied() {
	r.t.Helper()
	for {
		for _, o := range r.next() {
			if o.Unavailable == r.id.DocumentID() {
				return
			}
			r.take(o)
		}
	}
}

// acked reports whether the hub is known to hold all that the replica holds.
func (r *replica) acked() bool { return slices.Equal(r.peer.Heads(), r.graph.Heads()) }

func newID(n byte) crdt.RecordID {
	return crdt.RecordID{0: 1, 6: 0x40, 8: 0x80, 15: n}
}
