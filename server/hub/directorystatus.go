package hub

import (
	"context"

	"wedsync/crdt"
	"wedsync/store"
)

// directoryStatus says how devices stand to a supplier's directory, nil if there
// is none yet. Devices that never opened it are not missed there.
func (h *Hub) directoryStatus(ctx context.Context, supplier string) (*RecordStatus, error) {
	id := h.DirectoryID(supplier)
	heads, err := h.store.Heads(ctx, []crdt.RecordID{id})
	if err != nil || heads[id].Version == 0 {
		return nil, err
	}
	directory := store.Summary{Record: id, Heads: heads[id]}
	known, err := h.acquaintances(ctx, supplier, []store.Summary{directory})
	if err != nil {
		return nil, err
	}
	status, err := h.recordStatus(ctx, directory, known)
	if err != nil {
		return nil, err
	}
	sortDevices(status.Devices)
	return &status, nil
}
