package server_test

import (
	"context"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

func (f *fakeHub) Post(_ context.Context, id crdt.RecordID, by conflicts.Principal, a conflicts.Activity, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide(conflicts.KindActivity, id, by, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		return r.Post(by, a, f.policy, f.at)
	})
}

// HappeningsOf finds none: a real hub's are looked at elsewhere.
func (f *fakeHub) HappeningsOf(context.Context, string, crdt.RecordID, uint64, int) ([]store.Entry, error) {
	return nil, f.fail
}
