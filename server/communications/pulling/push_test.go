package pulling_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
)

const week = 7 * 24 * time.Hour

// A watchedBox is a mailbox whose provider says for a week at a time that mail came.
type watchedBox struct {
	*mailbox
	watches, ended int // how often it was asked to begin or go on, and to end
	fail           error
}

func (b *watchedBox) Watch(ctx context.Context, a source.Account, to source.Push) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to.URL != "https://hub.example.com/a" {
		return time.Time{}, fmt.Errorf("told to push to %q", to.URL)
	}
	if b.fail != nil {
		return time.Time{}, b.fail
	}
	b.watches++
	return a.Now.Add(week), ctx.Err()
}

func (b *watchedBox) Unwatch(context.Context, source.Account, source.Push) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended++
	return nil
}

func (*watchedBox) Watches(scope string) bool { return strings.HasPrefix(scope, "folder:") }

// newPushScene is a scene whose provider says what changes.
func newPushScene(t *testing.T) (*scene, *watchedBox) {
	t.Helper()
	s := newScene(t, map[string]int{"folder:in": 5, "calendar:1": 1}, "a")
	b := &watchedBox{mailbox: s.b}
	s.e.Readers["microsoft"] = b
	s.e.Push = func(_, id string) (source.Push, string) {
		return source.Push{URL: "https://hub.example.com/" + id}, ""
	}
	return s, b
}

// pass lets time pass, during which nobody but the sweep asks for anything.
func (s *scene) pass(d time.Duration) {
	s.Helper()
	every := max(30*time.Second, d/500)
	for until := time.Now().Add(d); time.Now().Before(until); time.Sleep(every) {
		if err := s.e.Sweep(s.Context()); err != nil {
			s.Fatal(err)
		}
		s.ring()
	}
}

// reads is how often a scope was read.
func (b *mailbox) reads(scope string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.asked {
		if strings.HasPrefix(one, scope+" ") {
			n++
		}
	}
	return n
}

func TestProviderIsAskedEachDayToSayWhatChangesAndIsPolledLessOftenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newPushScene(t)
		s.pass(time.Hour)
		mail, calendar := s.source("a", "outlook"), s.source("a", "outlook_calendar")
		if !mail.Pushed || mail.NoPush != "" || mail.Poll != 15*time.Minute {
			t.Errorf("mail: %+v", mail)
		}
		if calendar.Pushed || calendar.NoPush != "" || calendar.Poll != 5*time.Minute {
			t.Errorf("calendar: %+v", calendar)
		}
		s.b.asked, b.watches = nil, 0
		s.pass(2 * 24 * time.Hour)
		if b.watches < 1 || b.watches > 3 {
			t.Errorf("asked %d times in two days to go on", b.watches)
		}
		if n := s.b.reads("folder:in"); n < 140 || n > 245 {
			t.Errorf("mail was read %d times in two days", n)
		}
		if n := s.b.reads("calendar:1"); n < 280 || n > 730 {
			t.Errorf("calendar was read %d times in two days", n)
		}
	})
}

func TestWhereTheProviderDoesNotSayWhatChangesItIsPolledAndThatIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newPushScene(t)
		b.fail = fmt.Errorf("%w: nobody may", source.ErrForbidden)
		s.pass(time.Hour)
		got := s.source("a", "outlook")
		if got.State != pulling.UpToDate || got.Pushed || !strings.Contains(got.NoPush, "nobody may") || got.Poll != 5*time.Minute {
			t.Errorf("refused: %+v", got)
		}
		s.b.arrive("folder:in", 1)
		s.pass(6 * time.Minute)
		s.want(7)
		s.now() // which does not wait for it
		b.fail = nil
		s.pass(90 * time.Minute)
		if got = s.source("a", "outlook"); !got.Pushed || got.NoPush != "" {
			t.Errorf("permitted: %+v", got)
		}
		// What was asked for holds until its end, and not longer.
		b.fail = source.ErrTemporary
		s.pass(2 * 24 * time.Hour)
		if got = s.source("a", "outlook"); !got.Pushed || got.NoPush != "" {
			t.Errorf("good for some days: %+v", got)
		}
		s.pass(6 * 24 * time.Hour)
		if got = s.source("a", "outlook"); got.Pushed || got.NoPush == "" || got.State != pulling.UpToDate || got.Poll != 5*time.Minute {
			t.Errorf("ended: %+v", got)
		}
		s.e.Push = func(_, _ string) (source.Push, string) { return source.Push{}, "no URL" }
		s.pass(2 * time.Hour)
		if got = s.source("a", "outlook"); got.Pushed || got.NoPush != "no URL" {
			t.Errorf("the hub cannot be reached: %+v", got)
		}
	})
}

func TestWhatIsPushedIsReadAtOnceAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newPushScene(t)
		s.pass(2 * time.Minute)
		s.b.asked, b.watches = nil, 0
		s.b.arrive("folder:in", 1)
		if err := errors.Join(s.e.Pushed(t.Context(), "a"), s.e.Pushed(t.Context(), "nobody"), s.e.Rewatch(t.Context(), "nobody")); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.want(7)
		if !slices.Equal(s.b.asked, []string{"folder:in 5"}) || b.watches != 0 {
			t.Errorf("asked %v, and %d times to go on", s.b.asked, b.watches)
		}
		if err := s.e.Rewatch(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		s.ring()
		if len(s.b.asked) != 1 || b.watches != 1 {
			t.Errorf("asked %v, and %d times to go on", s.b.asked, b.watches)
		}
		if err := s.e.Unwatch(t.Context(), "a"); err != nil || b.ended != 1 {
			t.Errorf("ended %d times, %v", b.ended, err)
		}
	})
}
