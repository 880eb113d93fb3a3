package hub

import (
	"context"
	"slices"

	"wedsync/crdt"
	"wedsync/store"
)

// maxUnseen bounds the devices listed with a record that they never spoke of;
// of more, those that were seen last are.
const maxUnseen = 20

// acquaintances are the devices of a supplier that the store knows, and what
// they held of some records when that was noted last.
type acquaintances struct {
	devices []store.Device // seen last first
	held    map[crdt.RecordID]map[contactKey]*holding
}

// acquaintances reads what the store knows, with all that is to be noted yet.
func (h *Hub) acquaintances(ctx context.Context, supplier string, records []store.Summary) (*acquaintances, error) {
	h.notes.write(context.WithoutCancel(ctx))
	devices, err := h.store.DevicesOf(ctx, supplier)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(devices, func(a, b store.Device) int { return b.At.Compare(a.At) })
	ids := make([]crdt.RecordID, len(records))
	for i := range records {
		ids[i] = records[i].Record
	}
	heads, err := h.store.DeviceHeads(ctx, supplier, ids)
	if err != nil {
		return nil, err
	}
	known := &acquaintances{devices: devices, held: make(map[crdt.RecordID]map[contactKey]*holding)}
	for _, said := range heads {
		key := contactKey{said.Supplier, said.User, said.Device}
		if known.held[said.Record] == nil {
			known.held[said.Record] = make(map[contactKey]*holding)
		}
		known.held[said.Record][key] = &holding{
			record: said.Record, key: key, heads: said.Heads, refused: said.Refused, seen: said.At,
		}
	}
	return known, nil
}

// of are what the devices held of a record; the caller may add to it.
func (a *acquaintances) of(id crdt.RecordID) map[contactKey]*holding {
	if held := a.held[id]; held != nil {
		return held
	}
	return make(map[contactKey]*holding)
}

// unseen are the devices that a query names and that are not among those that
// stand to a record.
func (a *acquaintances) unseen(standing []DeviceStatus, q StatusQuery) (unseen []DeviceStatus) {
	type name struct{ user, device string }
	seen := make(map[name]bool)
	for _, st := range standing {
		seen[name{st.User, st.Device}] = true
	}
	for _, d := range a.devices {
		if seen[name{d.User, d.Device}] || !q.names(d.User, d.Device) || len(unseen) == maxUnseen {
			continue
		}
		unseen = append(unseen, DeviceStatus{
			Device: d.Device, User: d.User, State: NeverSeen,
			Explanation: "The device has never asked for this record.",
			Action:      "Open the record on the device once, if it is to have it.",
		})
	}
	return unseen
}
