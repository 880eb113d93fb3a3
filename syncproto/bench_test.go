package syncproto

import "testing"

// One edit of a record with four subscribers and its author, encoded as frames.
func BenchmarkRelay(b *testing.B) {
	hub, author := newReplica(b, "hub"), newReplica(b, "author")
	for range 200 {
		author.add(hub.edit(20))
	}
	heads := hub.graph.Heads()
	edit := author.edit(20)
	hub.add(edit)
	session, id, frame := joined(b), record(b), []byte(nil)
	peers := make([]Peer, 5)
	for i := range peers {
		peers[i] = Peer{spoke: true, heads: heads, held: heads, answered: true, told: heads}
	}
	incoming := (&Message{Heads: hub.graph.Heads(), Have: []Have{{LastSync: heads}}, Changes: [][]byte{edit.Raw}}).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		due := peers
		m, err := DecodeMessage(incoming)
		if err != nil {
			b.Fatal(err)
		}
		now := make([]Peer, len(due))
		copy(now, due)
		now[0].Receive(hub.graph, m)
		v := NewView(hub.graph)
		for i := range now {
			data, ok := now[i].Next(v)
			if !ok {
				b.Fatal("nothing is due")
			}
			frame = session.AppendSync(frame[:0], id, data)
		}
	}
}

func BenchmarkReceiveFrame(b *testing.B) {
	s := joined(b)
	m := Message{Heads: nil, Changes: [][]byte{make([]byte, 130)}}
	frame := encode(b, map[string]any{"type": "sync", "senderId": "device", "targetId": "hub-1", "documentId": documentID, "data": m.Append(nil)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Receive(frame); err != nil {
			b.Fatal(err)
		}
	}
}
