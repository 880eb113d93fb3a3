package breaker_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/breaker"
)

// A scene is a set that leaves somebody alone for a minute after three failures.
type scene struct {
	*testing.T
	breaker.Set
	open int // as it was told last
}

func newScene(t *testing.T) *scene {
	s := &scene{T: t}
	s.After, s.For = 3, time.Minute
	s.Opened = func(n int) { s.open = n }
	return s
}

// ask asks somebody, which fails or does not, and reports whether they were asked.
func (s *scene) ask(key string, fails bool) bool {
	s.Helper()
	done, err := s.Enter(key, time.Now())
	if err == nil {
		done(fails)
	}
	return err == nil
}

func (s *scene) want(key, state string, failures int) {
	s.Helper()
	if got := s.Of(key); got.State != state || got.Failures != failures || (got.State == breaker.Open) == got.Until.IsZero() {
		s.Errorf("%s: %+v, want %s after %d", key, got, state, failures)
	}
}

func TestWhoFailsOftenIsLeftAloneForAWhileAndThenTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.ask("a", true)
		s.ask("a", true)
		s.want("a", breaker.Closed, 2)
		s.ask("a", false)
		s.want("a", breaker.Closed, 0)
		for range 3 {
			s.ask("a", true)
		}
		s.want("a", breaker.Open, 3)
		if until := s.Of("a").Until; !until.Equal(time.Now().Add(time.Minute)) || s.open != 1 {
			t.Errorf("until %s, %d open", until, s.open)
		}
		_, err := s.Enter("a", time.Now())
		var open *breaker.OpenError
		if !errors.As(err, &open) || open.Failures != 3 || !open.Until.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("got %v", err)
		}
		if !s.ask("b", true) || s.Of("b").State != breaker.Closed {
			t.Error("another one is left alone too")
		}
		time.Sleep(time.Minute + time.Millisecond)
		s.want("a", breaker.HalfOpen, 3)
		done, err := s.Enter("a", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if s.ask("a", false) {
			t.Error("two were let pass to try")
		}
		done(true)
		s.want("a", breaker.Open, 3)
		time.Sleep(time.Minute + time.Millisecond)
		if !s.ask("a", false) {
			t.Error("nobody tries again")
		}
		s.want("a", breaker.Closed, 0)
		if s.open != 0 {
			t.Errorf("%d open", s.open)
		}
	})
}

func TestThoseWhoWereAskedTogetherCountEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var all []func(bool)
		for range 5 {
			done, err := s.Enter("a", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, done)
		}
		for _, done := range all {
			done(true)
		}
		s.want("a", breaker.Open, 3)
		var asking sync.WaitGroup
		for range 20 {
			asking.Go(func() {
				if s.ask("a", false) {
					t.Error("who is left alone was asked")
				}
			})
		}
		asking.Wait()
		s.want("a", breaker.Open, 3)
	})
}
