package storetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A Call is a method of a store that a Faulty may let fail.
type Call string

// The calls.
const (
	Append          Call = "append"
	Erase           Call = "erase"
	Heads           Call = "heads"
	Load            Call = "load"
	Later           Call = "later"
	Summary         Call = "summary"
	List            Call = "list"
	Project         Call = "project"
	Conflicts       Call = "conflicts"
	ConflictCounts  Call = "conflict counts"
	ConflictDevices Call = "conflict devices"
	Conflict        Call = "conflict"
	Waiting         Call = "waiting"
	Journal         Call = "journal"
	History         Call = "history"
	Happenings      Call = "happenings"
	HappeningsOf    Call = "happenings of"
	Suppliers       Call = "suppliers"
	Count           Call = "count"
	Release         Call = "release"
	Answer          Call = "answer"
	Receipts        Call = "receipts"
	Acknowledge     Call = "acknowledge"
	MergedEntries   Call = "merged entries"
	MergedEntry     Call = "merged entry"
	Seen            Call = "seen"
	DevicesOf       Call = "devices of"
	Announce        Call = "announce"
	DeviceHeads     Call = "device heads"
	Policy          Call = "policy"
	PolicyOf        Call = "policy of"
	SetPolicy       Call = "set policy"
	AccessOf        Call = "access of"
	SetRole         Call = "set role"
	Revoke          Call = "revoke"
	Readmit         Call = "readmit"
	NameDevice      Call = "name device"
	PutTicket       Call = "put ticket"
	TakeTicket      Call = "take ticket"
	Ends            Call = "ends"
	Moves           Call = "moves"
	Listen          Call = "listen"
	Tell            Call = "tell"
	Wholes          Call = "wholes"
	Receive         Call = "receive"
	Restore         Call = "restore"
	RestoreAccess   Call = "restore access"
	Enter           Call = "enter"
	Received        Call = "received"
	PolicyVersions  Call = "policy versions"
	Identity        Call = "identity"
	Ping            Call = "ping"
)

// A Fault is a way to fail.
type Fault int

// The faults. The caller cannot tell them apart.
const (
	NotDone    Fault = iota + 1 // nothing was written or read
	AnswerLost                  // everything was written, and the answer lost
)

// ErrFault is what a call returns that was made to fail.
var ErrFault = fmt.Errorf("fault on cue: %w", store.ErrUnavailable)

// A Faulty is a store whose calls fail on cue. It may be used by many
// goroutines at once.
type Faulty struct {
	inner store.Store

	mu    sync.Mutex
	cues  map[Call][]Fault
	calls map[Call]int
	gates map[Call]chan struct{}
}

var _ store.Store = (*Faulty)(nil)

// NewFaulty wraps a store; without a cue it does what the store does.
func NewFaulty(s store.Store) *Faulty {
	return &Faulty{inner: s, cues: map[Call][]Fault{}, calls: map[Call]int{}, gates: map[Call]chan struct{}{}}
}

// Fail lets the next calls of a method fail, one for each fault, after those
// that earlier cues named.
func (f *Faulty) Fail(call Call, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cues[call] = append(f.cues[call], faults...)
}

// Calls is how often a method was called, failed calls and held ones included.
func (f *Faulty) Calls(call Call) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

// Hold makes calls of a method wait, before they do anything, until release is
// called or their context ends.
func (f *Faulty) Hold(call Call) (release func()) {
	gate := make(chan struct{})
	f.mu.Lock()
	f.gates[call] = gate
	f.mu.Unlock()
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.gates[call] == gate {
			delete(f.gates, call)
		}
		close(gate)
	})
}

// next counts a call, waits at its gate and returns its fault, 0 for none.
func (f *Faulty) next(ctx context.Context, call Call) (Fault, error) {
	f.mu.Lock()
	f.calls[call]++
	var fault Fault
	if cues := f.cues[call]; len(cues) > 0 {
		fault, f.cues[call] = cues[0], cues[1:]
	}
	gate := f.gates[call]
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return fault, nil
}

