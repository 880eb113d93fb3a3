package api

import (
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A conflictItem is a conflict as callers see it.
type conflictItem struct {
	ID        string           `json:"id"`
	Client    string           `json:"client_id"`
	Name      string           `json:"client_name"` // as last projected; empty if it has none
	Field     string           `json:"field"`
	Status    conflicts.Status `json:"status"`
	Version   uint64           `json:"version"`
	Reason    string           `json:"reason"`
	Base      revisioned       `json:"base"`
	Current   revisioned       `json:"current"`
	Proposals []proposal       `json:"proposals"`
	OpenedAt  time.Time        `json:"opened_at"`
	ClosedAt  *time.Time       `json:"closed_at,omitempty"`
	Decision  *decision        `json:"decision,omitempty"`

	Reopens    string `json:"reopens,omitempty"`
	ReopenedAs string `json:"reopened_as,omitempty"`

	RemindedAt *time.Time `json:"reminded_at,omitempty"`
	Reminders  int        `json:"reminders,omitempty"`
}

type revisioned struct {
	Revision uint64 `json:"revision"`
	Value    any    `json:"value"` // null if cleared
}

type proposal struct {
	ID         string           `json:"id"`
	Value      any              `json:"value"`
	State      conflicts.State  `json:"state"`
	Reason     string           `json:"reason"`
	Source     conflicts.Source `json:"source,omitempty"`
	Author     author           `json:"author"`
	CoAuthors  []author         `json:"co_authors"`
	EditedAt   *time.Time       `json:"edited_at"` // by its author's clock, null if that said nothing
	ReceivedAt *time.Time       `json:"received_at"`
	// Surrounding is what else its author edited in the same minutes. Lists do not
	// tell; nor is it told of a record that is gone or too large.
	Surrounding []surrounding `json:"surrounding,omitzero"`
}

type author struct {
	User      string         `json:"user"`
	Device    string         `json:"device"`
	Role      conflicts.Role `json:"role"`
	Actor     string         `json:"actor,omitempty"` // of an author that is not known by name
	CarriedBy string         `json:"carried_by,omitempty"`
}

type decision struct {
	Action   conflicts.Action `json:"action"`
	By       author           `json:"by"`
	At       time.Time        `json:"at"`
	Revision uint64           `json:"revision"`
	Value    any              `json:"value"`
	Note     string           `json:"note,omitempty"`
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
