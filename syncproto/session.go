package syncproto

import "wedsync/crdt"

// A HubID is how the hub introduces itself.
type HubID struct {
	PeerID    string
	StorageID string // one for all nodes of a hub
}

// A Session is one connection.
type Session struct{ hub HubID }

func NewSession(hub HubID) *Session                    { return &Session{hub: hub} }
func (s *Session) Receive(frame []byte) (Event, error) { return nil, ErrNoJoin }
func (s *Session) AppendPeer(dst []byte) []byte        { return dst }
func (s *Session) AppendSync(dst []byte, id crdt.RecordID, data []byte) []byte {
	return dst
}
func (s *Session) AppendUnavailable(dst []byte, documentID string) []byte { return dst }
func (s *Session) AppendEphemeral(dst []byte, from string, e Ephemeral) []byte {
	return dst
}
func (s *Session) AppendError(dst []byte, message string) []byte { return dst }