// attempt does a call as its cue says.
func attempt[T any](ctx context.Context, f *Faulty, call Call, do func() (T, error)) (T, error) {
	var none T
	fault, err := f.next(ctx, call)
	if err != nil {
		return none, err
	}
	if fault == NotDone {
		return none, ErrFault
	}
	got, err := do()
	if err == nil && fault == AnswerLost {
		return none, ErrFault
	}
	return got, err
}

// attemptWrite is attempt for calls that return nothing but an error.
func (f *Faulty) attemptWrite(ctx context.Context, call Call, do func() error) error {
	_, err := attempt(ctx, f, call, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Append implements [store.Appender].
func (f *Faulty) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	return attempt(ctx, f, Append, func() ([]crdt.RecordID, error) { return f.inner.Append(ctx, commits) })
}

// Erase implements [store.Eraser].
func (f *Faulty) Erase(ctx context.Context, e store.Erasure) error {
	return f.attemptWrite(ctx, Erase, func() error { return f.inner.Erase(ctx, e) })
}

// Heads implements [store.Records].
func (f *Faulty) Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	return attempt(ctx, f, Heads, func() (map[crdt.RecordID]store.Heads, error) { return f.inner.Heads(ctx, ids) })
}

// Load implements [store.Records].
func (f *Faulty) Load(ctx context.Context, id crdt.RecordID) (*store.Stored, error) {
	return attempt(ctx, f, Load, func() (*store.Stored, error) { return f.inner.Load(ctx, id) })
}

// Later implements [store.Records].
func (f *Faulty) Later(ctx context.Context, id crdt.RecordID, version uint64) (*store.Stored, error) {
	return attempt(ctx, f, Later, func() (*store.Stored, error) { return f.inner.Later(ctx, id, version) })
}

// Summary implements [store.Records].
func (f *Faulty) Summary(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error) {
	return attempt(ctx, f, Summary, func() (store.Summary, error) { return f.inner.Summary(ctx, supplier, id) })
}

// List implements [store.Records].
func (f *Faulty) List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error) {
	return attempt(ctx, f, List, func() ([]store.Summary, error) { return f.inner.List(ctx, supplier, after, limit) })
}

// Project implements [store.Projections].
func (f *Faulty) Project(ctx context.Context, projections ...store.Projection) error {
	return f.attemptWrite(ctx, Project, func() error { return f.inner.Project(ctx, projections...) })
}

// Conflicts implements [store.Conflicts].
func (f *Faulty) Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) ([]store.QueuedConflict, error) {
	return attempt(ctx, f, Conflicts, func() ([]store.QueuedConflict, error) { return f.inner.Conflicts(ctx, supplier, q) })
}

// ConflictCounts implements [store.Conflicts].
func (f *Faulty) ConflictCounts(ctx context.Context, supplier string, q store.ConflictQuery) (map[crdt.Path]int, error) {
	return attempt(ctx, f, ConflictCounts, func() (map[crdt.Path]int, error) { return f.inner.ConflictCounts(ctx, supplier, q) })
}

// ConflictDevices implements [store.Conflicts].
func (f *Faulty) ConflictDevices(ctx context.Context, supplier string, q store.ConflictQuery, limit int) ([]store.DeviceCount, error) {
	return attempt(ctx, f, ConflictDevices, func() ([]store.DeviceCount, error) {
		return f.inner.ConflictDevices(ctx, supplier, q, limit)
	})
}

// Waiting implements [store.Conflicts].
func (f *Faulty) Waiting(ctx context.Context) ([]store.Waiting, error) {
	return attempt(ctx, f, Waiting, func() ([]store.Waiting, error) { return f.inner.Waiting(ctx) })
}

// Conflict implements [store.Conflicts].
func (f *Faulty) Conflict(ctx context.Context, supplier, id string) (conflicts.Conflict, error) {
	return attempt(ctx, f, Conflict, func() (conflicts.Conflict, error) { return f.inner.Conflict(ctx, supplier, id) })
}

