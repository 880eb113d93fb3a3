package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/communications/timeline"
	"wedsync/store"
)

// A syncAnswer is what SyncCommunications answers.
type syncAnswer struct {
	Client  string             `json:"client_id"`
	Items   []CommunicationRow `json:"items" doc:"The newest of the client's timeline."`
	Sources []sourceItem       `json:"sources" doc:"How far every source has been read. One that cannot be read is not an empty one: its error says why."`
	Next    *string            `json:"next" doc:"The cursor with which GET /api/clients/{id}/communications goes on, null at the end."`
}

// SyncCommunications answers POST /api/integrations/communication/sync.
func (a *API) SyncCommunications(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	text, wait, limit := o.longText("client_id", maxKey), o.wait(), o.countIfAny("limit")
	id, err := crdt.ParseRecordID(text)
	if text != "" && err != nil {
		o.fault("client_id", "must be a client id or a document id")
	}
	if limit > maxPage {
		o.fault("limit", limitRule)
	}
	if err := o.end(); err != nil {
		return err
	}
	if limit == 0 {
		limit = defaultPage
	}
	sources, err := a.timeline.Sync(r.Context(), who.Supplier, id, wait)
	if err != nil {
		return err
	}
	p, err := a.communications(r, who, store.TimelineQuery{Record: id, Limit: int(limit)})
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, syncAnswer{id.ClientID(), p.Items, showSources(sources), p.Next})
}

// wait takes how long to wait for accounts.
func (o *object) wait() time.Duration {
	seconds := o.span("wait")
	switch {
	case seconds == nil:
		return timeline.MaxWait
	case *seconds > uint64(timeline.MaxWait/time.Second):
		o.fault("wait", "must not be more than "+timeline.MaxWait.String())
		return 0
	}
	return time.Duration(*seconds) * time.Second
}

// ListSources answers GET /api/integrations/communication/sources.
func (a *API) ListSources(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	sources, err := a.timeline.Sources(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, Page[sourceItem]{Items: showSources(sources)})
}

// ListCommunications answers GET /api/clients/{id}/communications.
func (a *API) ListCommunications(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	q, err := communicationQuery(r)
	if err != nil {
		return err
	}
	q.Record = id
	p, err := a.communications(r, who, q)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// communications is a page of a client's timeline.
func (a *API) communications(r *http.Request, who conflicts.Principal, q store.TimelineQuery) (p Page[CommunicationRow], err error) {
	items, more, err := a.timeline.Page(r.Context(), who.Supplier, q)
	if err != nil {
		return p, err
	}
	accounts, err := a.accountsByID(r.Context(), who.Supplier)
	if err != nil {
		return p, err
	}
	p.Items = make([]CommunicationRow, len(items))
	for i := range items {
		p.Items[i] = showCommunication(&items[i], accounts)
	}
	if more {
		p.Next = timelineCursor(&items[len(items)-1])
	}
	return p, nil
}

// GetCommunication answers GET /api/clients/{id}/communications/{item}.
func (a *API) GetCommunication(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	return a.replyWithCommunication(w, r, who, id, http.StatusOK, r.PathValue("item"))
}

func (a *API) replyWithCommunication(w http.ResponseWriter, r *http.Request, who conflicts.Principal, id crdt.RecordID, status int, item string) error {
	if len(item) > maxKey {
		return store.ErrNotFound
	}
	opened, err := a.timeline.Open(r.Context(), who.Supplier, id, item)
	if err != nil {
		return err
	}
	accounts, err := a.accountsByID(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	shown, err := openCommunication(&opened, accounts)
	if err != nil {
		return err
	}
	return reply(w, status, shown)
}

// LinkCommunication answers PUT /api/clients/{id}/communications/{item}/link.
func (a *API) LinkCommunication(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	state := store.LinkState(o.text("state"))
	if state != store.Linked && state != store.Unlinked {
		o.fault("state", "must be linked or unlinked")
	}
	if err := o.end(); err != nil {
		return err
	}
	item := r.PathValue("item")
	if len(item) > maxKey {
		return store.ErrNotFound
	}
	if err := a.timeline.Link(r.Context(), who, id, item, state); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ListUnmatched answers GET /api/communications/unmatched.
func (a *API) ListUnmatched(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := communicationQuery(r)
	if err != nil {
		return err
	}
	items, more, err := a.timeline.Unmatched(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	accounts, err := a.accountsByID(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	p := Page[unmatchedRow]{Items: make([]unmatchedRow, len(items))}
	for i := range items {
		p.Items[i] = showUnmatched(&items[i], accounts)
	}
	if more {
		p.Next = timelineCursor(&items[len(items)-1].Item)
	}
	return reply(w, http.StatusOK, p)
}
