package api

import (
	"fmt"
	"net/http"

	"wedsync/conflicts"
)

// A receiptItem is the verdict on a proposal as one of its authors sees it.
type receiptItem struct {
	ID       string          `json:"id" doc:"Of the verdict."`
	Client   string          `json:"client_id" doc:"The record."`
	Field    string          `json:"field" doc:"The critical field."`
	Conflict string          `json:"conflict_id" doc:"That was decided."`
	Proposal string          `json:"proposal_id" doc:"Of the caller."`
	Proposed any             `json:"proposed" doc:"What the caller proposed."`
	Outcome  conflicts.State `json:"outcome" doc:"What became of it." enum:"open,accepted,rejected,superseded,withdrawn,no_change"`
	Reason   string          `json:"reason" doc:"Why."`
	Decision *decision       `json:"decision" doc:"Who decided what."`
}

// ListVerdicts answers GET /api/verdicts with what was decided about the
// caller's proposals and the device has not acknowledged.
func (a *API) ListVerdicts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	device, err := deviceOf(r, who)
	if err != nil {
		return err
	}
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after := r.URL.Query().Get("cursor")
	if len(after) > maxText {
		return malformed("cursor", "must be the next of an earlier page")
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	rows, err := a.store.Receipts(r.Context(), who.Supplier, who.User, device, after, limit+1)
	if err != nil {
		return err
	}
	p, err := pageOf(rows, limit,
		func(v conflicts.Receipt) string { return v.ID },
		func(v conflicts.Receipt) (receiptItem, error) { return showReceipt(v, policy), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// AckVerdict answers POST /api/verdicts/{id}/ack.
func (a *API) AckVerdict(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	device, err := deviceOf(r, who)
	if err != nil {
		return err
	}
	if err := a.store.Acknowledge(r.Context(), who.Supplier, who.User, device, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deviceOf is the device that asks: the one of the token, else the one that the
// query names.
func deviceOf(r *http.Request, who conflicts.Principal) (string, error) {
	named := r.URL.Query().Get("device")
	switch {
	case len(named) > maxKey:
		return "", malformed("device", fmt.Sprintf("must not be longer than %d bytes", maxKey))
	case named == "" && who.Device == "":
		return "", malformed("device", "is needed, for the token names none")
	case named != "" && who.Device != "" && named != who.Device:
		return "", malformed("device", "must be that of the token")
	case named != "":
		return named, nil
	}
	return who.Device, nil
}

func showReceipt(v conflicts.Receipt, policy *conflicts.Policy) receiptItem {
	return receiptItem{
		ID: v.ID, Client: v.Record.ClientID(), Field: string(v.Field), Conflict: v.Conflict, Proposal: v.Proposal,
		Proposed: policy.Shown(v.Field, v.Proposed), Outcome: v.Outcome, Reason: v.Reason,
		Decision: showDecision(&v.Decision, v.Field, policy),
	}
}