// Receipts implements [store.Receipts].
func (f *Faulty) Receipts(ctx context.Context, supplier, user, device, after string, limit int) ([]conflicts.Receipt, error) {
	return attempt(ctx, f, Receipts, func() ([]conflicts.Receipt, error) {
		return f.inner.Receipts(ctx, supplier, user, device, after, limit)
	})
}

// Acknowledge implements [store.Receipts].
func (f *Faulty) Acknowledge(ctx context.Context, supplier, user, device, id string) error {
	return f.attemptWrite(ctx, Acknowledge, func() error { return f.inner.Acknowledge(ctx, supplier, user, device, id) })
}

// MergedEntries implements [store.Merged].
func (f *Faulty) MergedEntries(ctx context.Context, supplier string, q store.MergedQuery) ([]conflicts.Merged, error) {
	return attempt(ctx, f, MergedEntries, func() ([]conflicts.Merged, error) { return f.inner.MergedEntries(ctx, supplier, q) })
}

// MergedEntry implements [store.Merged].
func (f *Faulty) MergedEntry(ctx context.Context, supplier, id string) (conflicts.Merged, error) {
	return attempt(ctx, f, MergedEntry, func() (conflicts.Merged, error) { return f.inner.MergedEntry(ctx, supplier, id) })
}

// Seen implements [store.Devices].
func (f *Faulty) Seen(ctx context.Context, devices []store.Device) error {
	return f.attemptWrite(ctx, Seen, func() error { return f.inner.Seen(ctx, devices) })
}

// NameDevice implements [store.Devices].
func (f *Faulty) NameDevice(ctx context.Context, supplier string, d store.DeviceID, name string) error {
	return f.attemptWrite(ctx, NameDevice, func() error { return f.inner.NameDevice(ctx, supplier, d, name) })
}

// DevicesOf implements [store.Devices].
func (f *Faulty) DevicesOf(ctx context.Context, supplier string) ([]store.Device, error) {
	return attempt(ctx, f, DevicesOf, func() ([]store.Device, error) { return f.inner.DevicesOf(ctx, supplier) })
}

// Announce implements [store.Devices].
func (f *Faulty) Announce(ctx context.Context, heads []store.DeviceHeads) error {
	return f.attemptWrite(ctx, Announce, func() error { return f.inner.Announce(ctx, heads) })
}

// DeviceHeads implements [store.Devices].
func (f *Faulty) DeviceHeads(ctx context.Context, supplier string, ids []crdt.RecordID) ([]store.DeviceHeads, error) {
	return attempt(ctx, f, DeviceHeads, func() ([]store.DeviceHeads, error) { return f.inner.DeviceHeads(ctx, supplier, ids) })
}

// Policy implements [store.Policies].
func (f *Faulty) Policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	return attempt(ctx, f, Policy, func() (*conflicts.Policy, error) { return f.inner.Policy(ctx, supplier) })
}

// PolicyOf implements [store.Policies].
func (f *Faulty) PolicyOf(ctx context.Context, supplier string, version uint64) (*conflicts.Policy, error) {
	return attempt(ctx, f, PolicyOf, func() (*conflicts.Policy, error) { return f.inner.PolicyOf(ctx, supplier, version) })
}

// SetPolicy implements [store.Policies].
func (f *Faulty) SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error {
	return f.attemptWrite(ctx, SetPolicy, func() error { return f.inner.SetPolicy(ctx, supplier, p) })
}

// AccessOf implements [store.Accesses].
func (f *Faulty) AccessOf(ctx context.Context, supplier string) (store.Access, error) {
	return attempt(ctx, f, AccessOf, func() (store.Access, error) { return f.inner.AccessOf(ctx, supplier) })
}

// SetRole implements [store.Accesses].
func (f *Faulty) SetRole(ctx context.Context, supplier, user string, role conflicts.Role) (uint64, error) {
	return attempt(ctx, f, SetRole, func() (uint64, error) { return f.inner.SetRole(ctx, supplier, user, role) })
}

