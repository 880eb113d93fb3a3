package api

import (
	"errors"
	"net/http"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// ListMerged answers GET /api/merged, filtered by status and client_id, the
// oldest first.
func (a *API) ListMerged(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := mergedQuery(r)
	if err != nil {
		return err
	}
	limit := q.Limit
	q.Limit++
	rows, err := a.store.MergedEntries(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	p, err := pageOf(rows, limit,
		func(m conflicts.Merged) string { return m.ID },
		func(m conflicts.Merged) (*mergedItem, error) { return showMerged(m), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

func mergedQuery(r *http.Request) (q store.MergedQuery, err error) {
	values := r.URL.Query()
	q.Status, q.After = conflicts.MergedStatus(values.Get("status")), values.Get("cursor")
	known := []conflicts.MergedStatus{"", conflicts.MergedOpen, conflicts.MergedSuperseded, conflicts.MergedUsed, conflicts.MergedDismissed}
	switch {
	case !slices.Contains(known, q.Status):
		return q, malformed("status", "must be open, superseded, used_other or dismissed")
	case len(q.After) > maxText:
		return q, malformed("cursor", "must be the next of an earlier page")
	}
	if client := values.Get("client_id"); client != "" {
		if q.Record, err = crdt.ParseRecordID(client); err != nil {
			return q, malformed("client_id", "must be a client id or a document id")
		}
	}
	q.Limit, err = limitOf(r)
	return q, err
}

// GetMerged answers GET /api/merged/{id}.
func (a *API) GetMerged(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	m, err := a.store.MergedEntry(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showMerged(m))
}

// UseMerged answers POST /api/merged/{id}/use with the entry as it was closed.
func (a *API) UseMerged(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.closeMerged(w, r, who, func(body []byte, m conflicts.Merged) (func(hub.AnswerFunc) (*conflicts.Outcome, error), error) {
		o, err := parseObject(body)
		if err != nil {
			return nil, err
		}
		use := conflicts.MergedUse{By: who, Entry: m.ID, Value: o.hash("value_of")}
		if err := o.end(); err != nil {
			return nil, err
		}
		return func(answer hub.AnswerFunc) (*conflicts.Outcome, error) {
			return a.hub.UseMerged(r.Context(), m.Record, use, answer)
		}, nil
	})
}

// DismissMerged answers POST /api/merged/{id}/dismiss with the entry as it was
// closed. It needs no body.
func (a *API) DismissMerged(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.closeMerged(w, r, who, func(_ []byte, m conflicts.Merged) (func(hub.AnswerFunc) (*conflicts.Outcome, error), error) {
		return func(answer hub.AnswerFunc) (*conflicts.Outcome, error) {
			return a.hub.DismissMerged(r.Context(), m.Record, who, m.ID, answer)
		}, nil
	})
}

// closeMerged carries a command out that closes an entry; read makes it of the
// request's body.
func (a *API) closeMerged(w http.ResponseWriter, r *http.Request, who conflicts.Principal,
	read func(body []byte, m conflicts.Merged) (func(hub.AnswerFunc) (*conflicts.Outcome, error), error),
) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	m, err := a.store.MergedEntry(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	do, err := read(body, m)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := do(answer)
		return m.Record, o, err
	}
	c.tell = func(_ crdt.RecordID, o *conflicts.Outcome) (int, any) {
		return http.StatusOK, showMerged(closedEntry(o, m))
	}
	answer, err := a.run(r.Context(), c)
	if errors.Is(err, conflicts.ErrUnknownMerged) {
		if m, err = a.store.MergedEntry(r.Context(), who.Supplier, m.ID); err == nil {
			err = &closedError{showMerged(m)}
		}
	}
	if err != nil {
		return err
	}
	send(w, answer.Status, "application/json", answer.Body)
	return nil
}

// closedEntry is the entry as the outcome left it.
func closedEntry(o *conflicts.Outcome, before conflicts.Merged) conflicts.Merged {
	for _, m := range o.Merged {
		if m.ID == before.ID {
			return m
		}
	}
	return before
}

// hash takes a change's hash that must be there.
func (o *object) hash(name string) (h crdt.Hash) {
	_, given := o.members[name]
	text := o.text(name)
	switch {
	case !given:
		o.fault(name, "is needed: the change of one of the entry's values")
	case h.UnmarshalText([]byte(text)) != nil:
		o.fault(name, "must be the change of one of the entry's values, in hexadecimal")
	}
	return h
}
