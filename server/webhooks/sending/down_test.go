package sending

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/server/activity"
	"wedsync/store"
)

func TestReceiverThatIsDownForADayGetsEveryEventOnceAndInOrder(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, away := s.endpoint("away.example")
		other, there := s.endpoint("there.example")
		away.set(0, down)
		events := 0
		edit := func(n int) {
			s.edit(n)
			events++
		}
		for n := range 20 {
			edit(n)
		}
		breakers := make(map[Breaker]bool)
		for at := time.Duration(0); at < 24*time.Hour; at += 30 * time.Minute {
			edit(events % 23)
			pass(5 * time.Second)
			if got := len(there.ids()); got != events {
				t.Fatalf("after %s the other receiver has %d events of %d", at, got, events)
			}
			breakers[s.now(e).Breaker] = true
			pass(30*time.Minute - 5*time.Second)
		}
		if !breakers[Open] || len(away.ids()) != 0 {
			t.Fatalf("breakers seen %v, %d accepted", breakers, len(away.ids()))
		}
		if got := s.now(other); got.Breaker != Closed || got.Settings.Trouble != nil {
			t.Errorf("the other endpoint: %s, %+v", got.Breaker, got.Settings.Trouble)
		}
		if got := s.now(e); got.Counts[store.DeliveryFailed] != 0 || got.Settings.Trouble.Error != errRefused.Error() {
			t.Errorf("after a day: %v, %+v", got.Counts, got.Settings.Trouble)
		}
		requests := len(away.tries())
		if requests > 200 {
			t.Errorf("%d requests to a receiver that is down", requests)
		}
		away.set(10*time.Second, status(http.StatusOK))
		pass(30 * time.Minute)
		if got := s.now(e); got.Breaker != Closed || len(away.ids()) == 0 {
			t.Errorf("slow again: %s, %d accepted", got.Breaker, len(away.ids()))
		}
		away.set(0, status(http.StatusOK))
		pass(time.Minute)
		s.inOrder(away, events)
		s.inOrder(there, events)
		if got := s.now(e); got.Counts[store.DeliveryPending] != 0 {
			t.Errorf("still waiting: %v", got.Counts)
		}
	})
}

func TestEndpointToWhichNothingComesThroughForDaysIsDisabledAndLosesNothing(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("away.example", activity.ClientChanged, activity.ClientCreated)
		r.set(0, status(http.StatusInternalServerError))
		events := 0
		for ; events < int(DisableAfter/(6*time.Hour)); events++ {
			s.edit(events)
			pass(6 * time.Hour)
			if got := s.now(e); got.Settings.Status() != Active {
				t.Fatalf("disabled early: %+v", got.Settings.Disabled)
			}
		}
		s.edit(events)
		events++
		pass(time.Hour)
		got := s.now(e)
		if got.Settings.Status() != Off || got.Settings.Disabled.Reason != Failing {
			t.Fatalf("not disabled: %+v", got.Settings)
		}
		if len(s.posted) != 1 || !strings.Contains(s.posted[0].Text, "answered 500") || strings.Contains(s.posted[0].Text, "hush") {
			t.Errorf("posted %+v", s.posted)
		}
		tried := len(r.tries())
		s.edit(1)
		s.edit(30)
		events += 2
		pass(6 * time.Hour)
		if got := len(r.tries()); got != tried {
			t.Errorf("%d requests to a disabled endpoint", got-tried)
		}
		r.set(0, status(http.StatusOK))
		active := Active
		if _, err := s.sender.Change(t.Context(), "rose", e.ID, Change{Status: &active}); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Minute)
		failed := s.now(e).Counts[store.DeliveryFailed]
		if failed == 0 || failed == events {
			t.Errorf("%d of %d deliveries were given up", failed, events)
		}
		s.inOrder(r, events-failed)
		rows, err := s.sender.Deliveries(t.Context(), "rose", store.DeliveryQuery{Endpoint: e.ID, State: store.DeliveryFailed, Limit: 100})
		if err != nil || len(rows) != failed {
			t.Fatal(rows, err)
		}
		for _, d := range rows {
			if _, err := s.sender.Redeliver(t.Context(), "rose", e.ID, d.ID); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Minute)
		ids := r.ids()
		slices.Sort(ids)
		if got := len(slices.Compact(ids)); got != events {
			t.Errorf("%d events came through in the end, want %d (%d had failed)", got, events, failed)
		}
	})
}

func TestDeliveryIsTriedForADayAndHoldsUpItsRecordAlone(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("picky.example")
		r.set(0, func(_ *http.Request, body []byte) (int, error) {
			if strings.Contains(string(body), `"`+activity.ClientCreated+`"`) && strings.Contains(string(body), record(1).ClientID()) {
				return http.StatusBadRequest, nil
			}
			return http.StatusOK, nil
		})
		begun := time.Now()
		s.edit(1)
		pass(2 * time.Second)
		s.edit(1)
		for range 23 {
			s.edit(2)
			pass(time.Hour)
		}
		var times []time.Duration
		for _, try := range r.tries() {
			if try.event().Subject == record(1).ClientID() {
				times = append(times, try.at.Sub(begun))
			}
		}
		if got := len(r.ids()); got != 23 {
			t.Fatalf("%d of the other record came, want 23", got)
		}
		pass(5 * time.Hour)
		if got := s.now(e); got.Counts[store.DeliveryFailed] != 1 || got.Counts[store.DeliveryPending] != 0 || len(r.ids()) != 24 {
			t.Errorf("after a day: %v, %d came", got.Counts, len(r.ids()))
		}
		if len(times) != len(retries) {
			t.Fatalf("tried at %v", times)
		}
		for i, after := range retries[:len(retries)-1] {
			if got := times[i+1]; got < after || got > after+after/5+sweep {
				t.Errorf("attempt %d came after %s, want about %s", i+2, got, after)
			}
		}
	})
}

func TestReceiverThatIsGoneDisablesItsEndpointAtOnce(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("gone.example")
		r.set(0, status(http.StatusGone))
		s.edit(1)
		s.edit(2)
		pass(time.Hour)
		got := s.now(e)
		if got.Settings.Status() != Off || got.Settings.Disabled.Reason != Gone || len(r.tries()) > 2 {
			t.Errorf("%+v after %d requests", got.Settings.Disabled, len(r.tries()))
		}
		if len(s.posted) != 1 || !strings.Contains(s.posted[0].Text, "410") {
			t.Errorf("posted %+v", s.posted)
		}
	})
}

func TestReceiverSaysWhenItWantsToBeTriedAgain(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		_, r := s.endpoint("busy.example")
		r.set(0, status(http.StatusTooManyRequests))
		r.header = http.Header{"Retry-After": {"600"}}
		s.edit(1)
		pass(9 * time.Minute)
		if got := len(r.tries()); got != 1 {
			t.Fatalf("tried %d times", got)
		}
		r.set(0, status(http.StatusOK))
		pass(2 * time.Minute)
		s.inOrder(r, 1)
	})
}

func TestSlowReceiversHoldUpNobody(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		const crowd = 18
		for n := range crowd {
			_, r := s.endpoint(strings.Repeat("x", n+1) + ".example")
			r.set(time.Minute, status(http.StatusOK))
		}
		_, soon := s.endpoint("soon.example")
		for round := range 4 {
			for n := range 6 {
				s.edit(n)
			}
			pass(3 * time.Second)
			if got, want := len(soon.ids()), 6*(round+1); got < want {
				t.Fatalf("round %d: %d of %d came in time", round, got, want)
			}
		}
	})
}
