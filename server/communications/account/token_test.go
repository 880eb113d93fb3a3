package account_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/source"
	"wedsync/store"
	"wedsync/testdata/providers"
)

func TestOfTwoNodesOneRefreshesAndBothGetTheToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{Rotate: true})
	nodes := []*account.Keeper{s.keeper(), s.keeper()}
	a := s.connect(nodes[0], account.Wish{})
	for round := range 5 {
		s.clock.forward(time.Hour)
		before := s.refreshes()
		var all sync.WaitGroup
		tokens := make([]string, 16)
		for i := range tokens {
			all.Go(func() { tokens[i] = s.token(nodes[i%2], a.ID) })
		}
		all.Wait()
		if n := s.refreshes() - before; n != 1 {
			t.Errorf("round %d: refreshed %d times", round, n)
		}
		for i, token := range tokens {
			if token != tokens[0] || !s.works(token) {
				t.Errorf("round %d: caller %d has another token, or one that does not work", round, i)
			}
		}
	}
	if a, err := nodes[1].Account(t.Context(), "barn", a.ID); err != nil || a.State != account.Connected || a.Lease != (account.Lease{}) {
		t.Errorf("%+v, %v", a.Settings, err)
	}
}

func TestGoodTokenIsUsedUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{TokenLife: time.Hour})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	first := s.token(k, a.ID)
	s.clock.forward(58 * time.Minute)
	if s.token(k, a.ID) != first {
		t.Error("a good token was refreshed")
	}
	s.clock.forward(90 * time.Second)
	if s.token(k, a.ID) == first {
		t.Error("a token is used whose end is half a minute away")
	}
}

func TestRotatedTokenIsKeptThoughTheAccountChangesMeanwhile(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{Rotate: true})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	s.clock.forward(time.Hour)
	var renamed atomic.Bool
	s.store.raced = func(stored store.Account) {
		if of, err := account.Of(stored); err != nil || of.Lease.By != "" || renamed.Swap(true) {
			return // the lease is being taken, or this is the renaming itself
		}
		if _, err := k.Set(t.Context(), "barn", a.ID, 0, account.Wish{Name: ptr("renamed")}); err != nil {
			t.Error(err)
		}
	}
	s.token(k, a.ID)
	s.clock.forward(time.Hour)
	if !s.works(s.token(k, a.ID)) || !renamed.Load() {
		t.Error("the token that was rotated is lost")
	}
	if a, err := k.Account(t.Context(), "barn", a.ID); err != nil || a.Name != "renamed" {
		t.Errorf("%q, %v", a.Name, err)
	}
}

func TestAccountConnectedAnewDuringRefreshKeepsItsNewTokens(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	s.clock.forward(time.Hour)
	var again atomic.Bool
	s.store.raced = func(stored store.Account) {
		if of, err := account.Of(stored); err != nil || of.Lease.By != "" || again.Swap(true) {
			return
		}
		s.providers.Disconnect(providers.Google, anna) // what was just refreshed is worth nothing
		s.connect(s.keeper(), account.Wish{})
	}
	if token := s.token(k, a.ID); !s.works(token) || !again.Load() {
		t.Error("an old token took the place of the new one")
	}
}

func TestAfterANodeThatWasKilledDuringRefreshAnotherGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	s.clock.forward(time.Hour)
	a.Lease = account.Lease{By: "a node that was killed", Until: s.clock.now().Add(time.Minute)}
	s.put(a)
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := k.Token(short, a.ID); !errors.Is(err, context.DeadlineExceeded) || s.refreshes() != 1 {
		t.Errorf("while it has the lease: %v, asked %d times", err, s.refreshes())
	}
	s.clock.forward(time.Minute)
	if !s.works(s.token(k, a.ID)) {
		t.Error("nobody goes on")
	}
}

