package processing_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/breaker"
	"wedsync/server/hub"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// memory is a store of one event of each of some connections, of an object that is
// bound to a record.
type memory struct {
	processing.Store
	events map[string]store.InboxEvent // by connection, which is their id, too
	rung   map[string]time.Time
}

func newMemory(connections ...string) *memory {
	m := &memory{events: make(map[string]store.InboxEvent), rung: make(map[string]time.Time)}
	for _, c := range connections {
		m.arrive(c)
	}
	return m
}

func (m *memory) arrive(connection string) {
	m.events[connection] = store.InboxEvent{
		Supplier: supplier, Connection: connection, ID: connection, Subject: "c1", State: store.EventReceived,
		Received: time.Now(), Due: time.Now(), Version: m.events[connection].Version + 1,
	}
}

func (m *memory) InboxEvent(_ context.Context, _, id string) (store.InboxEvent, error) {
	return m.events[id], nil
}

func (m *memory) Unfinished(_ context.Context, e store.InboxEvent, _ int) ([]store.InboxEvent, error) {
	if now := m.events[e.ID]; now.State == store.EventReceived {
		return []store.InboxEvent{now}, nil
	}
	return nil, nil
}

func (m *memory) UpdateEvent(_ context.Context, e store.InboxEvent) error {
	if m.events[e.ID].Version != e.Version {
		return store.ErrStale
	}
	e.Version++
	m.events[e.ID] = e
	return nil
}

func (m *memory) InboxEvents(context.Context, string, store.InboxQuery) ([]store.InboxEvent, error) {
	return nil, nil
}

func (m *memory) Answer(context.Context, string, string) (store.Answer, error) {
	return store.Answer{}, store.ErrNotFound
}

func (m *memory) Connection(_ context.Context, id string) (store.Connection, error) {
	return store.Connection{Supplier: supplier, ID: id, Source: "vsco", Settings: []byte(`{}`)}, nil
}

func (m *memory) Identified(context.Context, string, string, string) (crdt.RecordID, error) {
	return crdt.RecordID{1}, nil
}

func (m *memory) Heads(context.Context, []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	return map[crdt.RecordID]store.Heads{{1}: {Supplier: supplier, Version: 1, State: store.Listed}}, nil
}

func (m *memory) PutJobs(_ context.Context, jobs ...store.Job) error {
	for _, j := range jobs {
		m.rung[j.Key] = j.At
	}
	return nil
}

// A flaky sender and hub fail as they are told to.
type flaky struct {
	sender map[string]error // by connection
	hub    error
	asked  map[string]int
}

func (f *flaky) Object(_ context.Context, c store.Connection, _ store.InboxEvent) (source.Object, error) {
	f.asked[c.ID]++
	return source.Object{ID: "c1", Data: map[string]any{"stage": "lead"}}, f.sender[c.ID]
}

func (f *flaky) Policy(context.Context, string) (*conflicts.Policy, error) {
	return conflicts.DefaultPolicy(), nil
}

func (f *flaky) CreateAs(context.Context, crdt.RecordID, conflicts.Edit, hub.AnswerFunc) (*conflicts.Outcome, error) {
	return nil, errors.New("nothing is to be made")
}

func (f *flaky) Webhook(context.Context, crdt.RecordID, conflicts.WebhookEdit, hub.AnswerFunc) (*conflicts.Outcome, error) {
	return &conflicts.Outcome{}, f.hub
}

func failing(t *testing.T, m *memory) (*flaky, *processing.Processor) {
	t.Helper()
	f := &flaky{sender: make(map[string]error), asked: make(map[string]int)}
	p, err := processing.New(processing.Options{Store: m, Jobs: m, Hub: f, Objects: f, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

func work(t *testing.T, p *processing.Processor, id string) {
	t.Helper()
	if err := p.Work(t.Context(), supplier, id); err != nil {
		t.Fatal(err)
	}
}

func TestWhatFailsForAWhileIsTriedForAboutADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("a")
		f, p := failing(t, m)
		f.hub = hub.ErrUnavailable
		began := time.Now()
		for tries := 1; m.events["a"].State == store.EventReceived; tries++ {
			work(t, p, "a")
			e := m.events["a"]
			if e.Attempts != tries {
				t.Fatalf("%d attempts after %d tries", e.Attempts, tries)
			}
			if e.State != store.EventReceived {
				break
			}
			if e.Error != "the hub could not store it" || !m.rung["a"].Equal(e.Due) || time.Until(e.Due) > 18*time.Hour {
				t.Fatalf("due at %v with the job at %v: %s", e.Due, m.rung["a"], e.Error)
			}
			if early := e.Attempts; e.Due.After(time.Now()) {
				if work(t, p, "a"); m.events["a"].Attempts != early {
					t.Fatal("tried before it was due")
				}
			}
			time.Sleep(time.Until(e.Due))
		}
		e := m.events["a"]
		if e.State != store.EventDead || e.Attempts != 11 || !strings.Contains(e.Error, "replay it when that is mended") {
			t.Fatalf("%s after %d attempts: %s", e.State, e.Attempts, e.Error)
		}
		if took := time.Since(began); took > 48*time.Hour {
			t.Errorf("took %v", took)
		}
		f.hub = nil
		m.events["a"] = withBody(m.events["a"])
		if _, err := p.Replay(t.Context(), supplier, "a"); err != nil {
			t.Fatal(err)
		}
		if work(t, p, "a"); m.events["a"].State != store.EventDone {
			t.Errorf("replayed: %+v", m.events["a"])
		}
	})
}

