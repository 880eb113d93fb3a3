package api

import (
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// ReopenConflict answers POST /api/conflicts/{id}/reopen with the conflict that
// reopens it. It needs no body.
func (a *API) ReopenConflict(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	former, err := a.store.Conflict(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := a.hub.Reopen(r.Context(), former.Record, who, former.ID, answer)
		return former.Record, o, err
	}
	c.tell = func(_ crdt.RecordID, o *conflicts.Outcome) (int, any) {
		return http.StatusCreated, showConflict(reopenedRow(o, former), policy)
	}
	answer, err := a.run(r.Context(), c)
	if err != nil {
		return err
	}
	send(w, answer.Status, "application/json", answer.Body)
	return nil
}

// reopenedRow is the conflict that reopens another.
func reopenedRow(o *conflicts.Outcome, former conflicts.Conflict) conflicts.Conflict {
	for _, c := range o.Conflicts {
		if c.Reopens == former.ID {
			return c
		}
	}
	return former
}
