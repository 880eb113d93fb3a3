package processing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/hub"
	"wedsync/server/outbound"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/source"
	"wedsync/store"
	"wedsync/store/postgres"
	"wedsync/store/sqlite"
)

const supplier = "s"

var (
	olga = conflicts.Principal{Supplier: supplier, User: "olga", Role: conflicts.Owner}
	mia  = conflicts.Principal{Supplier: supplier, User: "mia", Role: conflicts.Member}
)

// A scene is a hub on a store, a connection of a CRM, and a processor whose jobs
// run when the test says so.
type scene struct {
	t     testing.TB
	kept  string // where the store is: a directory, or the address of a database
	hub   *hub.Hub
	store rung
	p     *processing.Processor
	crm   store.Connection
	at    atomic.Int64 // the clock, Unix seconds
}

// rung is a store whose jobs wait for the test.
type rung struct {
	store.Store
	bells *bells
}

type bells struct {
	mu   sync.Mutex
	jobs []store.Job
	lost string // the event whose answer cannot be read
}

func (r rung) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	if key == r.bells.lost {
		return store.Answer{}, store.ErrUnavailable
	}
	return r.Store.Answer(ctx, principal, key)
}

func (r rung) PutJobs(_ context.Context, jobs ...store.Job) error {
	r.bells.mu.Lock()
	defer r.bells.mu.Unlock()
	r.bells.jobs = append(r.bells.jobs, jobs...)
	return nil
}

// due takes the jobs whose time has come.
func (r rung) due(now time.Time) (due []store.Job) {
	r.bells.mu.Lock()
	defer r.bells.mu.Unlock()
	r.bells.jobs = slices.DeleteFunc(r.bells.jobs, func(j store.Job) bool {
		if j.At.After(now) {
			return false
		}
		due = append(due, j)
		return true
	})
	return due
}

func (s *scene) now() time.Time { return time.Unix(s.at.Load(), 0).UTC() }

func (s *scene) pass(d time.Duration) { s.at.Add(int64(d / time.Second)) }

func newScene(t testing.TB, change ...func(*connection.Settings)) *scene {
	t.Helper()
	return newSceneOn(t, t.TempDir(), change...)
}

// newSceneOn is a scene whose store is in a directory, or at the address of a database.
func newSceneOn(t testing.TB, kept string, change ...func(*connection.Settings)) *scene {
	t.Helper()
	s := &scene{t: t, kept: kept}
	s.at.Store(1_800_000_000)
	s.open()
	t.Cleanup(s.shut)
	settings := connection.Settings{Name: "CRM", CreateUnknown: true, Params: connection.Params{Sources: []string{"*"}}}
	for _, c := range change {
		c(&settings)
	}
	s.crm = store.Connection{Supplier: supplier, ID: ulid.Make().String(), Source: string(connection.ClientIntegrations), Created: s.now(), Changed: s.now()}
	s.set(settings)
	return s
}

