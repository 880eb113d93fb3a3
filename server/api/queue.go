package api

import (
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// maxDeviceCounts is of how many devices the first page of a queue says how many
// conflicts they have: of those that have most.
const maxDeviceCounts = 100

// A queuePage is a page of conflicts, the first with how many there are on all.
type queuePage struct {
	Page[*conflictItem]
	Counts  map[crdt.Path]int `json:"counts,omitempty" doc:"On the first page: how many conflicts there are on all, by field."`
	Devices []deviceCount     `json:"device_counts,omitempty" doc:"On the first page: of how many devices they are, most conflicts first."`
}

// A deviceCount is how many conflicts have a proposal of a device.
type deviceCount struct {
	User      string `json:"user" doc:"Of the device."`
	Device    string `json:"device" doc:"That proposed."`
	Conflicts int    `json:"conflicts" doc:"How many have a proposal of it."`
}

// ListConflicts answers GET /api/conflicts: filtered, searched and sorted as
// queueQuery says, in pages.
func (a *API) ListConflicts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := a.queueQuery(r)
	if err != nil {
		return err
	}
	if q.Limit, err = limitOf(r); err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	p, err := a.counted(r, who.Supplier, q)
	if err != nil {
		return err
	}
	limit := q.Limit
	q.Limit++
	rows, err := a.store.Conflicts(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	p.Page, err = pageOf(rows, limit,
		func(c store.QueuedConflict) string { return queueCursor(c.Place) },
		func(c store.QueuedConflict) (*conflictItem, error) { return showQueued(c, policy), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// counted is a page without rows, with the counts if it is the first.
func (a *API) counted(r *http.Request, supplier string, q store.ConflictQuery) (p queuePage, err error) {
	if q.After != (store.ConflictPlace{}) {
		return p, nil
	}
	if p.Counts, err = a.store.ConflictCounts(r.Context(), supplier, q); err != nil {
		return p, err
	}
	devices, err := a.store.ConflictDevices(r.Context(), supplier, q, maxDeviceCounts)
	for _, d := range devices {
		p.Devices = append(p.Devices, deviceCount{d.User, d.Device, d.Conflicts})
	}
	return p, err
}

func showQueued(c store.QueuedConflict, policy *conflicts.Policy) *conflictItem {
	shown := showConflict(c.Conflict, policy)
	shown.Name = c.Client
	return shown
}
