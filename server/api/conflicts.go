package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// GetConflict answers GET /api/conflicts/{id}.
func (a *API) GetConflict(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, err := a.store.Conflict(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	shown := showConflict(c, policy)
	if err := a.showContext(r.Context(), who.Supplier, c, shown, policy); err != nil {
		return err
	}
	return reply(w, http.StatusOK, shown)
}

// ResolveConflict answers POST /api/conflicts/{id}/resolve with the conflict as
// it was decided.
func (a *API) ResolveConflict(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	resolution, err := parseResolution(body)
	if err != nil {
		return err
	}
	resolution.By, resolution.Conflict = who, r.PathValue("id")
	answer, err := a.resolve(r.Context(), c, resolution)
	if err != nil {
		return err
	}
	send(w, answer.Status, "application/json", answer.Body)
	return nil
}

// resolve carries a resolution out.
func (a *API) resolve(ctx context.Context, c *command, s conflicts.Resolution) (store.Answer, error) {
	row, err := a.store.Conflict(ctx, s.By.Supplier, s.Conflict)
	if err != nil {
		return store.Answer{}, err
	}
	policy, err := a.hub.Policy(ctx, s.By.Supplier)
	if err != nil {
		return store.Answer{}, err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := a.hub.Resolve(ctx, row.Record, s, answer)
		return row.Record, o, err
	}
	c.tell = func(_ crdt.RecordID, o *conflicts.Outcome) (int, any) {
		return http.StatusOK, showConflict(decidedRow(o, row), policy)
	}
	answer, err := a.run(ctx, c)
	if errors.Is(err, conflicts.ErrUnknownConflict) || errors.Is(err, store.ErrNotFound) { // the record may be gone
		err = a.closed(ctx, s.By.Supplier, row.ID, policy)
	}
	return answer, showStale(err, policy)
}

// closed says how a conflict ended that is not pending any more.
func (a *API) closed(ctx context.Context, supplier, id string, policy *conflicts.Policy) error {
	row, err := a.store.Conflict(ctx, supplier, id)
	if err != nil {
		return err
	}
	return &staleError{showConflict(row, policy)}
}

// decidedRow is the conflict as the outcome left it.
func decidedRow(o *conflicts.Outcome, before conflicts.Conflict) conflicts.Conflict {
	for _, c := range o.Conflicts {
		if c.ID == before.ID {
			return c
		}
	}
	return before
}

func parseResolution(body []byte) (conflicts.Resolution, error) {
	o, err := parseObject(body)
	if err != nil {
		return conflicts.Resolution{}, err
	}
	return o.resolution()
}

// resolution takes what a decision is made of; nothing else may be left.
func (o *object) resolution() (conflicts.Resolution, error) {
	s := conflicts.Resolution{
		Version:  o.count("version"),
		Action:   conflicts.Action(o.text("action")),
		Proposal: o.text("proposal_id"),
		Note:     o.text("note"),
	}
	value, given := o.value("value")
	s.Value = value
	switch s.Action {
	case conflicts.Accept, conflicts.Keep, conflicts.Custom:
	default:
		o.fault("action", "must be accept, keep or custom")
		return s, o.end()
	}
	o.belongs("proposal_id", s.Proposal != "", s.Action == conflicts.Accept, conflicts.Accept)
	o.belongs("value", given, s.Action == conflicts.Custom, conflicts.Custom)
	return s, o.end()
}

// belongs checks that a member which one action needs is there with that action
// and not with another.
func (o *object) belongs(name string, given, needed bool, action conflicts.Action) {
	switch {
	case needed && !given:
		o.fault(name, fmt.Sprintf("is needed by the action %s", action))
	case given && !needed:
		o.fault(name, fmt.Sprintf("is for the action %s alone", action))
	}
}
