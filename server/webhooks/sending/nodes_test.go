package sending

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"wedsync/server/activity"
	"wedsync/store"
)

func TestTwoNodesSendEachEventOnce(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		_, stop := s.node(s.quietHub)
		defer stop()
		_, r := s.endpoint("app.example")
		r.set(20*time.Millisecond, status(http.StatusOK))
		synctest.Wait()
		pass(sweep) // the other node has heard of the endpoint
		for n := range 60 {
			s.edit(n % 7)
			if n%10 == 0 {
				pass(2 * time.Second)
			}
		}
		pass(time.Minute)
		s.inOrder(r, folded(t, s))
	})
}

// folded is how many events the journal of "rose" tells, page by page as nodes read it.
func folded(t *testing.T, s *scene) int {
	t.Helper()
	rows, err := s.store.Deliveries(t.Context(), "rose", store.DeliveryQuery{Limit: 1000, Brief: true})
	if err != nil {
		t.Fatal(err)
	}
	var told uint64
	numbers := make(map[uint64]bool)
	for _, d := range rows {
		numbers[d.Number] = true
		told = max(told, d.Number)
	}
	if told != 60 || len(rows) != len(numbers) {
		t.Errorf("%d deliveries of %d entries up to %d", len(rows), len(numbers), told)
	}
	return len(rows)
}

func TestWhatANodeTookBeforeItDiedIsSentByAnother(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		s.stop() // what follows is another process that dies
		for n := range 3 {
			s.edit(n)
		}
		dead := New(Options{Store: &bells{Store: s.store}, Hub: s.quietHub, Client: s.net, Epoch: epoch, Now: time.Now})
		entries, err := s.store.Happenings(t.Context(), "rose", 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		made, err := dead.deliveries(t.Context(), &e.Endpoint, &e.Settings, entries)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.store.Dispatch(t.Context(), "rose", e.ID, e.Cursor, 2, made); err != nil {
			t.Fatal(err)
		}
		if claimed, err := s.store.ClaimDeliveries(t.Context(), "rose", e.ID, time.Now(), time.Now().Add(lease), 1); err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		s.begin()
		pass(5 * time.Second)
		s.inOrder(r, 2) // that which was claimed may be on its way
		pass(lease + sweep)
		s.inOrder(r, 3)
	})
}

func TestHubThatStopsGivesBackWhatItWasSending(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		r.set(10*time.Second, status(http.StatusOK))
		s.edit(1)
		pass(2 * time.Second)
		s.stop()
		if got := s.now(e); len(r.tries()) != 1 || got.Settings.Trouble != nil {
			t.Fatalf("%d requests, trouble %+v", len(r.tries()), got.Settings.Trouble)
		}
		r.set(0, status(http.StatusOK))
		s.begin()
		pass(2 * time.Second)
		s.inOrder(r, 1)
		if tries := r.tries(); tries[0].id() != tries[1].id() {
			t.Errorf("sent again as %s, before as %s", tries[1].id(), tries[0].id())
		}
	})
}

func TestBothSecretsSignWhileAReceiverChangesOver(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		url := "https://app.example/hook"
		e, first, err := s.sender.Create(t.Context(), "rose", Change{URL: &url})
		if err != nil {
			t.Fatal(err)
		}
		r := s.net.at("app.example")
		_, second, err := s.sender.Rotate(t.Context(), "rose", e.ID)
		if err != nil {
			t.Fatal(err)
		}
		signed := func(secret string) bool {
			s.edit(1)
			pass(2 * time.Second)
			hook, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			last := r.tries()[len(r.tries())-1]
			return hook.Verify(last.body, last.header) == nil
		}
		if !signed(first) || !signed(second) {
			t.Error("not signed by both")
		}
		pass(Overlap)
		if signed(first) || !signed(second) {
			t.Error("the first secret signs for ever, or the second does not")
		}
	})
}

func TestLogShowsRequestAndAnswerAndNoSecret(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		s.edit(1)
		pass(2 * time.Second)
		id := r.ids()[0]
		d, log, err := s.sender.Delivery(t.Context(), "rose", e.ID, id)
		if err != nil || d.State != store.DeliveryDelivered || d.Attempts != 1 || len(log.Attempts) != 1 {
			t.Fatalf("%+v, %+v, %v", d, log, err)
		}
		a := log.Attempts[0]
		if a.Status != 204 || a.Response != "told" || a.URL != "https://app.example/hook" || a.Headers["webhook-id"] != id {
			t.Errorf("%+v", a)
		}
		secret := strings.TrimPrefix(s.now(e).Settings.Secrets[0].Value, secretPrefix)
		for _, hush := range []string{"hush", secret, "v1,"} {
			if strings.Contains(string(d.Log), hush) {
				t.Errorf("the log holds %q: %s", hush, d.Log)
			}
		}
	})
}

func TestRedeliveredEventIsTheSame(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		s.edit(1)
		pass(2 * time.Second)
		id := r.ids()[0]
		if _, err := s.sender.Redeliver(t.Context(), "rose", e.ID, id); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		tries := r.tries()
		if len(tries) != 2 || tries[1].id() != id || string(tries[1].body) != string(tries[0].body) {
			t.Errorf("%d requests, %v", len(tries), r.ids())
		}
		if _, err := s.sender.Redeliver(t.Context(), "lily", e.ID, id); err == nil {
			t.Error("another supplier redelivers")
		}
	})
}

func TestPausedEndpointGoesOnWhereItWas(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		for _, status := range []Status{Paused, Active} {
			if _, err := s.sender.Change(t.Context(), "rose", e.ID, Change{Status: &status}); err != nil {
				t.Fatal(err)
			}
			if status == Paused {
				s.edit(1)
				s.edit(2)
			}
			pass(2 * sweep)
			if status == Paused && len(r.tries()) != 0 {
				t.Error("sent while paused")
			}
		}
		s.inOrder(r, 2)
	})
}

func TestEndpointGetsTheTypesThatItWants(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		_, created := s.endpoint("created.example", activity.ClientCreated)
		_, all := s.endpoint("all.example", "wedsync.client.*")
		_, none := s.endpoint("none.example", "wedsync.conflict.*")
		for range 3 {
			s.edit(1)
			pass(5 * time.Second)
		}
		s.inOrder(created, 1)
		s.inOrder(all, 3)
		s.inOrder(none, 0)
	})
}

func TestTestSaysAtOnceWhatCameOfIt(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		e, r := s.endpoint("app.example")
		for state, answers := range map[store.DeliveryState]func(*http.Request, []byte) (int, error){
			store.DeliveryDelivered: status(200), store.DeliveryFailed: down,
		} {
			r.set(0, answers)
			d, log, err := s.sender.Test(context.Background(), "rose", e.ID)
			if err != nil || d.State != state || d.Type != Ping || len(log.Attempts) != 1 {
				t.Errorf("%s: %+v %+v %v", state, d, log, err)
			}
		}
		pass(time.Hour)
		if got := s.now(e); len(r.tries()) != 2 || got.Settings.Trouble != nil {
			t.Errorf("%d requests, trouble %+v", len(r.tries()), got.Settings.Trouble)
		}
	})
}

func TestEndpointWithTooMuchWaitingLeavesItInTheJournal(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		_, r := s.endpoint("app.example")
		s.sender.store.(*bells).full.Store(true)
		s.edit(1)
		s.edit(2)
		pass(3 * blocked)
		s.inOrder(r, 0)
		s.sender.store.(*bells).full.Store(false)
		pass(2 * blocked)
		s.inOrder(r, 2)
	})
}
