package syncproto

import "wedsync/crdt"

// A View is one state of one record.
type View struct{ graph *crdt.Graph }

func NewView(g *crdt.Graph) *View { return &View{graph: g} }
