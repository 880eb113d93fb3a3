package server_test

import (
	"context"
	"maps"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

func (f *fakeHub) UseMerged(_ context.Context, id crdt.RecordID, u conflicts.MergedUse, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide(conflicts.KindUse, id, u.By, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		u.Policy, u.Now = f.policy, f.at
		return r.UseMerged(u)
	})
}

func (f *fakeHub) DismissMerged(_ context.Context, id crdt.RecordID, by conflicts.Principal, entry string, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide(conflicts.KindDismiss, id, by, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		return r.DismissMerged(by, entry, f.policy, f.at)
	})
}

func (f *fakeHub) MergedEntry(_ context.Context, supplier, id string) (conflicts.Merged, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.merged[id]
	if !ok || f.records[m.Record].supplier != supplier || f.records[m.Record].record.Deleted() {
		return conflicts.Merged{}, store.ErrNotFound
	}
	return m, nil
}

func (f *fakeHub) MergedEntries(_ context.Context, supplier string, q store.MergedQuery) ([]conflicts.Merged, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []conflicts.Merged
	for _, id := range slices.Sorted(maps.Keys(f.merged)) {
		m := f.merged[id]
		if f.records[m.Record].supplier == supplier && id > q.After && len(found) < q.Limit &&
			(q.Status == "" || q.Status == m.Status) && (q.Record == crdt.RecordID{} || q.Record == m.Record) {
			found = append(found, m)
		}
	}
	return found, nil
}

// part sets fields of a record apart: one value comes over the API, the other
// from a device that did not know it and shows.
func (f *fakeHub) part(id crdt.RecordID, by conflicts.Principal, fields map[string][2]string) error {
	r := f.records[id]
	deps, last := r.record.Graph().Heads(), r.record.Graph().MaxOp()
	for key, values := range fields {
		edit := map[crdt.Path]crdt.Value{crdt.Path(key): {Kind: crdt.Text, Str: values[0]}}
		if _, err := f.Edit(context.Background(), id, conflicts.Edit{From: olga, Fields: edit}, nil); err != nil {
			return err
		}
	}
	c := &crdt.Change{Deps: deps, Actor: "phone", Seq: 1, StartOp: last + 1000}
	for key, values := range fields {
		c.Ops = append(c.Ops, crdt.Op{
			ID: crdt.OpID{Counter: c.StartOp + uint64(len(c.Ops)), Actor: c.Actor}, Key: key,
			Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: values[1]},
		})
	}
	c.NumOps = len(c.Ops)
	decoded, err := crdt.Decode(crdt.Encode(c), crdt.DefaultLimits)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o := r.record.Receive(conflicts.Delivery{From: by, Changes: []*crdt.Change{decoded}, Policy: f.policy, Now: f.at})
	f.keep(id, r, "sync", by, o, nil)
	return nil
}
