package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A queuePage is a page of conflicts, the first with how many there are on all.
type queuePage struct {
	page[*conflictItem]
	Counts map[crdt.Path]int `json:"counts,omitempty"` // by field
}

// ListConflicts answers GET /api/conflicts, filtered by status, field,
// client_id, author, source and older_than, sorted by age.
func (a *API) ListConflicts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := a.conflictQuery(r)
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	var p queuePage
	if q.After == "" {
		if p.Counts, err = a.store.ConflictCounts(r.Context(), who.Supplier, q); err != nil {
			return err
		}
	}
	limit := q.Limit
	q.Limit++
	rows, err := a.store.Conflicts(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	p.page, err = pageOf(rows, limit,
		func(c conflicts.Conflict) string { return c.ID },
		func(c conflicts.Conflict) (*conflictItem, error) { return showConflict(c, policy), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

func (a *API) conflictQuery(r *http.Request) (store.ConflictQuery, error) {
	values := r.URL.Query()
	q := store.ConflictQuery{
		Status: conflicts.Status(values.Get("status")),
		Field:  crdt.Path(values.Get("field")),
		Author: values.Get("author"),
		Source: conflicts.Source(values.Get("source")),
		After:  values.Get("cursor"),
	}
	if err := checkQuery(values, q); err != nil {
		return q, err
	}
	q.Newest = values.Get("sort") == "newest"
	if client := values.Get("client_id"); client != "" {
		id, err := crdt.ParseRecordID(client)
		if err != nil {
			return q, malformed("client_id", "must be a client id or a document id")
		}
		q.Record = id
	}
	if text := values.Get("older_than"); text != "" {
		age, err := time.ParseDuration(text)
		if err != nil || age < 0 {
			return q, malformed("older_than", "must be a time such as 90m or 72h")
		}
		q.OpenedBefore = a.now().Add(-age)
	}
	limit, err := limitOf(r)
	q.Limit = limit
	return q, err
}

// checkQuery checks what is one of a few words, and lengths.
func checkQuery(values url.Values, q store.ConflictQuery) error {
	statuses := []conflicts.Status{"", conflicts.Pending, conflicts.Resolved, conflicts.Withdrawn, conflicts.RecordDeleted, conflicts.Erased}
	sources := []conflicts.Source{"", conflicts.FromDevice, conflicts.FromAPI, conflicts.FromWebhook}
	switch {
	case !slices.Contains(statuses, q.Status):
		return malformed("status", "must be pending, resolved, withdrawn, record_deleted or erased")
	case !slices.Contains(sources, q.Source):
		return malformed("source", "must be device, api or webhook")
	case !slices.Contains([]string{"", "oldest", "newest"}, values.Get("sort")):
		return malformed("sort", "must be oldest or newest")
	case len(q.Author) > maxKey:
		return malformed("author", fmt.Sprintf("must not be longer than %d bytes", maxKey))
	case len(q.After) > maxText:
		return malformed("cursor", "must be the next of an earlier page")
	}
	return nil
}
