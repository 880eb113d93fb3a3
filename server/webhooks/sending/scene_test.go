package sending

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const epoch = "k3x9qmzw2p"

// A scene is a store, a hub that says when to look, receivers in memory, and time
// that is fake. Its tests see a sender from the inside.
type scene struct {
	*quietHub
	t      *testing.T
	store  *sqlite.Store
	net    *network
	sender *Sender
	stop   func()
	moves  map[crdt.RecordID]uint64 // versions
}

// inTime runs a story in fake time.
func inTime(t *testing.T, run func(t *testing.T, s *scene)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		kept, err := sqlite.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		s := &scene{t: t, quietHub: &quietHub{kept: kept}, store: kept, net: &network{}, moves: make(map[crdt.RecordID]uint64)}
		defer func() {
			s.stop()
			if err := kept.Close(); err != nil {
				t.Error(err)
			}
		}()
		s.begin()
		run(t, s)
	})
}

// node is one more sender on the store, which works until stop is called.
func (s *scene) node(h Hub) (sender *Sender, stop func()) {
	jobs := &bells{Store: s.store}
	sender = New(Options{
		Store: jobs, Hub: h, Client: s.net, Epoch: epoch, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	jobs.workers = sender.Workers()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		sender.Run(ctx)
	}()
	return sender, func() {
		cancel()
		<-done
	}
}

func (s *scene) begin() { s.sender, s.stop = s.node(s.quietHub) }

// bells is a store whose jobs are timers.
type bells struct {
	*sqlite.Store
	workers map[string]store.Worker
	full    atomic.Bool // whether as many deliveries wait as may
}

func (b *bells) Dispatch(ctx context.Context, supplier, endpoint string, from, to uint64, deliveries []store.Delivery) error {
	if b.full.Load() {
		return store.ErrTooMany
	}
	return b.Store.Dispatch(ctx, supplier, endpoint, from, to, deliveries)
}

func (b *bells) PutJobs(_ context.Context, jobs ...store.Job) error {
	for _, j := range jobs {
		time.AfterFunc(time.Until(j.At), func() { _ = b.workers[j.Kind].Run(context.Background(), j) })
	}
	return nil
}

// A quietHub knows nothing of records. It notes what it is told.
type quietHub struct {
	kept *sqlite.Store

	mu       sync.Mutex
	watchers map[*hub.Watcher]string
	posted   []conflicts.Activity
	notes    []string // of what passed between hub and CRM
	busy     error    // what Sent says, if set
}

func (h *quietHub) Watch(supplier string, w hub.Watcher) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = make(map[*hub.Watcher]string)
	}
	h.watchers[&w] = supplier
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, &w)
	}
}

func (h *quietHub) moved(supplier string) {
	h.mu.Lock()
	watchers := maps.Clone(h.watchers)
	h.mu.Unlock()
	for w, of := range watchers {
		if of == supplier {
			w.Moved()
		}
	}
}

func (h *quietHub) Fresh(context.Context, string, crdt.RecordID) (store.Summary, error) {
	return store.Summary{}, store.ErrNotFound
}

func (h *quietHub) Sent(_ context.Context, id crdt.RecordID, s conflicts.Sending) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, fmt.Sprint("sent ", s.Revisions))
	return h.busy
}

func (h *quietHub) Acknowledged(_ context.Context, id crdt.RecordID, s conflicts.Sending) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, fmt.Sprint("acknowledged ", s.Revisions))
	return nil
}

func (h *quietHub) Post(_ context.Context, _ crdt.RecordID, _ conflicts.Principal, a conflicts.Activity, _ hub.AnswerFunc) (*conflicts.Outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posted = append(h.posted, a)
	return &conflicts.Outcome{}, a.Check()
}

// A receiver is what answers at one host.
type receiver struct {
	mu       sync.Mutex
	answers  func(r *http.Request, body []byte) (status int, err error)
	takes    time.Duration
	header   http.Header
	tried    []try // all
	accepted []try // that were answered 2xx
}

// A try is a request as its receiver sees it.
type try struct {
	at     time.Time
	header http.Header
	body   []byte
}

func (r try) id() string { return r.header.Get("Webhook-Id") }

func (r try) event() Event {
	var e Event
	if err := json.Unmarshal(r.body, &e); err != nil {
		panic(err)
	}
	return e
}

