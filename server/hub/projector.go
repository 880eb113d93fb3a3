package hub

import (
	"container/list"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// A projector makes the JSON of records that changed, off the path of their
// commits: a few at a time, each after it rested for a moment, resting itself
// longer than it works.
type projector struct {
	hub  *Hub
	wake chan struct{}

	mu  sync.Mutex
	due list.List // of dueRecord, ascending by time
	at  map[crdt.RecordID]*list.Element
}

type dueRecord struct {
	id crdt.RecordID
	at time.Time
}

const (
	restFactor        = 4  // how much longer the projector rests than it works
	projectedTogether = 16 // records in one transaction

	listBudget = 500 * time.Millisecond // in which a list makes projections; rows that are left show their older ones
)

func newProjector(h *Hub) *projector {
	return &projector{hub: h, wake: make(chan struct{}, 1), at: make(map[crdt.RecordID]*list.Element)}
}

// changed notes that a listed record has moved on.
func (p *projector) changed(id crdt.RecordID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.at[id]
	if e == nil {
		e = p.due.PushBack(nil)
		p.at[id] = e
	}
	e.Value = dueRecord{id, p.hub.now().Add(p.hub.limits.Quiet)}
	p.due.MoveToBack(e)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// next takes the record that is due first, if it has rested, and otherwise says
// how long it has to.
func (p *projector) next() (id crdt.RecordID, rest time.Duration, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.due.Front()
	if e == nil {
		return id, 0, false
	}
	first := e.Value.(dueRecord)
	if rest := first.at.Sub(p.hub.now()); rest > 0 {
		return first.id, rest, true
	}
	p.due.Remove(e)
	delete(p.at, first.id)
	return first.id, 0, true
}

// run ends with the hub's context.
func (p *projector) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		id, rest, any := p.next()
		if any && rest == 0 {
			rest = p.make(id)
		}
		if !any {
			rest = time.Hour
		}
		timer.Reset(rest)
		wake := p.wake
		if any {
			wake = nil // what comes meanwhile is found at the next look
		}
		select {
		case <-p.hub.ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
	}
}

// make makes the projections of a record and of others that are due, stores
// them together and says how long to rest.
func (p *projector) make(id crdt.RecordID) (rest time.Duration) {
	begun := p.hub.now()
	var made []store.Projection
	for n := 1; ; n++ {
		projection, err := p.hub.materialise(p.hub.ctx, id)
		if err == nil {
			made = append(made, projection)
		} else if p.hub.ctx.Err() == nil {
			p.hub.log.Warn("record is not projected", "record", id, "err", err)
		}
		if n == projectedTogether {
			break
		}
		next, wait, any := p.next()
		if !any || wait > 0 {
			break
		}
		id = next
	}
	if len(made) == 0 {
		return restFactor * p.hub.now().Sub(begun)
	}
	if err := p.hub.store.Project(p.hub.ctx, made...); err != nil && p.hub.ctx.Err() == nil {
		p.hub.log.Warn("records are not projected", "records", len(made), "err", err)
	}
	return restFactor * p.hub.now().Sub(begun)
}

// Fresh reads a record with its projection brought up to date. If that is not
// possible now, the projection is the older one.
func (h *Hub) Fresh(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error) {
	summary, err := h.store.Summary(ctx, supplier, id)
	if err != nil || slices.Equal(summary.Heads.Heads, summary.ProjectedHeads) {
		return summary, err
	}
	projection, err := h.materialise(ctx, id)
	if err == nil {
		err = h.store.Project(ctx, projection)
	}
	if err != nil {
		if errors.Is(err, ctx.Err()) {
			return summary, err
		}
		h.log.Warn("record is shown as it was projected last", "record", id, "err", err)
		return summary, nil
	}
	return h.store.Summary(ctx, supplier, id)
}

// FreshList is a page of records as [store.Records.List] reads it, with their
// projections brought up to date. Where that is not possible now, the projection
// is the older one. Records that went meanwhile are absent: only a page without
// any is the last.
func (h *Hub) FreshList(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error) {
	for {
		rows, err := h.store.List(ctx, supplier, after, limit)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		after = rows[len(rows)-1].Record
		rows, err = h.refresh(ctx, supplier, rows)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
}

// List is a page of records as [store.Records.List] reads it, with as many
// projections brought up to date as half a second allows. It has all rows that
// the store's has.
func (h *Hub) List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error) {
	rows, err := h.store.List(ctx, supplier, after, limit)
	if err != nil {
		return nil, err
	}
	within, done := context.WithTimeout(ctx, listBudget)
	defer done()
	made, err := h.projectRows(ctx, within, rows)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // a store that cannot be written to can be read
		h.log.Warn("projections that a list made are not stored", "records", len(made), "err", err)
	}
	for i, row := range rows {
		p, is := made[row.Record]
		if is && slices.Equal(p.Heads, row.Heads.Heads) {
			rows[i].Projection, rows[i].ProjectedHeads = p.Fields, p.Heads
		}
	}
	return rows, nil
}

// refresh brings the projections of rows up to date.
func (h *Hub) refresh(ctx context.Context, supplier string, rows []store.Summary) ([]store.Summary, error) {
	made, err := h.projectRows(ctx, ctx, rows)
	if err != nil {
		return nil, err
	}
	fresh := rows[:0]
	for _, row := range rows {
		var err error
		if _, is := made[row.Record]; is {
			row, err = h.store.Summary(ctx, supplier, row.Record)
		}
		switch {
		case err == nil:
			fresh = append(fresh, row)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return fresh, nil
}

// projectRows makes the projections of rows that have moved on since their last,
// until within ends, and stores them, several in one transaction. If they could
// not be stored, it returns them with the error.
func (h *Hub) projectRows(ctx, within context.Context, rows []store.Summary) (map[crdt.RecordID]store.Projection, error) {
	made := make(map[crdt.RecordID]store.Projection)
	var all []store.Projection
	for _, row := range rows {
		if slices.Equal(row.Heads.Heads, row.ProjectedHeads) {
			continue
		}
		projection, err := h.materialise(within, row.Record)
		if err == nil {
			all, made[row.Record] = append(all, projection), projection
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		} else if within.Err() != nil {
			break
		} else {
			h.log.Warn("record is shown as it was projected last", "record", row.Record, "err", err)
		}
	}
	for together := range slices.Chunk(all, projectedTogether) {
		if err := h.store.Project(ctx, together...); err != nil {
			return made, err
		}
	}
	return made, nil
}
