package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/api"
	"wedsync/server/hub"
	"wedsync/store"
)

// A fakeHub decides as a hub does and keeps everything in memory, so that a
// test says when it fails. It is the store that it writes to as well.
type fakeHub struct {
	api.Access // it admits everybody, and knows no devices

	mu        sync.Mutex
	at        time.Time // moves by a second with each command
	policy    *conflicts.Policy
	records   map[crdt.RecordID]*fakeRecord
	conflicts map[string]conflicts.Conflict
	owners    map[string]string // of conflicts
	answers   map[[2]string]store.Answer
	receipts  []conflicts.Receipt
	merged    map[string]conflicts.Merged
	acks      map[[2]string]bool  // by device and receipt
	asked     store.ConflictQuery // last
	fail      error               // what every command and read says, if set
	commands  int                 // that changed something
	failAfter int                 // commands, after which failWith is said, if set
	failWith  error
	most      conflicts.Role            // that anybody has, if set
	onCommand func(n int)               // hears of each that changed something, if set
	onList    func(after crdt.RecordID) // hears of each FreshList, if set
	entered   chan struct{}             // hears of each Edit, if set; it goes on once slow says so
	slow      chan struct{}
}

type fakeRecord struct {
	supplier string
	record   *conflicts.Record
	ledger   []byte
	pasts    []conflicts.Past
	fields   map[crdt.Path]crdt.Value // the ordinary ones
	lags     bool                     // the projection is older than the record
}

func newFakeHub() *fakeHub {
	policy := conflicts.DefaultPolicy()
	policy.Fields = append(policy.Fields, conflicts.FieldPolicy{Path: "venue.city", Kind: conflicts.Text, Review: conflicts.EveryEdit})
	return &fakeHub{
		at:        time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC),
		policy:    policy,
		records:   make(map[crdt.RecordID]*fakeRecord),
		conflicts: make(map[string]conflicts.Conflict),
		owners:    make(map[string]string),
		answers:   make(map[[2]string]store.Answer),
		acks:      make(map[[2]string]bool),
		merged:    make(map[string]conflicts.Merged),
	}
}

func (f *fakeHub) Admit(_ context.Context, who conflicts.Principal) (conflicts.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.most == "" {
		return who, nil
	}
	if who.Role = who.Role.Lesser(f.most); who.Role == conflicts.NoRole {
		return conflicts.Principal{}, hub.ErrRevoked
	}
	return who, nil
}

func (f *fakeHub) Policy(context.Context, string) (*conflicts.Policy, error) { return f.policy, nil }

func (f *fakeHub) SetPolicy(_ context.Context, _ conflicts.Principal, p conflicts.Policy) (*conflicts.Policy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := p.Check(); err != nil {
		return nil, err
	}
	if p.Version != 0 && p.Version != f.policy.Version {
		return nil, store.ErrStale
	}
	p.Version = f.policy.Version + 1
	f.policy = &p
	return f.policy, nil
}

func (f *fakeHub) PolicyJob(string) hub.PolicyJob { return hub.PolicyJob{Done: 2, Total: 3} }

func (f *fakeHub) Create(_ context.Context, e conflicts.Edit, answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(time.Second)
	id := crdt.NewRecordID(ulid.MustNew(ulid.Timestamp(f.at), ulid.DefaultEntropy()))
	o, err := f.create(id, e, answer)
	return id, o, err
}

func (f *fakeHub) CreateAs(_ context.Context, id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(time.Second)
	if f.records[id] != nil {
		return nil, hub.ErrTaken
	}
	return f.create(id, e, answer)
}

func (f *fakeHub) create(id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	env := &conflicts.Env{Secret: []byte("secret"), Limits: crdt.DefaultLimits}
	r := &fakeRecord{supplier: e.From.Supplier, record: conflicts.New(id, env, f.policy), fields: make(map[crdt.Path]crdt.Value)}
	o, err := f.edit(id, r, e, answer)
	if err == nil {
		f.records[id] = r
	}
	return o, err
}

func (f *fakeHub) SeriesID(series string, n uint16) crdt.RecordID {
	sum := sha256.Sum256(fmt.Append(nil, series, n))
	return crdt.RecordID(sum[:16])
}

