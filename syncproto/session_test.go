package syncproto

import (
	"encoding/base64"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

var testHub = HubID{PeerID: "hub-1", StorageID: "7b69d123-6c98-481c-90c3-b05759208d49"}

const documentID = "MuZLU8ZRBUXEjR3cSKYH4PQh2xZ" // of a captured frame

func record(t testing.TB) crdt.RecordID {
	t.Helper()
	id, err := crdt.ParseDocumentID(documentID)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// encode is a frame of a device whose library is not JavaScript's.
func encode(t testing.TB, frame map[string]any) []byte {
	t.Helper()
	b, err := cbor.Marshal(frame)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func joined(t testing.TB) *Session {
	t.Helper()
	s := NewSession(testHub)
	if _, err := s.Receive(encode(t, map[string]any{"type": "join", "senderId": "device"})); err != nil {
		t.Fatal(err)
	}
	return s
}

func receive(t testing.TB, s *Session, frame []byte) Event {
	t.Helper()
	e, err := s.Receive(frame)
	if err != nil {
		t.Fatalf("%x: %v", frame, err)
	}
	return e
}

// jsFrame is what automerge-repo sends, in the JSON that sync-peer.mjs reads.
func jsFrame(fields ...any) map[string]any {
	frame := map[string]any{"senderId": "device", "targetId": "hub-1"}
	for i := 0; i < len(fields); i += 2 {
		frame[fields[i].(string)] = fields[i+1]
	}
	return frame
}

func TestFramesOfJavaScriptAreUnderstood(t *testing.T) {
	n := startNode(t)
	empty := map[string]any{"$bytes": "QgAAAQAAAAIChA=="} // 42 00 00 01 00 00 00 020284
	join := jsFrame("type", "join", "peerMetadata", map[string]any{"storageId": "$undefined", "isEphemeral": true},
		"supportedProtocolVersions", []string{"1"})
	withStorage := maps.Clone(join)
	withStorage["peerMetadata"] = map[string]any{"storageId": "store", "isEphemeral": false}
	id := record(t)
	message, err := DecodeMessage(fromBase64(t, "QgAAAQAAAAIChA=="))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		frame map[string]any
		want  Event
	}{
		"sync":    {jsFrame("type", "sync", "documentId", documentID, "data", empty), Sync{Record: id, Message: message}},
		"request": {jsFrame("type", "request", "documentId", documentID, "data", empty), Sync{Record: id, Request: true, Message: message}},
		"sync for an id that is no record": {
			jsFrame("type", "sync", "documentId", "Zz", "data", empty), BadRecord{"Zz"},
		},
		"unavailable": {jsFrame("type", "doc-unavailable", "documentId", documentID), Unavailable{id}},
		"ephemeral": {
			jsFrame("type", "ephemeral", "documentId", documentID, "count", 3, "sessionId", "5udi0vtamjd", "data", empty),
			Ephemeral{id, 3, "5udi0vtamjd", fromBase64(t, "QgAAAQAAAAIChA==")},
		},
		"ephemeral of a long session": {
			jsFrame("type", "ephemeral", "documentId", documentID, "count", 1<<40, "sessionId", "s", "data", empty),
			Ephemeral{id, 1 << 40, "s", fromBase64(t, "QgAAAQAAAAIChA==")},
		},
		"leave": {jsFrame("type", "leave"), Left{}},
		"subscription": {
			jsFrame("type", "remote-subscription-change", "add", []string{"store"}, "remove", "$undefined"), Ignored{"gossip of heads"},
		},
		"heads of others": {
			jsFrame("type", "remote-heads-changed", "documentId", documentID, "newHeads",
				map[string]any{"store": map[string]any{"heads": []string{"9sjGd7Pk"}, "timestamp": 1789e9}}),
			Ignored{"gossip of heads"},
		},
		"a type of the future": {jsFrame("type", "keyhive-sync", "x", []any{map[string]any{"y": 1}}), Ignored{"unknown type"}},
		"error":                {jsFrame("type", "error", "message", "no"), Ignored{"the device reports an error"}},
		"echo of somebody else": {
			map[string]any{"type": "ephemeral", "senderId": "other", "documentId": documentID, "count": 1, "sessionId": "s", "data": empty},
			Ignored{"foreign sender"},
		},
		"second join": {join, Ignored{"joined already"}},
	} {
		s := NewSession(testHub)
		got := receive(t, s, fromBase64(t, n.ask(t, "encode", command{"frame": join}).Bytes))
		if want := (Joined{PeerID: "device", Ephemeral: true}); got != want {
			t.Fatalf("join: %+v, want %+v", got, want)
		}
		got = receive(t, s, fromBase64(t, n.ask(t, "encode", command{"frame": c.frame}).Bytes))
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
	got := receive(t, NewSession(testHub), fromBase64(t, n.ask(t, "encode", command{"frame": withStorage}).Bytes))
	if want := (Joined{PeerID: "device", StorageID: "store"}); got != want {
		t.Errorf("join with storage: %+v, want %+v", got, want)
	}
}

func TestOurFramesAreWhatJavaScriptExpects(t *testing.T) {
	n, s, id := startNode(t), joined(t), record(t)
	data := map[string]any{"$bytes": base64.StdEncoding.EncodeToString(make([]byte, 300))}
	head := func(kind string, more map[string]any) map[string]any {
		f := map[string]any{"type": kind, "senderId": "hub-1", "targetId": "device"}
		maps.Copy(f, more)
		return f
	}
	presence := Ephemeral{Record: id, Count: 70_000, SessionID: "s", Data: make([]byte, 300)}
	later := presence
	later.Count = 1 << 40
	ephemeral := head("ephemeral", map[string]any{
		"documentId": documentID, "count": 70_000.0, "sessionId": "s", "data": data, "senderId": "author",
	})
	long := maps.Clone(ephemeral)
	long["count"] = float64(1 << 40)
	for name, c := range map[string]struct {
		frame []byte
		want  map[string]any
	}{
		"peer": {s.AppendPeer(nil), head("peer", map[string]any{
			"peerMetadata":            map[string]any{"storageId": testHub.StorageID, "isEphemeral": false},
			"selectedProtocolVersion": "1",
		})},
		"sync":                 {s.AppendSync(nil, id, make([]byte, 300)), head("sync", map[string]any{"documentId": documentID, "data": data})},
		"unavailable":          {s.AppendUnavailable(nil, "Zz"), head("doc-unavailable", map[string]any{"documentId": "Zz"})},
		"ephemeral":            {s.AppendEphemeral(nil, "author", presence), ephemeral},
		"ephemeral much later": {s.AppendEphemeral(nil, "author", later), long},
		"error":                {s.AppendError(nil, "unsupported protocol version"), head("error", map[string]any{"message": "unsupported protocol version"})},
	} {
		got := n.ask(t, "decode", command{"bytes": base64.StdEncoding.EncodeToString(c.frame)}).Frame
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, c.want)
		}
	}
}

func TestJoinsThatDifferAreAccepted(t *testing.T) {
	for name, versions := range map[string]any{
		"none": nil, "a list": []string{"1"}, "a longer list": []string{"2", "1"}, "Swift's bare string": "1",
	} {
		frame := map[string]any{"type": "join", "senderId": "device"}
		if versions != nil {
			frame["supportedProtocolVersions"] = versions
		}
		got := receive(t, NewSession(testHub), encode(t, frame))
		if want := (Joined{PeerID: "device"}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestConnectionsThatDoNotJoinAreEnded(t *testing.T) {
	join := func(versions any) []byte {
		return encode(t, map[string]any{"type": "join", "senderId": "device", "supportedProtocolVersions": versions})
	}
	for name, c := range map[string]struct {
		frame []byte
		want  error
	}{
		"nothing":               {nil, ErrNoJoin},
		"garbage":               {[]byte("hello there"), ErrNoJoin},
		"a sync first":          {encode(t, map[string]any{"type": "sync", "senderId": "device"}), ErrNoJoin},
		"nobody":                {encode(t, map[string]any{"type": "join"}), ErrNoJoin},
		"only version 2":        {join([]string{"2"}), ErrVersion},
		"version 2, bare":       {join("2"), ErrVersion},
		"version as a number":   {join(1), ErrVersion},
		"a very long name":      {encode(t, map[string]any{"type": "join", "senderId": strings.Repeat("x", MaxName+1)}), ErrLimit},
		"too long":              {make([]byte, MaxFrame+1), ErrLimit},
		"two senders":           {unhex(t, "a3 64 74797065 64 6a6f696e 68 73656e6465724964 61 61 68 73656e6465724964 61 62"), ErrMalformed},
		"deeply nested":         {append(append([]byte{0xa1, 0x61, 'x'}, []byte(strings.Repeat("\x81", 100))...), 0), ErrLimit},
		"an array of 2^40":      {unhex(t, "a1 61 78 9b 0000010000000000"), ErrLimit},
		"a map of 2^32 pairs":   {unhex(t, "ba ffffffff"), ErrLimit},
		"a string of 2^62":      {unhex(t, "a1 64 74797065 7b 4000000000000000"), ErrMalformed},
		"something after it":    {append(join("1"), 0), ErrMalformed},
		"invalid UTF-8 as name": {unhex(t, "a2 64 74797065 64 6a6f696e 68 73656e6465724964 61 ff"), ErrMalformed},
	} {
		s := NewSession(testHub)
		if e, err := s.Receive(c.frame); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, e, err, c.want)
		}
	}
}

func TestGarbageAfterJoinIsIgnored(t *testing.T) {
	s := joined(t)
	for name, frame := range map[string][]byte{
		"nothing":             nil,
		"garbage":             []byte("hello"),
		"a number":            {0},
		"no sender":           encode(t, map[string]any{"type": "sync"}),
		"data as numbers":     encode(t, map[string]any{"type": "sync", "senderId": "device", "documentId": documentID, "data": "text"}),
		"ephemeral, no data":  encode(t, map[string]any{"type": "ephemeral", "senderId": "device", "documentId": documentID, "count": 1}),
		"ephemeral, no count": encode(t, map[string]any{"type": "ephemeral", "senderId": "device", "documentId": documentID, "data": []byte{1}}),
		"ephemeral, too long": encode(t, map[string]any{"type": "ephemeral", "senderId": "device", "documentId": documentID, "count": 1, "data": make([]byte, MaxEphemeral+1)}),
		"ephemeral, bad id":   encode(t, map[string]any{"type": "ephemeral", "senderId": "device", "documentId": "x", "count": 1, "data": []byte{1}}),
		"unavailable, bad id": encode(t, map[string]any{"type": "doc-unavailable", "senderId": "device", "documentId": "x"}),
	} {
		if e, ok := receive(t, s, frame).(Ignored); !ok || e.Reason == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	e, ok := receive(t, s, encode(t, map[string]any{"type": "sync", "senderId": "device", "documentId": documentID, "data": []byte{0x43}})).(Sync)
	if !ok || !errors.Is(e.Err, ErrPayload) || e.Message != nil || e.Record != record(t) {
		t.Errorf("a message of version 2: %+v", e)
	}
}

func TestOtherEncodersAreUnderstood(t *testing.T) {
	// Indefinite lengths, a self-description tag, a tagged byte string.
	frame := unhex(t, "d9d9f7 bf 64 74797065 64 73796e63 68 73656e6465724964 66 646576696365 6a 646f63756d656e744964 78 1b")
	frame = append(frame, documentID...)
	frame = append(frame, unhex(t, "64 64617461 d840 4a 42000001000000020284 ff")...)
	e, ok := receive(t, joined(t), frame).(Sync)
	if !ok || e.Err != nil || e.Record != record(t) {
		t.Errorf("%+v", e)
	}
}

func TestEmptyDataIsNeverSent(t *testing.T) {
	s := joined(t)
	if b := s.AppendSync(nil, record(t), nil); len(b) > 0 {
		t.Errorf("sync: %x", b)
	}
	if b := s.AppendEphemeral(nil, "author", Ephemeral{}); len(b) > 0 {
		t.Errorf("ephemeral: %x", b)
	}
}

func TestSyncFrameCostsNoAllocation(t *testing.T) {
	s, id, data := joined(t), record(t), make([]byte, 200)
	dst := s.AppendSync(nil, id, data)
	if n := testing.AllocsPerRun(100, func() { dst = s.AppendSync(dst[:0], id, data) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSessionOfManyRecordsStaysSmall(t *testing.T) {
	s := joined(t)
	for i := range 3 * maxKnownIDs {
		id := crdt.RecordID{byte(i), byte(i >> 8), byte(i >> 16)}
		s.AppendSync(nil, id, []byte{1})
		receive(t, s, encode(t, map[string]any{"type": "doc-unavailable", "senderId": "device", "documentId": id.DocumentID()}))
	}
	if len(s.middle) > maxKnownIDs || len(s.ids) > maxKnownIDs {
		t.Errorf("%d and %d ids are kept", len(s.middle), len(s.ids))
	}
}

func FuzzSession(f *testing.F) {
	f.Add(encode(f, map[string]any{"type": "join", "senderId": "device"}))
	f.Add(encode(f, map[string]any{"type": "sync", "senderId": "device", "documentId": documentID, "data": []byte{0x42, 0, 0, 0, 0}}))
	f.Add(encode(f, map[string]any{"type": "ephemeral", "senderId": "device", "documentId": documentID, "count": 1.0, "data": []byte{1}}))
	f.Add(unhex(f, "b90002 64 74797065 f7 68 73656e6465724964 66 646576696365"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		fresh := NewSession(testHub)
		if e, err := fresh.Receive(frame); err == nil {
			if _, ok := e.(Joined); !ok {
				t.Fatalf("%x: %+v before joining", frame, e)
			}
		}
		e, err := joined(t).Receive(frame)
		if err != nil {
			t.Fatalf("%x ends a joined connection: %v", frame, err)
		}
		if m, ok := e.(Sync); ok && (m.Message == nil) == (m.Err == nil) {
			t.Fatalf("%x: %+v", frame, m)
		}
	})
}
