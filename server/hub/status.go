package hub

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

const (
	statusScan   = 200         // records that are read at once
	maxScanned   = 1000        // records that one page looks at; then it ends, however few it tells of
	statusBudget = time.Second // in which a page makes documents for digests; what is left is stale
)

// SyncStatus compares the hub with all devices that it knows, record by record.
// A query for some devices leaves out the records that have none of them; its
// page may tell of fewer than q.Limit records, or of none, and yet have a next.
// Devices that are connected to other nodes stand as those nodes noted last: half a
// minute ago at most, and two seconds ago from two seconds after a status of the
// supplier was asked for, as long as one is at least every minute.
func (h *Hub) SyncStatus(ctx context.Context, supplier string, q StatusQuery) (SyncStatus, error) {
	page := statusPage{hub: h, query: q, status: SyncStatus{Totals: Totals{Devices: make(map[string]int)}}}
	h.notes.looked(supplier)
	within, done := context.WithTimeout(ctx, statusBudget)
	defer done()
	defer func() { page.project(context.WithoutCancel(ctx)) }()
	if q.Record != (crdt.RecordID{}) {
		summary, err := h.store.Summary(ctx, supplier, q.Record)
		if err == nil {
			err = page.add(ctx, within, supplier, []store.Summary{summary})
		} else if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return page.status, err
	}
	if q.After == (crdt.RecordID{}) && !q.some() {
		var err error
		if page.status.Directory, err = h.directoryStatus(ctx, supplier); err != nil {
			return SyncStatus{}, err
		}
	}
	page.status.Next = q.After
	for scanned := 0; scanned < maxScanned; {
		room := q.Limit - len(page.status.Items)
		records, err := h.store.List(ctx, supplier, page.status.Next, min(statusScan, room+1))
		if err != nil {
			return SyncStatus{}, err
		}
		if len(records) == 0 {
			page.status.Next = crdt.RecordID{}
			break
		}
		if room == 0 {
			break // there is one more
		}
		records = records[:min(len(records), room)]
		if err := page.add(ctx, within, supplier, records); err != nil {
			return SyncStatus{}, err
		}
		page.status.Next, scanned = records[len(records)-1].Record, scanned+len(records)
	}
	return page.status, nil
}

// A statusPage is a page on its way.
type statusPage struct {
	hub    *Hub
	query  StatusQuery
	made   []store.Projection
	status SyncStatus
}

// add tells of records as far as the query selects them. Documents for digests are
// made as long as within lasts.
func (p *statusPage) add(ctx, within context.Context, supplier string, records []store.Summary) error {
	known, err := p.hub.acquaintances(ctx, supplier, records)
	if err != nil {
		return err
	}
	for i := range records {
		item, err := p.hub.recordStatus(ctx, records[i], known)
		if err != nil {
			return err
		}
		item.Devices = append(item.Devices, known.unseen(item.Devices, p.query)...)
		item.Devices = slices.DeleteFunc(item.Devices, func(d DeviceStatus) bool { return !p.query.selects(d) })
		if p.query.some() && len(item.Devices) == 0 {
			continue
		}
		sortDevices(item.Devices)
		p.digest(within, &item, &records[i])
		p.count(&item)
		p.status.Items = append(p.status.Items, item)
	}
	return nil
}

func sortDevices(devices []DeviceStatus) {
	slices.SortFunc(devices, func(a, b DeviceStatus) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
}

// digest fills in the digest of a record, and has its document made if the
// projection is none of these heads.
func (p *statusPage) digest(within context.Context, item *RecordStatus, s *store.Summary) {
	var err error
	if slices.Equal(s.Heads.Heads, s.ProjectedHeads) {
		if item.Digest, err = p.hub.digests.of(s.Record, s.ProjectedHeads, s.Projection); err == nil {
			return
		}
		p.hub.log.Warn("projection cannot be read and is made anew", "record", s.Record, "err", err)
	}
	if within.Err() == nil {
		var made store.Projection
		if made, err = p.hub.materialise(within, s.Record); err == nil {
			p.made = append(p.made, made)
			item.Heads = made.Heads
			item.Digest, err = p.hub.digests.of(s.Record, made.Heads, made.Fields)
		}
		if err != nil && within.Err() == nil {
			p.hub.log.Warn("record has no digest now", "record", s.Record, "err", err)
		}
	}
	item.Stale = item.Digest == ""
}

// project stores the documents that were made. Losing them costs time alone.
func (p *statusPage) project(ctx context.Context) {
	if len(p.made) == 0 {
		return
	}
	if err := p.hub.store.Project(ctx, p.made...); err != nil {
		p.hub.log.Warn("records are not projected", "records", len(p.made), "err", err)
	}
}

func (p *statusPage) count(item *RecordStatus) {
	t := &p.status.Totals
	t.Records++
	t.Pending += item.Pending
	t.Proposals += item.Proposals
	if item.Stale {
		t.Stale++
	}
	for _, d := range item.Devices {
		t.Devices[d.State]++
	}
}

// some reports whether the query selects some devices alone.
func (q *StatusQuery) some() bool { return q.User != "" || q.Device != "" || q.State != "" }

// selects reports whether the query selects a device.
func (q *StatusQuery) selects(d DeviceStatus) bool {
	trouble := d.State != InSync && d.State != NeverSeen
	return q.names(d.User, d.Device) && (q.State == "" || q.State == d.State || q.State == AnyTrouble && trouble)
}

// names reports whether the query selects devices of that name.
func (q *StatusQuery) names(user, device string) bool {
	return (q.User == "" || q.User == user) && (q.Device == "" || q.Device == device)
}

// recordStatus is how the devices that spoke of a record stand to it.
func (h *Hub) recordStatus(ctx context.Context, summary store.Summary, known *acquaintances) (RecordStatus, error) {
	item := RecordStatus{Record: summary.Record, Heads: summary.Heads.Heads}
	view, err := conflicts.ReadLedger(summary.Ledger)
	if err != nil {
		h.log.Error("ledger cannot be read (run wedsync doctor)", "record", summary.Record, "err", err)
		item.Notice, view = unreadableLedger(), new(conflicts.LedgerView)
	} else {
		item.Notice = noticeOf(view.Recovery)
	}
	item.Pending, item.Proposals = len(view.Pending), len(view.Open)
	held := known.of(summary.Record)
	newer(held, h.contacts.of(summary.Supplier, summary.Record))
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
	for i := range item.Devices {
		d := &item.Devices[i]
		for _, p := range view.Open {
			if slices.ContainsFunc(p.Authors, func(a conflicts.Author) bool { return a.User == d.User && a.Device == d.Device }) {
				d.Proposals++
			}
		}
	}
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

// A statusTask reads how each device of a supplier stands to a record.
type statusTask struct {
	supplier string
	gone     map[contactKey]*holding
	done     chan<- []DeviceStatus // has room for one
}

func (t statusTask) stage(r *room, s *stage) bool {
	all := maps.Clone(t.gone)
	newer(all, r.hub.contacts.of(t.supplier, r.id)) // some may have left since
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
	st := DeviceStatus{State: InSync, MissingOnDevice: len(g.Since(slices.Concat(held.heads, held.sure)))}
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