func (f *fakeHub) Heads(_ context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[crdt.RecordID]store.Heads)
	for _, id := range ids {
		if r, ok := f.records[id]; ok {
			known[id] = store.Heads{Supplier: r.supplier}
		}
	}
	return known, f.fail
}

func (f *fakeHub) FreshList(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error) {
	if f.onList != nil {
		f.onList(after)
	}
	return f.List(ctx, supplier, after, limit)
}

func (f *fakeHub) Edit(_ context.Context, id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	if f.entered != nil {
		f.entered <- struct{}{}
		<-f.slow
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(time.Second)
	r, ok := f.records[id]
	if !ok || r.supplier != e.From.Supplier {
		return nil, store.ErrNotFound
	}
	return f.edit(id, r, e, answer)
}

func (f *fakeHub) edit(id crdt.RecordID, r *fakeRecord, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if f.failWith != nil && f.commands >= f.failAfter {
		return nil, f.failWith
	}
	e.Policy, e.Now = f.policy, f.at
	o, err := r.record.Edit(e)
	if err != nil {
		return nil, err
	}
	for path, v := range e.Fields {
		if !slices.ContainsFunc(f.policy.Fields, func(p conflicts.FieldPolicy) bool { return p.Path == path }) {
			r.fields[path] = v
		}
	}
	f.keep(id, r, "api", e.From, o, answer)
	return o, nil
}

func (f *fakeHub) Surrounding(context.Context, string, conflicts.Conflict) (map[string][]conflicts.Event, error) {
	return nil, f.fail
}

func (f *fakeHub) History(_ context.Context, supplier string, id crdt.RecordID, q conflicts.HistoryQuery) (hub.HistoryPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[id]
	if !ok || r.supplier != supplier || r.record.Deleted() {
		return hub.HistoryPage{}, store.ErrNotFound
	}
	if f.fail != nil {
		return hub.HistoryPage{}, f.fail
	}
	env := &conflicts.Env{Secret: []byte("secret"), Limits: crdt.DefaultLimits}
	h, err := conflicts.NewHistory(id, env, f.policy, r.ledger, q.Field)
	if err != nil {
		return hub.HistoryPage{}, err
	}
	for _, p := range r.pasts {
		if err := h.Add(p); err != nil {
			return hub.HistoryPage{}, err
		}
	}
	page := hub.HistoryPage{Log: h.Log()}
	page.Events, page.More = h.Page(q)
	return page, nil
}

func (f *fakeHub) Resolve(_ context.Context, id crdt.RecordID, s conflicts.Resolution, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide("resolve", id, s.By, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		s.Policy, s.Now = f.policy, f.at
		return r.Resolve(s)
	})
}

func (f *fakeHub) Withdraw(_ context.Context, id crdt.RecordID, w conflicts.Withdrawal, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide("withdraw", id, w.By, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		w.Policy, w.Now = f.policy, f.at
		return r.Withdraw(w)
	})
}

func (f *fakeHub) Reopen(_ context.Context, id crdt.RecordID, by conflicts.Principal, conflict string, answer hub.AnswerFunc) (*conflicts.Outcome, error) {
	return f.decide("reopen", id, by, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		return r.Reopen(conflicts.Reopening{By: by, Former: f.conflicts[conflict], Policy: f.policy, Now: f.at})
	})
}

func (f *fakeHub) Delete(_ context.Context, id crdt.RecordID, by conflicts.Principal, answer hub.AnswerFunc) error {
	_, err := f.decide(conflicts.KindDelete, id, by, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		if r.Deleted() {
			return nil, store.ErrNotFound
		}
		return r.Delete(by, f.policy, f.at)
	})
	return err
}

func (f *fakeHub) Restore(_ context.Context, id crdt.RecordID, by conflicts.Principal, answer hub.AnswerFunc) error {
	_, err := f.decide(conflicts.KindRestore, id, by, answer, func(r *conflicts.Record) (*conflicts.Outcome, error) {
		if !r.Deleted() {
			return nil, store.ErrNotFound
		}
		return r.Restore(by, f.policy, f.at)
	})
	return err
}

