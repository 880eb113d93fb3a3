package hub

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// SyncStatus compares the hub with all devices that it knows, for the
// supplier's records beginning after the given one.
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
	known, err := h.acquaintances(ctx, supplier, records)
	if err != nil {
		return SyncStatus{}, err
	}
	if after == (crdt.RecordID{}) {
		if status.Directory, err = h.directoryStatus(ctx, supplier); err != nil {
			return SyncStatus{}, err
		}
	}
	for _, summary := range records {
		item, err := h.recordStatus(ctx, summary, known)
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

func (h *Hub) recordStatus(ctx context.Context, summary store.Summary, known *acquaintances) (RecordStatus, error) {
	item := RecordStatus{
		Record: summary.Record, Heads: summary.Heads.Heads, Digest: digest(summary.Heads.Heads),
	}
	view, err := conflicts.ReadLedger(summary.Ledger)
	if err != nil {
		return item, fmt.Errorf("record %s: %w", summary.Record, err)
	}
	item.Pending, item.Notice = len(view.Pending), noticeOf(view.Recovery)
	held := known.of(summary.Record)
	maps.Copy(held, h.contacts.of(summary.Supplier, summary.Record))
	switch {
	case h.rooms.find(summary.Record) == nil && allHold(held, summary.Heads.Heads):
		for _, held := range held {
			item.Devices = append(item.Devices, held.status(inSync()))
		}
	default:
		if item.Devices, err = h.compare(ctx, summary, held); err != nil {
			return item, err
		}
	}
	item.Devices = append(item.Devices, known.unseen(item.Devices)...)
	slices.SortFunc(item.Devices, func(a, b DeviceStatus) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	return item, nil
}

// allHold reports whether all that devices held is what the hub holds.
func allHold(held map[contactKey]*holding, heads []crdt.Hash) bool {
	for _, h := range held {
		if !slices.Equal(h.heads, heads) {
			return false
		}
	}
	return true
}

// compare has the owner of a record say how devices stand to it: those that are
// connected, and those that held something of it when they left.
func (h *Hub) compare(ctx context.Context, summary store.Summary, gone map[contactKey]*holding) ([]DeviceStatus, error) {
	done := make(chan []DeviceStatus, 1)
	if err := h.deliver(ctx, summary.Record, statusTask{summary.Supplier, gone, done}); err != nil {
		return nil, err
	}
	select {
	case devices := <-done:
		return devices, nil
	case <-ctx.Done():
		return nil, ctx.Err()
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
	maps.Copy(all, r.hub.contacts.of(t.supplier, r.id)) // some may have left since
	here := make(map[contactKey]*Device)
	for d, m := range r.members {
		if d.who.Supplier == t.supplier {
			all[d.contactKey()], here[d.contactKey()] = r.holding(m), d
		}
	}
	var out []DeviceStatus
	for key, held := range all {
		out = append(out, r.standing(key, held, here[key], s.now))
	}
	s.replies = append(s.replies, func(error) { t.done <- out })
	return true
}

// standing says how a device stands to the record; d is nil if it is not connected.
func (r *room) standing(key contactKey, held *holding, d *Device, now time.Time) DeviceStatus {
	st := r.compare(held)
	if f := r.fights[key]; f != nil && f.on(now) && st.State != DeviceRefused {
		st = f.explain(st)
	}
	if record, open := r.record.(*conflicts.Record); open && d != nil && st.State == DeviceRefused {
		st.Reentries = record.Salvage(d.kept(r.id))
	}
	st.Connected = d != nil
	return held.status(st)
}

// status is st, of the device that holds h.
func (h *holding) status(st DeviceStatus) DeviceStatus {
	st.User, st.Device, st.LastContact = h.key.user, h.key.device, h.seen
	return st
}

// compare says how a holding stands to the record.
func (r *room) compare(held *holding) DeviceStatus {
	err := r.look()
	if err == nil && slices.Equal(held.heads, r.stored.Heads) {
		return inSync()
	}
	if err == nil {
		err = r.open()
	}
	if err != nil {
		return unreadable()
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
