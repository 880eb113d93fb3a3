package syncproto

import "wedsync/crdt"

// PeerOptions say how a peer is to be treated.
type PeerOptions struct {
	ReadOnly bool // a viewer: its changes are not asked for
}

// A Peer is what we believe one peer holds of one record.
type Peer struct {
	options PeerOptions
	heads   []crdt.Hash
}

func NewPeer(o PeerOptions) *Peer                 { return &Peer{options: o} }
func (p *Peer) Receive(g *crdt.Graph, m *Message) { p.heads = m.Heads }
func (p *Peer) Refuse(h crdt.Hash)                {}
func (p *Peer) Next(v *View) (data []byte, ok bool) {
	return nil, false
}
func (p *Peer) Stuck() (bytes int, ok bool) { return 0, false }
func (p *Peer) InSync(g *crdt.Graph) bool   { return false }
func (p *Peer) Heads() []crdt.Hash          { return p.heads }