func (f *fakeHub) Erase(_ context.Context, id crdt.RecordID, by conflicts.Principal) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[id]
	if !ok || r.supplier != by.Supplier {
		return store.ErrNotFound
	}
	delete(f.records, id)
	for key, c := range f.conflicts {
		if c.Record == id {
			c.Erase(f.at)
			f.conflicts[key] = c
		}
	}
	return nil
}

func (f *fakeHub) Repair(_ context.Context, id crdt.RecordID, by conflicts.Principal, user, device string) (*hub.Repair, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[id]
	if !ok || r.supplier != by.Supplier {
		return nil, store.ErrNotFound
	}
	repair := &hub.Repair{
		Found: []conflicts.Finding{{What: "a row is missing", Advice: "repair", Mends: true}, {What: "a hash is wrong", Advice: "Ask."}},
		Done:  []string{"stored a row"},
	}
	if device == "phone" && user == "mia" {
		repair.Reset = 1
	}
	return repair, nil
}

// decide runs a command about a conflict.
func (f *fakeHub) decide(kind string, id crdt.RecordID, by conflicts.Principal, answer hub.AnswerFunc, run func(*conflicts.Record) (*conflicts.Outcome, error)) (*conflicts.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(time.Second)
	if f.fail != nil {
		return nil, f.fail
	}
	r, ok := f.records[id]
	if !ok || r.supplier != by.Supplier {
		return nil, store.ErrNotFound
	}
	o, err := run(r.record)
	if err != nil {
		return nil, err
	}
	f.keep(id, r, kind, by, o, answer)
	return o, nil
}

func (f *fakeHub) Receipts(_ context.Context, supplier, user, device, after string, limit int) ([]conflicts.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var unread []conflicts.Receipt
	for _, r := range f.receipts {
		if f.records[r.Record].supplier == supplier && r.User == user && r.ID > after && len(unread) < limit && !f.acks[[2]string{device, r.ID}] {
			unread = append(unread, r)
		}
	}
	return unread, nil
}

func (f *fakeHub) Acknowledge(_ context.Context, supplier, user, device, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.receipts {
		if r.ID == id && r.User == user && f.records[r.Record].supplier == supplier {
			f.acks[[2]string{device, id}] = true
			return nil
		}
	}
	return store.ErrNotFound
}

func (f *fakeHub) keep(id crdt.RecordID, r *fakeRecord, kind string, from conflicts.Principal, o *conflicts.Outcome, answer hub.AnswerFunc) {
	f.commands++
	if f.onCommand != nil {
		f.onCommand(f.commands)
	}
	past := conflicts.Past{
		StoredBatch: conflicts.StoredBatch{Hub: o.Hub != nil},
		Number:      uint64(f.commands), Kind: kind, From: from, At: f.at, Verdicts: o.Verdicts, Log: o.Log, Chosen: o.Chosen,
	}
	for _, c := range o.Stored {
		past.Chunks = append(past.Chunks, c.Raw)
	}
	r.pasts = append(r.pasts, past)
	r.ledger = r.record.Ledger()
	f.receipts = append(f.receipts, o.Receipts...)
	for _, c := range o.Conflicts {
		f.conflicts[c.ID], f.owners[c.ID] = c, r.supplier
	}
	for _, m := range o.Merged {
		f.merged[m.ID] = m
	}
	if answer == nil {
		return
	}
	if a := answer(id, o); a != nil {
		f.answers[[2]string{a.Principal, a.Key}] = *a
	}
}

func (f *fakeHub) Fresh(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error) {
	f.mu.Lock()
	if r, ok := f.records[id]; ok {
		r.lags = false
	}
	f.mu.Unlock()
	return f.Summary(ctx, supplier, id)
}

func (f *fakeHub) Summary(_ context.Context, supplier string, id crdt.RecordID) (store.Summary, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return store.Summary{}, f.fail
	}
	r, ok := f.records[id]
	if !ok || r.supplier != supplier || r.record.Deleted() {
		return store.Summary{}, store.ErrNotFound
	}
	return r.summary(id), nil
}

