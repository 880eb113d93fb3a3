package syncproto

import (
	"fmt"

	"wedsync/crdt"
)

// A HubID is how the hub introduces itself.
type HubID struct {
	PeerID    string
	StorageID string // one for all nodes of a hub: devices keep what they know of us under it
}

// A Session is one connection: it understands the frames that a device sends
// and encodes those that it gets. The Append methods may be called once
// Receive returned Joined; AppendError at any time. After that one goroutine
// may receive while another appends.
type Session struct {
	hub    HubID
	peerID string
	joined bool
	prefix []byte                   // what all sync frames of this connection begin with, up to the document id
	middle map[crdt.RecordID]string // what follows it, up to the data; for the appending goroutine alone
	ids    map[string]crdt.RecordID // of document ids that were read; for the receiving goroutine alone
}

// NewSession is a connection that has said nothing yet.
func NewSession(hub HubID) *Session {
	return &Session{hub: hub}
}

// Receive reads one frame. An error means that the connection is to be closed:
// the first frame was no join that we can answer, or a frame was too long.
// Whatever else makes no sense is Ignored.
func (s *Session) Receive(b []byte) (Event, error) {
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes: %w", len(b), ErrLimit)
	}
	f, err := decoding.read(b)
	if !s.joined {
		return s.join(f, err)
	}
	if err != nil {
		return Ignored{err.Error()}, nil
	}
	// Devices pass on ephemeral messages under their author's id. They are no
	// spoofing, but we have had them from the author.
	if f.SenderID != s.peerID {
		return Ignored{"foreign sender"}, nil
	}
	return s.event(f), nil
}

// join makes the first frame the beginning of the session.
func (s *Session) join(f *frame, err error) (Event, error) {
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoJoin, err)
	}
	if f.Type != "join" || f.SenderID == "" {
		return nil, ErrNoJoin
	}
	if !decoding.speaksVersion1(f.Versions) {
		return nil, ErrVersion
	}
	s.joined, s.peerID = true, f.SenderID
	s.prefix = s.appendHeader(nil, 5, "sync", s.hub.PeerID)
	s.prefix = appendText(s.prefix, "documentId")
	return Joined{PeerID: f.SenderID, StorageID: f.storageID(), Ephemeral: f.ephemeral()}, nil
}

// event says what a frame of the joined peer means.
func (s *Session) event(f *frame) Event {
	switch f.Type {
	case "sync", "request":
		return s.syncEvent(f)
	case "ephemeral":
		return s.ephemeralEvent(f)
	case "doc-unavailable":
		id, err := s.record(f)
		if err != nil {
			return Ignored{err.Error()}
		}
		return Unavailable{id}
	case "leave":
		return Left{}
	case "join":
		return Ignored{"joined already"}
	case "remote-subscription-change", "remote-heads-changed":
		return Ignored{"gossip of heads"}
	case "error":
		return Ignored{"the device reports an error"}
	}
	return Ignored{"unknown type"}
}

func (s *Session) syncEvent(f *frame) Event {
	id, err := s.record(f)
	if err != nil {
		return BadRecord{f.DocumentID}
	}
	m, err := DecodeMessage(f.Data)
	return Sync{Record: id, Request: f.Type == "request", Message: m, Err: err}
}

func (s *Session) ephemeralEvent(f *frame) Event {
	id, err := s.record(f)
	if err != nil {
		return Ignored{err.Error()}
	}
	if len(f.Data) > MaxEphemeral {
		return Ignored{"ephemeral message too long"}
	}
	count, ok := decoding.count(f.Count)
	if !ok {
		return Ignored{"ephemeral message without a count"}
	}
	if len(f.Data) == 0 {
		return Ignored{"ephemeral message without data"}
	}
	return Ephemeral{Record: id, Count: count, SessionID: f.SessionID, Data: f.Data}
}

// record is the record that a frame names. Reading an id costs two hashes, so
// those that the connection speaks of are kept.
func (s *Session) record(f *frame) (crdt.RecordID, error) {
	if id, ok := s.ids[f.DocumentID]; ok {
		return id, nil
	}
	id, err := crdt.ParseDocumentID(f.DocumentID)
	if err != nil {
		return id, err
	}
	if len(s.ids) >= maxKnownIDs {
		clear(s.ids)
	}
	if s.ids == nil {
		s.ids = make(map[string]crdt.RecordID)
	}
	s.ids[f.DocumentID] = id
	return id, nil
}

// appendHeader appends the head of a map with the given number of entries and
// the three of them that every frame has.
func (s *Session) appendHeader(dst []byte, entries uint64, kind, sender string) []byte {
	dst = appendHead(dst, cborMap, entries)
	dst = appendPair(dst, "type", kind)
	dst = appendPair(dst, "senderId", sender)
	return appendPair(dst, "targetId", s.peerID)
}

// AppendPeer appends the answer to a join.
func (s *Session) AppendPeer(dst []byte) []byte {
	dst = s.appendHeader(dst, 5, "peer", s.hub.PeerID)
	dst = appendText(dst, "peerMetadata")
	dst = appendHead(dst, cborMap, 2)
	dst = appendPair(dst, "storageId", s.hub.StorageID)
	dst = append(appendText(dst, "isEphemeral"), cborFalse)
	return appendPair(dst, "selectedProtocolVersion", protocolVersion)
}

// AppendSync appends a sync frame with an encoded [Message]. Empty data, which
// no device could read, appends nothing.
func (s *Session) AppendSync(dst []byte, id crdt.RecordID, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = append(dst, s.prefix...)
	dst = append(dst, s.middleOf(id)...)
	return appendBytes(dst, data)
}

// middleOf is what stands between prefix and data, kept like the ids that are read.
func (s *Session) middleOf(id crdt.RecordID) string {
	if m, ok := s.middle[id]; ok {
		return m
	}
	if len(s.middle) >= maxKnownIDs {
		clear(s.middle)
	}
	m := string(appendText(appendText(nil, id.DocumentID()), "data"))
	if s.middle == nil {
		s.middle = make(map[crdt.RecordID]string)
	}
	s.middle[id] = m
	return m
}

// AppendUnavailable appends "we do not have it, or you may not see it".
func (s *Session) AppendUnavailable(dst []byte, documentID string) []byte {
	dst = s.appendHeader(dst, 4, "doc-unavailable", s.hub.PeerID)
	return appendPair(dst, "documentId", documentID)
}

// AppendEphemeral appends an ephemeral message of the peer named from.
// Receivers drop what they have seen by author, session and count, so these
// stay as they came. Empty data appends nothing.
func (s *Session) AppendEphemeral(dst []byte, from string, e Ephemeral) []byte {
	if len(e.Data) == 0 {
		return dst
	}
	dst = s.appendHeader(dst, 7, "ephemeral", from)
	dst = appendPair(dst, "documentId", e.Record.DocumentID())
	dst = appendCount(appendText(dst, "count"), e.Count)
	dst = appendPair(dst, "sessionId", e.SessionID)
	return appendBytes(appendText(dst, "data"), e.Data)
}

// AppendError appends an error, after which the connection is closed. Clients
// write its text to their log.
func (s *Session) AppendError(dst []byte, message string) []byte {
	dst = s.appendHeader(dst, 4, "error", s.hub.PeerID)
	return appendPair(dst, "message", message)
}
