package api

import (
	"context"
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

// A surrounding edit is what the author of a proposal did besides.
type surrounding struct {
	Field      string     `json:"field" doc:"What was edited."`
	Before     any        `json:"before" doc:"What the field showed its author; null if cleared."`
	After      any        `json:"after" doc:"What the author made of it; null if cleared."`
	At         time.Time  `json:"at" doc:"By the clock of the hub."`
	DeviceTime *time.Time `json:"device_time" doc:"By the clock of the author, null for what came over the API."`
	Outcome    string     `json:"outcome,omitempty" doc:"Of an edit of a critical field."`
}

// showContext shows what a person needs to judge a conflict: what the client is
// called, and what else the authors edited in the same minutes.
func (a *API) showContext(ctx context.Context, supplier string, c conflicts.Conflict, shown *conflictItem, policy *conflicts.Policy) error {
	summary, err := a.store.Summary(ctx, supplier, c.Record)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the record is gone, its conflict is still shown
	}
	if err != nil {
		return err
	}
	shown.Name = store.NamesIn(summary.Projection).Client
	around, err := a.hub.Surrounding(ctx, supplier, c)
	var large *conflicts.HistoryLimitError
	if errors.As(err, &large) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for i := range shown.Proposals {
		p := &shown.Proposals[i]
		p.Surrounding = []surrounding{}
		for _, e := range around[p.ID] {
			p.Surrounding = append(p.Surrounding, showSurrounding(e, policy))
		}
	}
	return nil
}

func showSurrounding(e conflicts.Event, policy *conflicts.Policy) surrounding {
	s := surrounding{
		Field: string(e.Field), At: e.At.UTC(), DeviceTime: showTime(e.Edited), Before: e.Before.JSON(), After: e.After.JSON(),
	}
	if e.Critical {
		s.Before, s.After = policy.Shown(e.Field, e.Before), policy.Shown(e.Field, e.After)
	}
	if e.Verdict != nil {
		s.Outcome = e.Verdict.Outcome
	}
	return s
}
