package pulling_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/store"
)

func TestAccountIsReadWholeAndThenOnlyWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 95, "folder:out": 5, "calendar:1": 0}, "a")
		if got := s.source("a", "outlook"); got.State != pulling.Never {
			t.Errorf("at first: %+v", got)
		}
		s.now()
		s.want(100)
		if got := s.source("a", "outlook"); got.State != pulling.UpToDate || got.Left != 0 || got.LastSuccess.IsZero() {
			t.Errorf("then: %+v", got)
		}
		if got := s.source("a", "outlook_calendar"); got.State != pulling.UpToDate {
			t.Errorf("an empty one: %+v", got)
		}
		s.b.asked = nil
		s.b.arrive("folder:in", 3)
		s.now()
		s.want(103)
		if len(s.b.asked) != 3 {
			t.Errorf("asked %v", s.b.asked)
		}
	})
}

func TestAccountsArePolledByJobsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 25}, "a", "b")
		if err := s.e.Sweep(t.Context()); err != nil { // which finds those that have never begun
			t.Fatal(err)
		}
		s.ring()
		s.want(50)
		s.b.arrive("folder:in", 1)
		for range 11 { // a push was lost
			time.Sleep(30 * time.Second)
			if err := s.e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.ring()
		}
		s.want(52)
		s.b.scopes["folder:new"] = 4
		for range 130 {
			time.Sleep(30 * time.Second)
			if err := s.e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.ring()
		}
		s.want(60)
	})
}

func TestHintsAreReadAtOnceHoweverManyComeAndDuringReadingToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 5}, "a", "b")
		s.now()
		s.b.asked = nil
		s.b.arrive("folder:in", 1)
		hint := func() {
			t.Helper()
			if err := s.e.Hint(t.Context(), supplier, "microsoft", "A@example.com"); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			hint()
		}
		s.ring()
		s.want(11) // b has not heard of it
		if len(s.b.asked) != 1 {
			t.Errorf("asked %v", s.b.asked)
		}
		// Something comes after its provider was asked.
		once := true
		s.b.step = func(context.Context, string, int) error {
			if once {
				once = false
				defer s.b.arrive("folder:in", 1)
				hint()
			}
			return nil
		}
		hint()
		s.ring()
		s.want(12)
	})
}

func TestScopeThatFailsKeepsNoOtherBackAndDoesNotLookEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 15, "calendar:1": 5}, "a")
		s.b.step = func(_ context.Context, scope string, _ int) error {
			if scope == "calendar:1" {
				return fmt.Errorf("%w: status 503", source.ErrTemporary)
			}
			return nil
		}
		s.now()
		s.want(15)
		if got := s.source("a", "outlook"); got.State != pulling.UpToDate {
			t.Errorf("mail: %+v", got)
		}
		got := s.source("a", "outlook_calendar")
		if got.State != pulling.Failing || !strings.Contains(got.Error, "503") || !got.NextRetry.After(time.Now()) || !got.LastSuccess.IsZero() {
			t.Errorf("calendar: %+v", got)
		}
		s.b.step = nil
		time.Sleep(time.Until(got.NextRetry))
		if err := s.e.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.want(20)
		if got := s.source("a", "outlook_calendar"); got.State != pulling.UpToDate || got.Error != "" {
			t.Errorf("calendar: %+v", got)
		}
	})
}

func TestWaitsGrowWithFailuresAndProvidersSayHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 15}, "a")
		fails := errors.New("anything")
		s.b.step = func(context.Context, string, int) error { return fails }
		longest := time.Duration(0)
		for range 12 {
			s.now()
			got := s.source("a", "outlook")
			if got.State != pulling.Failing || strings.Contains(got.Error, "anything") {
				t.Fatalf("got %+v", got)
			}
			longest = max(longest, time.Until(got.NextRetry))
			time.Sleep(time.Until(got.NextRetry))
		}
		if longest < time.Minute || longest > time.Hour {
			t.Errorf("the longest wait was %s", longest)
		}
		fails = fmt.Errorf("asked: %w", &source.LimitError{After: 20 * time.Minute})
		s.now()
		got := s.source("a", "outlook")
		if wait := time.Until(got.NextRetry); got.State != pulling.Limited || wait < 20*time.Minute || wait > 23*time.Minute {
			t.Errorf("wait %s: %+v", wait, got)
		}
		s.b.asked = nil
		s.now() // does not ask who wants to be left alone
		if err := s.e.Hint(t.Context(), supplier, "microsoft", "a@example.com"); err != nil {
			t.Fatal(err)
		}
		s.ring()
		if len(s.b.asked) != 0 {
			t.Errorf("asked %v", s.b.asked)
		}
	})
}

func TestPlaceThatIsLostHasEverythingReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 45}, "a")
		lost := 2
		var state pulling.State
		s.b.step = func(_ context.Context, _ string, from int) error {
			if from == 30 && lost > 0 {
				lost--
				return source.ErrPlace
			}
			if from == 10 && lost < 2 {
				state = s.source("a", "outlook").State
			}
			return nil
		}
		s.now()
		s.want(45)
		if state != pulling.Resyncing {
			t.Errorf("meanwhile it was %s", state)
		}
		if got := s.source("a", "outlook"); got.State != pulling.UpToDate {
			t.Errorf("at the end: %+v", got)
		}
		// One that is lost again and again is left alone after some times.
		s.b.step = func(context.Context, string, int) error { return source.ErrPlace }
		s.b.asked = nil
		s.now()
		if got := s.source("a", "outlook"); got.State != pulling.Failing || len(s.b.asked) > 10 {
			t.Errorf("%+v after %d questions", got, len(s.b.asked))
		}
	})
}

func TestStepWhoseStoringFailsIsMadeAgain(t *testing.T) {
	for _, kind := range []string{"not stored", "stored, but nobody knows"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, map[string]int{"folder:in": 95}, "a")
				n := 0
				fail := func(store.Pull) error {
					if n++; n == 3 {
						return errors.New("disk trouble")
					}
					return nil
				}
				if kind == "not stored" {
					s.m.fail = fail
				} else {
					s.m.lose = fail
				}
				s.now()
				got := s.source("a", "outlook")
				if got.State != pulling.Failing || strings.Contains(got.Error, "disk") {
					t.Fatalf("got %+v", got)
				}
				time.Sleep(time.Until(got.NextRetry))
				s.now()
				s.want(95)
			})
		})
	}
}

func TestSeveralNodesReadEachScopeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 95, "folder:out": 95}, "a", "b", "c")
		s.b.step = func(context.Context, string, int) error {
			time.Sleep(time.Second)
			return nil
		}
		var all sync.WaitGroup
		for range 3 {
			e := s.engine()
			all.Go(func() {
				if err := e.Now(t.Context(), supplier, nil, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s.want(3 * 190)
		if len(s.b.asked) > 3*2*(10+1) { // once, and once more for who came while it was being read
			t.Errorf("%d steps", len(s.b.asked))
		}
	})
}

func TestScopeOfAProcessThatWasKilledIsReadOnByAnother(t *testing.T) {
	t.Run("among several", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { killOne(t, false, 15*time.Second) }) })
	t.Run("alone", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { killOne(t, true, 0) }) })
}

// killOne kills a process in the middle of reading. Another one begins then, and
// goes on after some time.
func killOne(t *testing.T, alone bool, after time.Duration) {
	t.Helper()
	s := newScene(t, map[string]int{"folder:in": 95}, "a")
	killed := make(chan struct{})
	s.b.step = func(ctx context.Context, _ string, from int) error {
		if from == 50 {
			<-killed // for ever, as far as anybody can see
		}
		return nil
	}
	s.m.fail = func(p store.Pull) error { // its last step is never stored, nor anything later
		if len(s.m.items) == 50 { // the memory's lock is held
			return store.ErrUnavailable
		}
		return nil
	}
	dead := s.engine()
	ctx, kill := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = dead.Now(ctx, supplier, nil, nil) })
	time.Sleep(time.Second)
	s.m.mu.Lock()
	before := maps.Clone(s.m.cursors)
	s.m.mu.Unlock()
	kill()
	close(killed)
	all.Wait()
	s.m.cursors = before // without what it stored after it was killed
	s.m.fail, s.b.step, s.b.asked = nil, nil, nil
	s.m.jobs = nil // lost with it
	s.e = s.engine()
	s.e.Alone = alone
	begun := time.Now()
	for len(s.m.items) < 95 && time.Since(begun) <= after {
		if err := s.e.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		if len(s.m.items) < 95 {
			time.Sleep(time.Second)
		}
	}
	s.want(95)
}

func TestEndOfAProcessGivesItsScopesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 95}, "a")
		s.b.step = func(ctx context.Context, _ string, from int) error {
			if from < 50 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := s.e.Now(ctx, supplier, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.source("a", "outlook"); got.State != pulling.Reading || got.Found != 50 || got.Left != 45 {
			t.Errorf("got %+v", got)
		}
		s.b.step = nil
		s.ring() // by the job that was left behind
		s.want(95)
	})
}

func TestFewAccountsAndScopesAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scopes := make(map[string]int)
		for n := range 30 {
			scopes[fmt.Sprintf("folder:%d", n)] = 20
		}
		s := newScene(t, scopes, "a")
		s.b.step = func(context.Context, string, int) error {
			time.Sleep(time.Second)
			return nil
		}
		s.now()
		s.want(600)
		if s.b.most > 8 { // four scopes, each of which asks for the next step early
			t.Errorf("%d steps at once", s.b.most)
		}
	})
}

func TestLongReadingIsLeftToAnotherJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 1000}, "a")
		s.b.step = func(context.Context, string, int) error {
			time.Sleep(time.Second)
			return nil
		}
		if err := s.e.Begin(t.Context(), supplier, "a"); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		job := s.m.jobs[0]
		s.m.jobs = nil
		if err := s.e.Work(t.Context(), job.Key); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 45*time.Second || len(s.m.items) < 300 {
			t.Errorf("%d items in %s", len(s.m.items), took)
		}
		s.ring()
		s.want(1000)
	})
}

func TestAccountThatIsHeldIsNotReadUntilItBegins(t *testing.T) {
	for _, held := range []pulling.State{pulling.Paused, pulling.Reconnect} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, map[string]int{"folder:in": 5}, "a")
			a := s.m.accounts["a"]
			a.Held, a.Why = held, "because"
			s.m.accounts["a"] = a
			s.now()
			if err := s.e.Begin(t.Context(), supplier, "a"); err != nil {
				t.Fatal(err)
			}
			s.ring()
			s.want(0)
			if got := s.source("a", "outlook"); got.State != held || got.Error != "because" {
				t.Errorf("got %+v", got)
			}
			a.Held, a.Why = "", ""
			s.m.accounts["a"] = a
			if err := s.e.Begin(t.Context(), supplier, "a"); err != nil {
				t.Fatal(err)
			}
			s.ring()
			s.want(5)
		})
	}
}

func TestNobodyWaitsForAnAccountThatComesToBeHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"mail": 5, "archive": 5}, "a")
		s.now()
		s.b.step = func(context.Context, string, int) error {
			s.m.mu.Lock()
			defer s.m.mu.Unlock()
			a := s.m.accounts["a"]
			a.Held = pulling.Reconnect
			s.m.accounts["a"] = a
			return source.ErrReconnect
		}
		time.Sleep(time.Minute)
		began := time.Now()
		s.now()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if got := s.source("a", "outlook"); got.State != pulling.Reconnect {
			t.Errorf("source %+v", got)
		}
	})
}

func TestAccountThatIsReadOtherwiseIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 25}, "a")
		s.now()
		s.b.asked = nil
		a := s.m.accounts["a"]
		a.Reading++
		s.m.accounts["a"] = a
		s.now()
		if len(s.b.asked) != 3 || s.b.asked[0] != "folder:in 0" {
			t.Errorf("asked %v", s.b.asked)
		}
	})
}

func TestFoldersThatGoAndComeBackAreNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 5, "folder:old": 5}, "a")
		s.b.slow = time.Second // that a folder went is seen the next time if it is being read just then
		s.now()
		hour := func() {
			t.Helper()
			time.Sleep(time.Hour + time.Minute)
			if err := s.e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.ring()
		}
		delete(s.b.scopes, "folder:old")
		hour()
		s.b.asked = nil
		s.now()
		if len(s.b.asked) != 1 || s.source("a", "outlook").State != pulling.UpToDate {
			t.Errorf("asked %v: %+v", s.b.asked, s.source("a", "outlook"))
		}
		s.b.scopes["folder:old"] = 7
		hour()
		s.want(12)
	})
}

func TestAccountWhoseFoldersCannotBeListedSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 5}, "a")
		s.b.look = source.ErrForbidden
		s.now()
		for _, name := range []string{"outlook", "outlook_calendar"} {
			if got := s.source("a", name); got.State != pulling.Failing || got.Error == "" {
				t.Errorf("got %+v", got)
			}
		}
	})
}

func TestWhoWaitsIsToldHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]int{"folder:in": 50}, "a")
		s.b.step = func(context.Context, string, int) error {
			time.Sleep(time.Second)
			return nil
		}
		var states []string
		err := s.e.Now(t.Context(), supplier, []string{"a"}, func(one pulling.Source) {
			if one.Name == "outlook" {
				states = append(states, fmt.Sprintf("%s %d/%d", one.State, one.Found, one.Left))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		told := strings.Join(states, ", ")
		for _, want := range []string{"reading 10/40", "reading 40/10", "up_to_date 0/0"} {
			if !strings.Contains(told, want) {
				t.Errorf("told %s, not %s", told, want)
			}
		}
	})
}