func withBody(e store.InboxEvent) store.InboxEvent {
	e.Body = []byte(`{}`)
	return e
}

func TestSenderThatFailsIsLeftAloneForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("a", "b")
		f, p := failing(t, m)
		f.sender["a"] = &source.APIError{Status: 503}
		for n := range 5 {
			if b := p.Breaker("a"); b.State != breaker.Closed || b.Failures != n {
				t.Fatalf("breaker %+v after %d failures", b, n)
			}
			work(t, p, "a")
			time.Sleep(time.Until(m.events["a"].Due))
		}
		// The last wait may have been longer than the breaker's.
		if b := p.Breaker("a"); b.State == breaker.Closed {
			t.Fatalf("breaker %+v", b)
		}
		m.arrive("a")
		for p.Breaker("a").State != breaker.Open {
			work(t, p, "a")
			m.arrive("a")
		}
		until := p.Breaker("a").Until
		asked := f.asked["a"]
		for range 3 {
			m.arrive("a")
			work(t, p, "a")
			if e := m.events["a"]; e.Attempts != 0 || e.Due.Before(until) || !strings.Contains(e.Error, "left alone") {
				t.Fatalf("event of a sender that is left alone: %+v", e)
			}
		}
		if f.asked["a"] != asked {
			t.Errorf("asked %d times more", f.asked["a"]-asked)
		}
		if work(t, p, "b"); m.events["b"].State != store.EventDone {
			t.Errorf("another connection's event: %+v", m.events["b"])
		}
		f.sender["a"] = nil
		time.Sleep(time.Until(until) + time.Millisecond)
		if b := p.Breaker("a"); b.State != breaker.HalfOpen {
			t.Errorf("breaker %+v", b)
		}
		m.arrive("a")
		if work(t, p, "a"); m.events["a"].State != store.EventDone || p.Breaker("a").State != breaker.Closed {
			t.Errorf("event %+v, breaker %+v", m.events["a"], p.Breaker("a"))
		}
	})
}

func TestSenderSaysWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("a")
		f, p := failing(t, m)
		f.sender["a"] = &source.APIError{Status: 429, After: time.Hour}
		work(t, p, "a")
		if e := m.events["a"]; e.Due.Before(time.Now().Add(time.Hour)) {
			t.Errorf("due %v", e.Due)
		}
		f.sender["a"] = &source.APIError{Status: 401}
		time.Sleep(time.Until(m.events["a"].Due))
		work(t, p, "a")
		if e := m.events["a"]; e.State != store.EventDead || !strings.Contains(e.Error, "api_key") {
			t.Errorf("event %+v", e)
		}
	})
}

func TestEventThatEndsTheProcessEachTimeIsDeadInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("a")
		f, p := failing(t, m)
		e := m.events["a"]
		e.Attempts = 11 // claimed as often, and never finished
		m.events["a"] = e
		work(t, p, "a")
		if e := m.events["a"]; e.State != store.EventDead || f.asked["a"] != 0 {
			t.Errorf("event %+v was worked on %d times more", e, f.asked["a"])
		}
	})
}

func TestEventIsGivenBackWhenTheNodeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("a")
		f, _ := failing(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		p, err := processing.New(processing.Options{
			Store: m, Jobs: m, Hub: f, Objects: f, Now: time.Now, Log: slog.New(slog.DiscardHandler), Step: func(name string) {
				if name == "read" {
					cancel()
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.hub = context.Canceled
		if err := p.Work(ctx, supplier, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("work: %v", err)
		}
		if e := m.events["a"]; e.Attempts != 0 || e.Due.After(time.Now()) || e.State != store.EventReceived {
			t.Errorf("event %+v", e)
		}
	})
}