// set changes how the receiver answers.
func (r *receiver) set(takes time.Duration, answers func(*http.Request, []byte) (int, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes, r.answers = takes, answers
}

func status(n int) func(*http.Request, []byte) (int, error) {
	return func(*http.Request, []byte) (int, error) { return n, nil }
}

var errRefused = errors.New("connection refused")

func down(*http.Request, []byte) (int, error) { return 0, errRefused }

// ids are those of what was accepted.
func (r *receiver) ids() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.accepted {
		ids = append(ids, t.id())
	}
	return ids
}

func (r *receiver) tries() []try {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tried)
}

// A network is receivers by host.
type network struct {
	mu        sync.Mutex
	receivers map[string]*receiver
}

func (n *network) at(host string) *receiver {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.receivers == nil {
		n.receivers = make(map[string]*receiver)
	}
	if n.receivers[host] == nil {
		n.receivers[host] = &receiver{answers: status(204)}
	}
	return n.receivers[host]
}

func (n *network) Check(string) error { return nil }

func (n *network) Do(r *http.Request) (*http.Response, error) {
	to := n.at(r.URL.Host)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	t := try{time.Now(), r.Header, body}
	to.mu.Lock()
	to.tried = append(to.tried, t)
	takes, answers, header := to.takes, to.answers, to.header
	to.mu.Unlock()
	if !rest(r.Context(), min(takes, 15*time.Second)) {
		return nil, r.Context().Err()
	}
	if takes > 15*time.Second {
		return nil, context.DeadlineExceeded
	}
	code, err := answers(r, body)
	if err != nil {
		return nil, err
	}
	if code < 300 {
		to.mu.Lock()
		to.accepted = append(to.accepted, t)
		to.mu.Unlock()
	}
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(strings.NewReader("told"))}, nil
}

// endpoint makes an endpoint of "rose" at a host.
func (s *scene) endpoint(host string, events ...string) (Endpoint, *receiver) {
	s.t.Helper()
	url := "https://" + host + "/hook?key=hush"
	e, secret, err := s.sender.Create(s.t.Context(), "rose", Change{URL: &url, Events: &events})
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		s.t.Fatalf("secret %q, %v", secret, err)
	}
	return e, s.net.at(host)
}

func record(n int) crdt.RecordID { return crdt.RecordID{byte(n >> 8), byte(n), 15: 1} }

// edit stores an edit of a record of "rose", and says so.
func (s *scene) edit(n int) {
	s.t.Helper()
	id := record(n)
	version := s.moves[id]
	o := store.Origin{
		Kind: "sync", From: conflicts.Principal{Supplier: "rose", User: "ada", Device: "phone", Role: conflicts.Member},
		At: time.Now(), Changed: []string{"notes"},
	}
	if version == 0 {
		o.Steps = &conflicts.Steps{Phase: conflicts.Created}
	}
	stale, err := s.store.Append(s.t.Context(), []store.Commit{{
		Supplier: "rose", Record: id, Version: version, State: store.Listed, Heads: []crdt.Hash{{byte(version), byte(version >> 8), 7}},
		Batches: []store.Batch{{Chunks: [][]byte{{byte(version)}}, Origin: o}},
	}})
	if err != nil || len(stale) > 0 {
		s.t.Fatal(stale, err)
	}
	s.moves[id]++
	s.moved("rose")
}

// now reads an endpoint as it is.
func (s *scene) now(e Endpoint) Endpoint {
	s.t.Helper()
	e, err := s.sender.Endpoint(s.t.Context(), e.Supplier, e.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// pass lets time pass.
func pass(d time.Duration) {
	synctest.Wait() // which panics outside of a bubble
	time.Sleep(d)
	synctest.Wait()
}

// inOrder checks that a receiver accepted as many events as there are, each once
// and those of a record in their order.
func (s *scene) inOrder(r *receiver, want int) {
	s.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	seen, last := make(map[string]bool), make(map[string]uint64)
	for _, t := range r.accepted {
		e := t.event()
		if e.ID != t.id() || seen[e.ID] {
			s.t.Errorf("event %s came again, or is called %s", e.ID, t.id())
		}
		seen[e.ID] = true
		number := e.Data.Offsets[1]
		if number <= last[e.Subject] {
			s.t.Errorf("event %s of %s came after %d", e.ID, e.Subject, last[e.Subject])
		}
		last[e.Subject] = number
	}
	if len(seen) != want {
		s.t.Errorf("%d events were accepted, want %d", len(seen), want)
	}
}
