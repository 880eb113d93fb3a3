package api

import (
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// DeleteClient answers DELETE /api/clients/{id}.
func (a *API) DeleteClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, id, err := bare(w, r, who)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		return id, nil, a.hub.Delete(r.Context(), id, who, answer)
	}
	c.tell = func(crdt.RecordID, *conflicts.Outcome) (int, any) { return http.StatusNoContent, nil }
	answer, err := a.run(r.Context(), c)
	if err != nil {
		return err
	}
	w.WriteHeader(answer.Status)
	return nil
}

// RestoreClient answers POST /api/clients/{id}/restore with the item.
func (a *API) RestoreClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, id, err := bare(w, r, who)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		return id, nil, a.hub.Restore(r.Context(), id, who, answer)
	}
	c.tell = func(id crdt.RecordID, _ *conflicts.Outcome) (int, any) {
		return http.StatusOK, editAnswer{Record: id}
	}
	return a.runEdit(w, r, who, c)
}

// bare reads a command about the record of the URL that needs no body.
func bare(w http.ResponseWriter, r *http.Request, who conflicts.Principal) (*command, crdt.RecordID, error) {
	id, err := recordOf(r)
	if err != nil {
		return nil, id, err
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, id, err
	}
	c, err := newCommand(r, who, body)
	return c, id, err
}

// EraseClient answers POST /api/clients/{id}/erase. There is no way back.
func (a *API) EraseClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	if err := a.hub.Erase(r.Context(), id, who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
