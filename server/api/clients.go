package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// A clientPage is a page of records, with the document by which devices find
// them without this API.
type clientPage struct {
	Page[*item]
	Directory string `json:"directory" doc:"The document id of the supplier's directory, always the same."`
}

// ListClients answers GET /api/clients. A record whose fields could not be read
// in time since it last moved is marked stale.
func (a *API) ListClients(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after, err := recordCursor(r)
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	rows, err := a.hub.List(r.Context(), who.Supplier, after, limit+1)
	if err != nil {
		return err
	}
	p, err := pageOf(rows, limit,
		func(s store.Summary) string { return s.Record.ClientID() },
		func(s store.Summary) (*item, error) { return showItem(s, policy) })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, clientPage{p, a.hub.DirectoryID(who.Supplier).DocumentID()})
}

// GetClient answers GET /api/clients/{id}.
func (a *API) GetClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	i, err := a.freshItem(r.Context(), who.Supplier, id)
	if err != nil {
		return err
	}
	return i.reply(w, http.StatusOK)
}

// CreateClient answers POST /api/clients.
func (a *API) CreateClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, edit, err := a.readEdit(w, r, who)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		return a.hub.Create(r.Context(), edit, answer)
	}
	c.tell = tellVerdicts(http.StatusCreated)
	return a.runEdit(w, r, who, c)
}

// PatchClient answers PATCH /api/clients/{id}.
func (a *API) PatchClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	c, edit, err := a.readEdit(w, r, who)
	if err != nil {
		return err
	}
	if edit.IfMatch, err = a.known(r, who.Supplier, id); err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := a.hub.Edit(r.Context(), id, edit, answer)
		return id, o, err
	}
	c.tell = tellVerdicts(http.StatusOK)
	return a.runEdit(w, r, who, c)
}

// readEdit reads what POST and PATCH share.
func (a *API) readEdit(w http.ResponseWriter, r *http.Request, who conflicts.Principal) (*command, conflicts.Edit, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, conflicts.Edit{}, err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return nil, conflicts.Edit{}, err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return nil, conflicts.Edit{}, err
	}
	fields, err := parseEdit(body, policy)
	if err != nil {
		return nil, conflicts.Edit{}, err
	}
	return c, conflicts.Edit{From: who, Fields: fields, Key: c.key}, nil
}

func parseEdit(body []byte, policy *conflicts.Policy) (map[crdt.Path]crdt.Value, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	fields := o.fields("fields", policy)
	return fields, o.end()
}

// known is the revision of each critical field that the caller's If-Match
// names, nil without one.
func (a *API) known(r *http.Request, supplier string, id crdt.RecordID) (map[crdt.Path]uint64, error) {
	revision, given, err := ifMatch(r)
	if err != nil || !given {
		return nil, err
	}
	s, err := a.store.Summary(r.Context(), supplier, id)
	if err != nil {
		return nil, err
	}
	return conflicts.KnownAt(s.Ledger, revision)
}

// An editAnswer is what is kept of the answer to an edit. The item is not: it is
// read anew for each telling.
type editAnswer struct {
	Record   crdt.RecordID         `json:"record"`
	Verdicts map[crdt.Path]verdict `json:"verdicts"`
}

func tellVerdicts(status int) func(crdt.RecordID, *conflicts.Outcome) (int, any) {
	return func(id crdt.RecordID, o *conflicts.Outcome) (int, any) {
		return status, editAnswer{id, showVerdicts(o)}
	}
}

// runEdit carries an edit out and answers with the item and the verdicts.
func (a *API) runEdit(w http.ResponseWriter, r *http.Request, who conflicts.Principal, c *command) error {
	answer, err := a.run(r.Context(), c)
	if err != nil {
		return err
	}
	var told editAnswer
	if err := json.Unmarshal(answer.Body, &told); err != nil {
		return fmt.Errorf("kept answer: %w", err)
	}
	i, err := a.freshItem(r.Context(), who.Supplier, told.Record)
	if err != nil {
		return err
	}
	i.Verdicts = told.Verdicts
	if answer.Status == http.StatusCreated {
		w.Header().Set("Location", "/api/clients/"+i.Client)
	}
	return i.reply(w, answer.Status)
}

func (a *API) freshItem(ctx context.Context, supplier string, id crdt.RecordID) (*item, error) {
	policy, err := a.hub.Policy(ctx, supplier)
	if err != nil {
		return nil, err
	}
	s, err := a.hub.Fresh(ctx, supplier, id)
	if err != nil {
		return nil, err
	}
	return showItem(s, policy)
}

// recordOf is the record that the URL names. A text that is no id names none.
func recordOf(r *http.Request) (crdt.RecordID, error) {
	id, err := crdt.ParseRecordID(r.PathValue("id"))
	if err != nil {
		return crdt.RecordID{}, errors.Join(store.ErrNotFound, err)
	}
	return id, nil
}
