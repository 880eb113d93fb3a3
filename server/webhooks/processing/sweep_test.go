package processing_test

import (
	"testing"
	"time"

	"wedsync/server/webhooks/processing"
	"wedsync/store"
)

func TestEventWhoseJobWasLostIsFoundAndOldOnesAreForgotten(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c1", id)
	e := s.arrive("c1", `{"notes":"x"}`)
	s.store.due(s.now()) // lost
	sweep := func() {
		t.Helper()
		if err := s.p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.run()
	}
	sweep()
	s.became(e, store.EventReceived) // its job may still come
	s.pass(2 * time.Minute)
	sweep()
	s.became(e, store.EventDone)

	s.pass(29 * 24 * time.Hour)
	if sweep(); len(s.event(e).Body) == 0 {
		t.Fatal("forgotten after 29 days")
	}
	s.edit(mia, id, fields("notes", "from Mia"))
	s.pass(2 * 24 * time.Hour)
	sweep()
	if now := s.event(e); len(now.Body) > 0 || len(now.Outcome) > 0 || now.State != store.EventDone {
		t.Fatalf("after 31 days it is %+v", now)
	}
	if _, err := s.p.Replay(t.Context(), supplier, e); err == nil {
		t.Error("an event without content was replayed")
	}
	again := s.arrive("c1", `{"notes":"x"}`) // what was said is known without it
	s.run()
	s.wantField(s.became(again, store.EventDone), "notes", processing.Repeated, "")
	if shown := s.shown(id); shown["notes"] != "from Mia" {
		t.Errorf("record %v", shown)
	}
}