func TestProviderThatDoesNotAnswerDisconnectsNobody(t *testing.T) {
	t.Parallel()
	for _, fault := range []providers.Fault{providers.Broken, providers.Dropped, providers.Truncated} {
		s := newStage(t, providers.Options{})
		k := s.keeper()
		a := s.connect(k, account.Wish{})
		s.clock.forward(time.Hour)
		s.providers.Next(fault, "/token", 1)
		_, _, err := k.Token(t.Context(), a.ID)
		if err == nil || errors.Is(err, source.ErrReconnect) {
			t.Errorf("%s: %v", fault, err)
		}
		if !s.works(s.token(k, a.ID)) {
			t.Errorf("%s: it does not come back", fault)
		}
	}
}

func TestRefusedTokenIsRefreshedAndThenTheAccountIsLost(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	state := func() account.State {
		a, err := k.Account(t.Context(), "barn", a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return a.State
	}
	refuse := func(token string) {
		t.Helper()
		if err := k.Refused(t.Context(), a.ID, token); err != nil {
			t.Fatal(err)
		}
	}
	first := s.token(k, a.ID)
	refuse(first)
	second := s.token(k, a.ID)
	if second == first || state() != account.Connected {
		t.Fatal("the token was not refreshed")
	}
	before := s.refreshes()
	refuse(first) // who had it before
	if s.token(k, a.ID) != second || s.refreshes() != before {
		t.Error("a token that was replaced led to another refresh")
	}
	refuse(second) // a mistake of the provider: it takes it for everything else
	third := s.token(k, a.ID)
	if third == second || state() != account.Connected {
		t.Error("one mistake more, and the account is lost")
	}
	s.providers.ExpireTokens(providers.Google, anna)
	refuse(third) // now it takes none
	if state() != account.Reconnect {
		t.Error("a token that the provider takes for nothing is still used")
	}
	if _, _, err := k.Token(t.Context(), a.ID); !errors.Is(err, source.ErrReconnect) {
		t.Errorf("got %v", err)
	}
}

// twilioID is that of the account at the test's Twilio.
const (
	twilioID    = "AC0123456789abcdef0123456789abcdef"
	twilioToken = "an-auth-token-of-twilio"
)

// twilio is a Twilio that knows one account.
func twilio(t *testing.T) (url string, close *atomic.Bool) {
	t.Helper()
	closed := new(atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.URL.Path != "/2010-04-01/Accounts/"+twilioID+".json" || user != twilioID || password != twilioToken || closed.Load() {
			http.Error(w, `{"code":20003,"message":"Authenticate"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"status":"active"}`))
	}))
	t.Cleanup(server.Close)
	return server.URL, closed
}

func TestTwilioIsConnectedByIDAndToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	at, closed := twilio(t)
	k.Apps[account.Twilio] = account.App{URL: at}
	for _, wrong := range [][2]string{{"AC", twilioToken}, {twilioID, "short"}, {twilioID, "another-auth-token-of-it"}} {
		_, err := k.ConnectTwilio(t.Context(), owner, wrong[0], wrong[1], account.Wish{})
		var faults *account.FaultsError
		if !errors.As(err, &faults) || strings.Contains(err.Error(), wrong[1]) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	a, err := k.ConnectTwilio(t.Context(), owner, twilioID, twilioToken, account.Wish{Region: ptr("US"), Own: &[]string{"(415) 555-2671"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Own) != 1 || a.Own[0] != (store.Contact{Kind: store.Phone, Value: "+14155552671"}) || a.Name != twilioID {
		t.Errorf("%+v", a.Settings)
	}
	user, password, err := k.Credentials(t.Context(), a.ID)
	if user != twilioID || password != twilioToken || err != nil {
		t.Errorf("%s, %v", user, err)
	}
	if err := k.Refused(t.Context(), a.ID, password); err != nil {
		t.Error(err)
	}
	if _, _, err := k.Credentials(t.Context(), a.ID); err != nil {
		t.Errorf("Twilio takes the token, and it is given up: %v", err)
	}
	closed.Store(true)
	if err := k.Refused(t.Context(), a.ID, password); err != nil {
		t.Error(err)
	}
	if _, _, err := k.Credentials(t.Context(), a.ID); !errors.Is(err, source.ErrReconnect) {
		t.Errorf("got %v", err)
	}
	if strings.Contains(s.log.String(), twilioToken) {
		t.Error("the log has the auth token")
	}
}
