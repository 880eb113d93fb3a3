package hub

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// The states of a device towards a record.
const (
	InSync        = "in_sync"
	DeviceBehind  = "device_behind"
	HubBehind     = "hub_behind"
	DeviceRefused = "refused"
	DeviceWaiting = "waiting_for_dependency"
	Fighting      = "fighting"
)

// SyncStatus compares the hub with the devices that are connected or were since
// it started, for the supplier's records beginning after the given one.
func (h *Hub) SyncStatus(ctx context.Context, supplier string, after crdt.RecordID, limit int) (SyncStatus, error) {
	records, err := h.store.List(ctx, supplier, after, limit+1)
	if err != nil {
		return SyncStatus{}, err
	}
	status := SyncStatus{Totals: map[string]int{}}
	if len(records) > limit {
		records = records[:limit]
		status.Next = records[limit-1].Record
	}
	status.Totals["records"] = len(records)
	for _, summary := range records {
		item, err := h.recordStatus(ctx, summary)
		if err != nil {
			return SyncStatus{}, err
		}
		for _, d := range item.Devices {
			status.Totals[d.State]++
		}
		status.Items = append(status.Items, item)
	}
	return status, nil
}

func (h *Hub) recordStatus(ctx context.Context, summary store.Summary) (RecordStatus, error) {
	item := RecordStatus{
		Record: summary.Record, Heads: summary.Heads.Heads, Digest: digest(summary.Heads.Heads),
	}
	view, err := conflicts.ReadLedger(summary.Ledger)
	if err != nil {
		return item, fmt.Errorf("record %s: %w", summary.Record, err)
	}
	item.Pending = len(view.Pending)
	gone := h.contacts.of(summary.Supplier, summary.Record)
	if len(gone) == 0 && h.rooms.find(summary.Record) == nil {
		return item, nil
	}
	done := make(chan []DeviceStatus, 1)
	if err := h.deliver(ctx, summary.Record, statusTask{summary.Supplier, gone, done}); err != nil {
		return item, err
	}
	select {
	case item.Devices = <-done:
		return item, nil
	case <-ctx.Done():
		return item, ctx.Err()
	}
}

// digest names a set of heads; equal digests mean equal history.
func digest(heads []crdt.Hash) string {
	sum := sha256.New()
	for _, h := range heads {
		sum.Write(h[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// A statusTask reads how each device of a supplier stands to a record.
type statusTask struct {
	supplier string
	gone     map[contactKey]*holding
	done     chan<- []DeviceStatus // has room for one
}

func (t statusTask) stage(r *room, s *stage) bool {
	all := maps.Clone(t.gone)
	here := make(map[contactKey]bool)
	for d, m := range r.members {
		if d.who.Supplier == t.supplier {
			all[d.contactKey()], here[d.contactKey()] = r.holding(m), true
		}
	}
	var out []DeviceStatus
	for key, held := range all {
		st := r.compare(held)
		if f := r.fights[key]; f != nil && f.on(s.now) && st.State != DeviceRefused {
			st = f.explain(st)
		}
		st.User, st.Device, st.Connected, st.LastContact = key.user, key.device, here[key], held.seen
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b DeviceStatus) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	s.replies = append(s.replies, func(error) { t.done <- out })
	return true
}

// compare says how a holding stands to the record.
func (r *room) compare(held *holding) DeviceStatus {
	err := r.look()
	if err == nil && slices.Equal(held.heads, r.stored.Heads) {
		return DeviceStatus{State: InSync, Explanation: "Holds exactly what the hub holds."}
	}
	if err == nil {
		err = r.open()
	}
	if err != nil {
		return DeviceStatus{
			State:       HubBehind,
			Explanation: "The hub cannot read this record now.",
			Action:      "Ask the operator to look into the hub's log and to run wedsync doctor.",
		}
	}
	g := r.record.Graph()
	st := DeviceStatus{State: InSync, MissingOnDevice: len(g.Since(held.heads))}
	waiting := g.Waiting()
	for _, h := range held.heads {
		if !g.Has(h) {
			st.MissingOnHub++
			if slices.Contains(waiting, h) {
				st.State = DeviceWaiting
			}
		}
	}
	return explain(st, held.refused)
}

// explain puts the numbers of a comparison into words.
func explain(st DeviceStatus, refused string) DeviceStatus {
	switch {
	case st.MissingOnHub > 0 && refused == conflicts.RefusedReadOnly:
		st.State = DeviceRefused
		st.Explanation = "This user may only read; what was edited on this device is not taken."
		st.Action = "Let an owner give the user the right to edit, or discard this device's copy."
	case st.MissingOnHub > 0 && refused != "":
		st.State = DeviceRefused
		st.Explanation = fmt.Sprintf("The hub refused a change of this device (%s); what builds on it cannot be taken.", refused)
		st.Action = "Discard this device's copy and open the record again."
	case st.State == DeviceWaiting:
		st.Explanation = "A change of this device waits for an earlier one that the hub does not hold."
		st.Action = "Connect the device that made the earlier change."
	case st.MissingOnHub > 0:
		st.State = HubBehind
		st.Explanation = "The device holds changes that the hub does not hold yet."
		st.Action = "Keep the device connected until it has sent them."
	case st.MissingOnDevice > 0:
		st.State = DeviceBehind
		st.Explanation = fmt.Sprintf("The device has yet to receive %s.", changes(st.MissingOnDevice))
		st.Action = "Connect the device; it catches up by itself."
	}
	return st
}

func changes(n int) string {
	if n == 1 {
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}
