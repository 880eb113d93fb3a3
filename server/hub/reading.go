package hub

import "wedsync/crdt"

// ShowReading tells who watches a supplier, on all nodes, how far a source of
// communications has been read for a record: data is JSON. It is at best effort, and
// stored nowhere.
func (h *Hub) ShowReading(supplier string, id crdt.RecordID, source string, data []byte) {
	n := PresenceNote{Record: id, Data: data, At: h.now(), Reading: source}
	h.watchers.present(supplier, n)
	if !h.follow.alone() {
		h.follow.gossip.reading(supplier, n)
	}
}
