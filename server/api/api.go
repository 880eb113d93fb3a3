package api

import (
	"context"
	"log/slog"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/auth"
	"wedsync/server/communications/account"
	"wedsync/server/communications/timeline"
	"wedsync/server/hub"
	"wedsync/server/webhooks/sending"
	"wedsync/store"
)

// A Hub carries out commands and knows what is live. It is a [hub.Hub].
type Hub interface {
	Access
	// Create stores a new record of e's supplier. The answer is stored with it.
	Create(ctx context.Context, e conflicts.Edit, answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error)
	// CreateAs is Create with an id that the caller chose, or says hub.ErrTaken.
	CreateAs(ctx context.Context, id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// SeriesID is the id of the nth record of a series, the same whenever it is asked for.
	SeriesID(series string, n uint16) crdt.RecordID
	// Edit stores an edit of a record of e's supplier, or says store.ErrNotFound.
	Edit(ctx context.Context, id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// Resolve stores a person's decision of a conflict of that record.
	Resolve(ctx context.Context, id crdt.RecordID, r conflicts.Resolution, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// Withdraw takes a proposal of that record back.
	Withdraw(ctx context.Context, id crdt.RecordID, w conflicts.Withdrawal, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// Reopen has a decided conflict of that record reconsidered.
	Reopen(ctx context.Context, id crdt.RecordID, by conflicts.Principal, conflict string, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// UseMerged writes a value of a merged entry of that record.
	UseMerged(ctx context.Context, id crdt.RecordID, u conflicts.MergedUse, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// DismissMerged closes a merged entry of that record as seen.
	DismissMerged(ctx context.Context, id crdt.RecordID, by conflicts.Principal, entry string, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// Delete takes a record out of use, and Restore back into it.
	Delete(ctx context.Context, id crdt.RecordID, by conflicts.Principal, answer hub.AnswerFunc) error
	Restore(ctx context.Context, id crdt.RecordID, by conflicts.Principal, answer hub.AnswerFunc) error
	// Erase takes a record away for good, with all its content.
	Erase(ctx context.Context, id crdt.RecordID, by conflicts.Principal) error
	// Post stores an activity that an app posts about that record.
	Post(ctx context.Context, id crdt.RecordID, by conflicts.Principal, a conflicts.Activity, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// Repair makes again what has drifted of a record, and has the connections of a
	// device begin anew if one is named.
	Repair(ctx context.Context, id crdt.RecordID, by conflicts.Principal, user, device string) (*hub.Repair, error)
	// Fresh brings a record's projection up to date and reads the record.
	Fresh(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error)
	// List reads a page of records, with as many projections brought up to date as
	// half a second allows.
	List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error)
	// FreshList reads a page of records with their projections brought up to date.
	FreshList(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error)
	// DirectoryID is the document in which a supplier's devices find its records.
	DirectoryID(supplier string) crdt.RecordID
	// SyncStatus says how the devices that a query selects stand to records.
	SyncStatus(ctx context.Context, supplier string, q hub.StatusQuery) (hub.SyncStatus, error)
	// History tells what happened to a record.
	History(ctx context.Context, supplier string, id crdt.RecordID, q conflicts.HistoryQuery) (hub.HistoryPage, error)
	// Surrounding tells, by proposal, what else the authors of a conflict edited
	// in the same minutes.
	Surrounding(ctx context.Context, supplier string, c conflicts.Conflict) (map[string][]conflicts.Event, error)
	// Policy is the supplier's policy in force.
	Policy(ctx context.Context, supplier string) (*conflicts.Policy, error)
	// SetPolicy puts another into force, or says store.ErrStale if p.Version is
	// neither 0 nor that of the policy in force.
	SetPolicy(ctx context.Context, by conflicts.Principal, p conflicts.Policy) (*conflicts.Policy, error)
	// PolicyJob says how far records have been judged by the policy.
	PolicyJob(supplier string) hub.PolicyJob
}

// A Reader is the part of a [store.Store] that the API reads from, and notes in
// what was read.
type Reader interface {
	Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error)
	Summary(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error)
	List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error)
	Conflict(ctx context.Context, supplier, id string) (conflicts.Conflict, error)
	Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) ([]store.QueuedConflict, error)
	ConflictCounts(ctx context.Context, supplier string, q store.ConflictQuery) (map[crdt.Path]int, error)
	ConflictDevices(ctx context.Context, supplier string, q store.ConflictQuery, limit int) ([]store.DeviceCount, error)
	Receipts(ctx context.Context, supplier, user, device, after string, limit int) ([]conflicts.Receipt, error)
	Acknowledge(ctx context.Context, supplier, user, device, id string) error
	MergedEntries(ctx context.Context, supplier string, q store.MergedQuery) ([]conflicts.Merged, error)
	MergedEntry(ctx context.Context, supplier, id string) (conflicts.Merged, error)
	HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]store.Entry, error)
	Answer(ctx context.Context, principal, key string) (store.Answer, error)
}

// Options say what an API works with. Hub, Store, and the tokens and tickets of
// Door are needed.
type Options struct {
	Hub   Hub
	Store Reader
	Door  auth.Door
	Epoch string           // of the store's positions
	Log   *slog.Logger     // slog.Default if nil
	Now   func() time.Time // time.Now if nil

	Accounts    *account.Keeper        // of communications; no request for one comes where it is nil
	Timeline    *timeline.Timeline     // of communications; no request for one comes where it is nil
	Endpoints   *sending.Sender        // of webhooks; no request for one comes where it is nil
	Connections store.Connections      // of webhooks; no request for one comes where it is nil
	Inbox       Inbox                  // of webhooks
	Events      Events                 // works on them; no request for one comes where it is nil
	CheckTarget func(url string) error // refuses a URL to which the hub sends nothing; none if nil
	PublicURL   string                 // of the hub, as others know it; what requests say if empty
}

// An API answers requests. Its methods may be called from any goroutine.
type API struct {
	hub      Hub
	store    Reader
	door     auth.Door
	epoch    string
	log      *slog.Logger
	now      func() time.Time
	inFlight inFlight
	imports  imports

	accounts    *account.Keeper
	timeline    *timeline.Timeline
	endpoints   *sending.Sender
	connections store.Connections
	inbox       Inbox
	events      Events
	checkTarget func(url string) error
	publicURL   string
}

// New makes an API.
func New(o Options) *API {
	a := &API{
		hub: o.Hub, store: o.Store, door: o.Door,
		epoch: o.Epoch, log: o.Log, now: o.Now,
		accounts: o.Accounts, timeline: o.Timeline, endpoints: o.Endpoints,
		connections: o.Connections, inbox: o.Inbox, events: o.Events, checkTarget: o.CheckTarget, publicURL: o.PublicURL,
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}