// open starts a hub on what is stored.
func (s *scene) open() {
	s.t.Helper()
	kept, err := openStore(s.t.Context(), s.kept)
	if err != nil {
		s.t.Fatal(err)
	}
	s.store = rung{kept, &bells{}}
	s.hub, err = hub.New(s.t.Context(), hub.Options{Store: kept, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler), Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.p = s.processor(nil)
}

// openStore opens the store in a directory, or at the address of a database.
func openStore(ctx context.Context, kept string) (store.Store, error) {
	if strings.HasPrefix(kept, "postgres://") {
		return postgres.Open(ctx, kept)
	}
	return sqlite.Open(ctx, kept)
}

// shut ends the hub. What it has not worked on it forgets to work on.
func (s *scene) shut() {
	s.hub.Close()
	if err := s.store.Close(); err != nil {
		s.t.Error(err)
	}
}

// set stores the connection's settings.
func (s *scene) set(settings connection.Settings) {
	s.t.Helper()
	var err error
	if s.crm.Settings, err = settings.Marshal(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.SetConnection(s.t.Context(), s.crm); err != nil {
		s.t.Fatal(err)
	}
	s.crm.Version++
}

// processor is another one on the same store, as after a restart or on another node.
func (s *scene) processor(step func(string)) *processing.Processor {
	s.t.Helper()
	p, err := processing.New(processing.Options{
		Store: s.store, Jobs: s.store, Hub: s.hub, Objects: source.NewReader(outbound.New(outbound.Options{}), s.now), Now: s.now,
		Log: slog.New(slog.DiscardHandler), Step: step,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// arrive stores an event about an object of the CRM, with a job, and returns its id.
func (s *scene) arrive(object, data string) string {
	s.t.Helper()
	return s.arriveAs("client.updated", object, fmt.Sprintf(`{"source":"crm","event_type":"client.updated","client_data":%s}`, withID(object, data)))
}

// withID adds the object's id to its data.
func withID(object, data string) string {
	if object == "" {
		return data
	}
	return fmt.Sprintf(`{"id":%q,%s`, object, data[1:])
}

func (s *scene) arriveAs(kind, object, body string) string {
	s.t.Helper()
	e := store.InboxEvent{
		Supplier: supplier, Connection: s.crm.ID, ID: ulid.Make().String(), External: ulid.Make().String(), Subject: object,
		Type: kind, Received: s.now(), Body: []byte(body), Header: []byte(`{}`), State: store.EventReceived, Due: s.now(),
	}
	became, err := s.store.ReceiveEvents(s.t.Context(), []store.InboxEvent{e})
	if err != nil || became[0] != store.EventStored {
		s.t.Fatalf("event became %v, %v", became, err)
	}
	if err := s.store.PutJobs(s.t.Context(), store.Job{Kind: inbound.JobKind, Supplier: supplier, Key: e.ID}); err != nil {
		s.t.Fatal(err)
	}
	return e.ID
}

// run runs the jobs that are due until there are none.
func (s *scene) run() {
	s.t.Helper()
	for jobs := s.store.due(s.now()); len(jobs) > 0; jobs = s.store.due(s.now()) {
		for _, j := range jobs {
			if err := s.p.Work(s.t.Context(), j.Supplier, j.Key); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func (s *scene) event(id string) store.InboxEvent {
	s.t.Helper()
	e, err := s.store.InboxEvent(s.t.Context(), supplier, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// became is what became of an event that is in a state.
func (s *scene) became(id string, state store.InboxState) *processing.Outcome {
	s.t.Helper()
	e := s.event(id)
	if e.State != state {
		s.t.Fatalf("event is %s (%s), want %s", e.State, e.Error, state)
	}
	o, err := processing.OutcomeOf(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// wantField checks what became of a field.
func (s *scene) wantField(o *processing.Outcome, field crdt.Path, outcome, reason string) processing.FieldOutcome {
	s.t.Helper()
	i := slices.IndexFunc(o.Fields, func(f processing.FieldOutcome) bool { return f.Field == field })
	if i < 0 {
		s.t.Fatalf("%s is not among %+v", field, o.Fields)
	}
	if f := o.Fields[i]; f.Outcome != outcome || f.Reason != reason {
		s.t.Fatalf("%s: %s %s, want %s %s", field, f.Outcome, f.Reason, outcome, reason)
	}
	return o.Fields[i]
}

// client makes a record as a person does.
func (s *scene) client(by conflicts.Principal, fields map[crdt.Path]crdt.Value) crdt.RecordID {
	s.t.Helper()
	id, _, err := s.hub.Create(s.t.Context(), conflicts.Edit{From: by, Fields: fields}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.shown(id) // has its contacts found
	return id
}

func (s *scene) edit(by conflicts.Principal, id crdt.RecordID, fields map[crdt.Path]crdt.Value) {
	s.t.Helper()
	if _, err := s.hub.Edit(s.t.Context(), id, conflicts.Edit{From: by, Fields: fields}, nil); err != nil {
		s.t.Fatal(err)
	}
}

// bind says that an object is a record.
func (s *scene) bind(object string, id crdt.RecordID) {
	s.t.Helper()
	if _, err := s.store.Identify(s.t.Context(), supplier, s.crm.ID, object, id); err != nil {
		s.t.Fatal(err)
	}
}

// shown is a record as it stands.
func (s *scene) shown(id crdt.RecordID) map[string]any {
	s.t.Helper()
	summary, err := s.hub.Fresh(s.t.Context(), supplier, id)
	if err != nil {
		s.t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(summary.Projection, &fields); err != nil {
		s.t.Fatal(err)
	}
	return fields
}

// pending are the conflicts that wait.
func (s *scene) pending() []conflicts.Conflict {
	s.t.Helper()
	rows, err := s.store.Conflicts(s.t.Context(), supplier, store.ConflictQuery{Status: conflicts.Pending, Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	return store.ConflictsOf(rows)
}

// records are all that there are.
func (s *scene) records() []store.Summary {
	s.t.Helper()
	all, err := s.store.List(s.t.Context(), supplier, crdt.RecordID{}, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// writes counts the batches that came from webhooks.
func (s *scene) writes(id crdt.RecordID) (n int) {
	s.t.Helper()
	entries, err := s.store.HappeningsOf(s.t.Context(), supplier, id, 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		for _, b := range e.Batches {
			if b.Origin.Kind == "webhook" {
				n++
			}
		}
	}
	return n
}

func text(s string) crdt.Value  { return crdt.Value{Kind: crdt.Text, Str: s} }
func number(n int64) crdt.Value { return crdt.Value{Kind: crdt.Int, Int: n} }

func fields(pairs ...any) map[crdt.Path]crdt.Value {
	m := make(map[crdt.Path]crdt.Value)
	for i := 0; i < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			m[crdt.Path(pairs[i].(string))] = text(v)
		case int:
			m[crdt.Path(pairs[i].(string))] = number(int64(v))
		}
	}
	return m
}

// noEngine materialises nothing: the hub does so itself with documents of ordinary
// size.
type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}
