package google_test

import (
	"errors"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/testdata/providers"
)

func TestGmailSaysForAWeekWhatChangesUntilItIsEnded(t *testing.T) {
	clock := now
	server := providers.New(providers.Options{Seed: 1, Clock: func() time.Time { return clock }, TokenLife: 1000 * time.Hour})
	box, pushes := server.Gmail(anna), 0
	server.OnPush(func(providers.Push) { pushes++ })
	arrive := func() { box.Add(providers.Mail{Date: clock}) }
	r := newReader(t, server, anna)
	var g source.Watcher = google.Source{}
	topic := source.Push{Topic: "projects/p/topics/t"}

	arrive()
	until, err := g.Watch(t.Context(), r.Account, topic)
	if err != nil || !until.Equal(now.Add(7*24*time.Hour)) {
		t.Fatalf("until %s, %v", until, err)
	}
	arrive()
	clock = clock.Add(6 * 24 * time.Hour)
	if until, err = g.Watch(t.Context(), r.Account, topic); err != nil || !until.Equal(clock.Add(7*24*time.Hour)) {
		t.Fatalf("until %s, %v", until, err)
	}
	clock = clock.Add(6 * 24 * time.Hour)
	arrive()
	if pushes != 2 {
		t.Errorf("told %d times of what came while it was watched", pushes)
	}
	if err := errors.Join(g.Unwatch(t.Context(), r.Account, topic), g.Unwatch(t.Context(), r.Account, topic)); err != nil {
		t.Fatal(err)
	}
	arrive()
	if pushes != 2 {
		t.Errorf("told %d times of what came afterwards", pushes-2)
	}
	if _, err := g.Watch(t.Context(), r.Account, source.Push{}); !errors.Is(err, source.ErrForbidden) {
		t.Errorf("without a topic: %v", err)
	}
	if !g.Watches("mail") || g.Watches("calendar:x") {
		t.Error("mail is watched, calendars are not")
	}
}
