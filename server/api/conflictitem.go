package api

import (
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A conflictItem is a conflict as callers see it.
type conflictItem struct {
	ID        string           `json:"id" doc:"Of the conflict."`
	Client    string           `json:"client_id" doc:"The record."`
	Name      string           `json:"client_name" doc:"What the record is called, empty if it has no name."`
	Field     string           `json:"field" doc:"The critical field." example:"budget"`
	Status    conflicts.Status `json:"status" doc:"How it stands." enum:"pending,resolved,withdrawn,record_deleted,erased"`
	Version   uint64           `json:"version" doc:"Rises with each change of the conflict. A decision names it."`
	Reason    string           `json:"reason" doc:"Why the first proposal was diverted."`
	Base      revisioned       `json:"base" doc:"What the first author knew."`
	Current   revisioned       `json:"current" doc:"What counts now."`
	Proposals []proposal       `json:"proposals" doc:"What was proposed, the oldest first."`
	OpenedAt  time.Time        `json:"opened_at" doc:"By the clock of the hub."`
	ClosedAt  *time.Time       `json:"closed_at,omitempty" doc:"By the clock of the hub."`
	Decision  *decision        `json:"decision,omitempty" doc:"Once it was decided."`

	Reopens    string `json:"reopens,omitempty" doc:"The conflict that this one reopens."`
	ReopenedAs string `json:"reopened_as,omitempty" doc:"The conflict that reopened this one."`

	RemindedAt *time.Time `json:"reminded_at,omitempty" doc:"When people were last reminded of it."`
	Reminders  int        `json:"reminders,omitempty" doc:"How often they were."`
}

type revisioned struct {
	Revision uint64 `json:"revision" doc:"Of the field."`
	Value    any    `json:"value" doc:"Null if cleared."`
}

type proposal struct {
	ID         string           `json:"id" doc:"Of the proposal."`
	Value      any              `json:"value" doc:"What was proposed, as it was written if it does not fit; null to clear."`
	State      conflicts.State  `json:"state" doc:"How it stands." enum:"open,accepted,rejected,superseded,withdrawn,no_change"`
	Reason     string           `json:"reason" doc:"Why it was diverted."`
	Source     conflicts.Source `json:"source,omitempty" doc:"How it came." enum:"device,api,webhook"`
	Author     author           `json:"author" doc:"Who proposed it first."`
	CoAuthors  []author         `json:"co_authors" doc:"Who proposed the same later."`
	EditedAt   *time.Time       `json:"edited_at" doc:"By the clock of its author, null if that said nothing."`
	ReceivedAt *time.Time       `json:"received_at" doc:"By the clock of the hub."`
	// Surrounding is what else its author edited in the same minutes. Lists do not
	// tell; nor is it told of a record that is gone or too large.
	Surrounding []surrounding `json:"surrounding,omitzero" doc:"What else its author edited in the same minutes. Lists do not tell."`
}

type author struct {
	User      string         `json:"user" doc:"Empty if not known."`
	Device    string         `json:"device" doc:"Empty if not known."`
	Role      conflicts.Role `json:"role" doc:"At the time; empty for the hub."`
	Actor     string         `json:"actor,omitempty" doc:"Of an author that is not known by name."`
	CarriedBy string         `json:"carried_by,omitempty" doc:"Who delivered what somebody else wrote."`
}

type decision struct {
	Action   conflicts.Action `json:"action" doc:"What was decided." enum:"accept,keep,custom,recover,withdraw"`
	By       author           `json:"by" doc:"Who decided."`
	At       time.Time        `json:"at" doc:"By the clock of the hub."`
	Revision uint64           `json:"revision" doc:"Of the field, by this decision."`
	Value    any              `json:"value" doc:"What counts since; null if cleared."`
	Note     string           `json:"note,omitempty" doc:"Of who decided."`
}

func showConflict(c conflicts.Conflict, policy *conflicts.Policy) *conflictItem {
	shown := &conflictItem{
		ID: c.ID, Client: c.Record.ClientID(), Field: string(c.Field),
		Status: c.Status, Version: c.Version, Reason: c.Reason,
		Base:      revisioned{c.Base.Revision, policy.Shown(c.Field, c.Base.Value)},
		Current:   revisioned{c.Current.Revision, policy.Shown(c.Field, c.Current.Value)},
		Proposals: make([]proposal, 0, len(c.Proposals)),
		OpenedAt:  c.OpenedAt.UTC(),
		ClosedAt:  showTime(c.ClosedAt),
		Reopens:   c.Reopens, ReopenedAs: c.ReopenedAs,
		RemindedAt: showTime(c.RemindedAt), Reminders: c.Reminders,
	}
	for _, p := range c.Proposals {
		first, others := showAuthors(p.Authors)
		shown.Proposals = append(shown.Proposals, proposal{
			ID: p.ID, Value: policy.Shown(c.Field, p.Value), State: p.State, Reason: p.Reason, Source: p.Source,
			Author: first, CoAuthors: others,
			EditedAt: showTime(p.EditedAt), ReceivedAt: showTime(p.ReceivedAt),
		})
	}
	shown.Decision = showDecision(c.Decision, c.Field, policy)
	return shown
}

func showDecision(d *conflicts.Decision, field crdt.Path, policy *conflicts.Policy) *decision {
	if d == nil {
		return nil
	}
	return &decision{
		Action: d.Action, By: author{User: d.By.User, Device: d.By.Device, Role: d.By.Role},
		At: d.At.UTC(), Revision: d.Revision, Value: policy.Shown(field, d.Value), Note: d.Note,
	}
}

// showAuthors tells who made a proposal from who joined it.
func showAuthors(all []conflicts.Author) (first author, others []author) {
	others = []author{}
	for i, a := range all {
		shown := showAuthor(a)
		if i == 0 {
			first = shown
			continue
		}
		others = append(others, shown)
	}
	return first, others
}

func showAuthor(a conflicts.Author) author {
	return author{User: a.User, Device: a.Device, Role: a.Role, Actor: a.Actor, CarriedBy: a.CarriedBy}
}

// showStale puts the conflict as callers see it into an error that says that it
// moved on; other errors stay as they are.
func showStale(err error, policy *conflicts.Policy) error {
	var stale *conflicts.StaleError
	if errors.As(err, &stale) {
		return &staleError{showConflict(stale.Conflict, policy)}
	}
	return err
}