// summary shows critical fields in the projection as a document might that the
// hub has not mirrored yet: a reader must never see them.
func (r *fakeRecord) summary(id crdt.RecordID) store.Summary {
	fields := map[string]any{
		"wedding_date": "1999-01-01", "budget": 1, "venue": map[string]any{"city": "raw", "seats": 80},
		"sync_conflicts": map[string]any{"budget": "x"},
	}
	for path, v := range r.fields {
		fields[string(path)] = v.JSON()
	}
	projection, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	s := store.Summary{
		Record: id, Ledger: r.ledger, Projection: projection,
		Heads: store.Heads{Supplier: r.supplier, State: store.Listed, Heads: slices.Clone(r.record.Graph().Heads())},
	}
	if !r.lags {
		s.ProjectedHeads = s.Heads.Heads
	}
	return s
}

func (f *fakeHub) List(_ context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	var rows []store.Summary
	ids := slices.SortedFunc(maps.Keys(f.records), func(a, b crdt.RecordID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range ids {
		if r := f.records[id]; r.supplier == supplier && slices.Compare(id[:], after[:]) > 0 && len(rows) < limit {
			rows = append(rows, r.summary(id))
		}
	}
	return rows, nil
}

func (f *fakeHub) Conflict(_ context.Context, supplier, id string) (conflicts.Conflict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.conflicts[id]
	if !ok || f.owners[id] != supplier {
		return conflicts.Conflict{}, store.ErrNotFound
	}
	return c, nil
}

func (f *fakeHub) Conflicts(_ context.Context, supplier string, q store.ConflictQuery) ([]store.QueuedConflict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = q
	if f.fail != nil {
		return nil, f.fail
	}
	var rows []store.QueuedConflict
	for _, id := range slices.Sorted(maps.Keys(f.conflicts)) {
		c := f.conflicts[id]
		if f.owners[id] == supplier && id > q.After.ID && len(rows) < q.Limit &&
			(q.Status == "" || q.Status == c.Status) && (q.Field == "" || q.Field == c.Field) &&
			(q.Record == crdt.RecordID{} || q.Record == c.Record) {
			rows = append(rows, store.QueuedConflict{Conflict: c, Place: store.ConflictPlace{ID: id}})
		}
	}
	return rows, nil
}

func (f *fakeHub) ConflictCounts(ctx context.Context, supplier string, q store.ConflictQuery) (map[crdt.Path]int, error) {
	q.Limit = len(f.conflicts)
	rows, err := f.Conflicts(ctx, supplier, q)
	counts := make(map[crdt.Path]int)
	for _, c := range rows {
		counts[c.Field]++
	}
	return counts, err
}

func (f *fakeHub) ConflictDevices(context.Context, string, store.ConflictQuery, int) ([]store.DeviceCount, error) {
	return nil, f.fail
}

func (f *fakeHub) Answer(_ context.Context, principal, key string) (store.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.answers[[2]string{principal, key}]
	if !ok {
		return store.Answer{}, store.ErrNotFound
	}
	return a, nil
}

func (f *fakeHub) DirectoryID(supplier string) crdt.RecordID {
	return (&conflicts.Env{Secret: []byte("secret")}).DirectoryID(supplier)
}

func (f *fakeHub) SyncStatus(ctx context.Context, supplier string, q hub.StatusQuery) (hub.SyncStatus, error) {
	rows, err := f.List(ctx, supplier, q.After, q.Limit+1)
	if err != nil {
		return hub.SyncStatus{}, err
	}
	s := hub.SyncStatus{Totals: hub.Totals{Devices: map[string]int{"in_sync": 1}}}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		s.Next = rows[q.Limit-1].Record
	}
	for _, row := range rows {
		s.Items = append(s.Items, hub.RecordStatus{
			Record: row.Record, Heads: row.Heads.Heads, Digest: "d1",
			Notice: &hub.Notice{State: hub.Recovered, At: f.at, Explanation: "Was lost.", Action: "Check it."},
			Devices: []hub.DeviceStatus{
				{Device: "phone", User: "ada", State: "device_behind", MissingOnDevice: 2, LastContact: f.at, Explanation: "Is behind.", Action: "Connect it."},
				{Device: "tablet", User: "ben", State: "in_sync", Connected: true},
				{Device: "old", User: "ben", State: "refused", Reason: "equivocation", Reentries: []conflicts.Reentry{
					{Field: "budget", Value: crdt.Value{Kind: crdt.Int, Int: 7}, EditedAt: f.at},
				}},
			},
		})
	}
	return s, nil
}