// Revoke implements [store.Accesses].
func (f *Faulty) Revoke(ctx context.Context, supplier string, d store.DeviceID, at time.Time) (uint64, error) {
	return attempt(ctx, f, Revoke, func() (uint64, error) { return f.inner.Revoke(ctx, supplier, d, at) })
}

// Readmit implements [store.Accesses].
func (f *Faulty) Readmit(ctx context.Context, supplier string, d store.DeviceID) (uint64, error) {
	return attempt(ctx, f, Readmit, func() (uint64, error) { return f.inner.Readmit(ctx, supplier, d) })
}

// PutTicket implements [store.Tickets].
func (f *Faulty) PutTicket(ctx context.Context, t store.Ticket, now time.Time) error {
	return f.attemptWrite(ctx, PutTicket, func() error { return f.inner.PutTicket(ctx, t, now) })
}

// TakeTicket implements [store.Tickets].
func (f *Faulty) TakeTicket(ctx context.Context, hash [32]byte, now time.Time) (store.Ticket, error) {
	return attempt(ctx, f, TakeTicket, func() (store.Ticket, error) { return f.inner.TakeTicket(ctx, hash, now) })
}

// Listen implements [store.Nodes].
func (f *Faulty) Listen(ctx context.Context, l store.Listener) error {
	return f.attemptWrite(ctx, Listen, func() error { return f.inner.Listen(ctx, l) })
}

// Tell implements [store.Nodes].
func (f *Faulty) Tell(ctx context.Context, message []byte) error {
	return f.attemptWrite(ctx, Tell, func() error { return f.inner.Tell(ctx, message) })
}

// Identity implements [store.Store].
func (f *Faulty) Identity(ctx context.Context) (store.Identity, error) {
	return attempt(ctx, f, Identity, func() (store.Identity, error) { return f.inner.Identity(ctx) })
}

// Ping implements [store.Store].
func (f *Faulty) Ping(ctx context.Context) error {
	return f.attemptWrite(ctx, Ping, func() error { return f.inner.Ping(ctx) })
}

// Close implements [store.Store]. It never fails on cue.
func (f *Faulty) Close() error { return f.inner.Close() }

// Shared implements [store.Nodes].
func (f *Faulty) Shared() bool { return f.inner.Shared() }

// Wholes implements [store.Copier].
func (f *Faulty) Wholes(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Whole, error) {
	return attempt(ctx, f, Wholes, func() ([]store.Whole, error) { return f.inner.Wholes(ctx, supplier, after, limit) })
}

// Receive implements [store.Copier].
func (f *Faulty) Receive(ctx context.Context, id store.Identity) error {
	return f.attemptWrite(ctx, Receive, func() error { return f.inner.Receive(ctx, id) })
}

// Restore implements [store.Copier].
func (f *Faulty) Restore(ctx context.Context, records []store.Whole) error {
	return f.attemptWrite(ctx, Restore, func() error { return f.inner.Restore(ctx, records) })
}

// RestoreAccess implements [store.Copier].
func (f *Faulty) RestoreAccess(ctx context.Context, supplier string, a store.Access) error {
	return f.attemptWrite(ctx, RestoreAccess, func() error { return f.inner.RestoreAccess(ctx, supplier, a) })
}

// Enter implements [store.Copier].
func (f *Faulty) Enter(ctx context.Context, supplier string, entries []store.Entry) error {
	return f.attemptWrite(ctx, Enter, func() error { return f.inner.Enter(ctx, supplier, entries) })
}

// Received implements [store.Copier].
func (f *Faulty) Received(ctx context.Context) error {
	return f.attemptWrite(ctx, Received, func() error { return f.inner.Received(ctx) })
}

// PolicyVersions implements [store.Copier].
func (f *Faulty) PolicyVersions(ctx context.Context, supplier string) ([]*conflicts.Policy, error) {
	return attempt(ctx, f, PolicyVersions, func() ([]*conflicts.Policy, error) { return f.inner.PolicyVersions(ctx, supplier) })
}
