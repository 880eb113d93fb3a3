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

// WithdrawProposal answers POST /api/conflicts/{id}/proposals/{proposal}/withdraw
// with the conflict as it stands then. It needs no body.
func (a *API) WithdrawProposal(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	withdrawal := conflicts.Withdrawal{By: who, Conflict: r.PathValue("id"), Proposal: r.PathValue("proposal")}
	row, err := a.store.Conflict(r.Context(), who.Supplier, withdrawal.Conflict)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(row.Proposals, func(p conflicts.Proposal) bool { return p.ID == withdrawal.Proposal }) {
		return store.ErrNotFound
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := a.hub.Withdraw(r.Context(), row.Record, withdrawal, answer)
		return row.Record, o, err
	}
	c.tell = func(_ crdt.RecordID, o *conflicts.Outcome) (int, any) {
		return http.StatusOK, showConflict(decidedRow(o, row), policy)
	}
	answer, err := a.run(r.Context(), c)
	if errors.Is(err, conflicts.ErrUnknownConflict) || errors.Is(err, store.ErrNotFound) { // the record may be gone
		return a.closed(r.Context(), who.Supplier, row.ID, policy)
	}
	if err != nil {
		return showStale(err, policy)
	}
	send(w, answer.Status, "application/json", answer.Body)
	return nil
}
