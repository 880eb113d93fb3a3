package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/server/communications/source"
	"wedsync/server/communications/vault"
	"wedsync/server/outbound"
	"wedsync/store"
	"wedsync/testdata/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	anna     = "anna@barn.example"
	redirect = "https://hub.example.com/api/integrations/communication/callback"
)

var owner = conflicts.Principal{Supplier: "barn", User: "olga", Role: conflicts.Owner}

// A stage is what a keeper works with.
type stage struct {
	t         *testing.T
	providers *providers.Server
	client    *outbound.Client
	store     *accounts
	jobs      *jobs
	vault     *vault.Vault
	url       string
	clock     clock
	log       lines
	woken     []string
}

// lines are what was logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A clock goes on when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newStage(t *testing.T, o providers.Options) *stage {
	t.Helper()
	s := &stage{
		t: t, store: newAccounts(), jobs: &jobs{}, vault: vault.New(filepath.Join(t.TempDir(), "keys.json")),
		client: outbound.New(outbound.Options{AllowPrivate: true}),
		clock:  clock{at: time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)},
	}
	o.Clock = s.clock.now
	s.providers = providers.New(o)
	server := httptest.NewServer(s.providers)
	t.Cleanup(func() { s.client.Close(); server.Close() })
	s.url = server.URL
	s.providers.AddAccount(providers.Google, anna, "Anna")
	return s
}

// keeper is that of one more node.
func (s *stage) keeper() *account.Keeper {
	app := func(p account.Provider) account.App {
		return account.App{ID: providers.ClientID, Secret: providers.ClientSecret, URL: s.url + "/" + string(p)}
	}
	return account.New(account.Options{
		Store: s.store, Jobs: s.jobs, Client: s.client, Identity: []byte("secret of the hub"), Vault: s.vault, MakeKeys: true,
		Apps: map[account.Provider]account.App{
			account.Google: app(account.Google), account.Microsoft: app(account.Microsoft), account.Twilio: app(account.Twilio),
		},
		Wake: func(_ context.Context, supplier, id string) { s.woken = append(s.woken, supplier+"/"+id) },
		Log:  slog.New(slog.NewTextHandler(&s.log, nil)), Now: s.clock.now,
	})
}

// agree opens a URL as a browser does whose user agrees, and returns what the
// provider sends back.
func (s *stage) agree(to string) (state, code string) {
	s.t.Helper()
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	answer, err := browser.Get(to)
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		s.t.Fatal(answer.Status, err)
	}
	return back.Query().Get("state"), back.Query().Get("code")
}

// connect connects anna's mailbox.
func (s *stage) connect(k *account.Keeper, w account.Wish) account.Account {
	s.t.Helper()
	return s.connectAs(k, anna, w)
}

// connectAs connects somebody's mailbox.
func (s *stage) connectAs(k *account.Keeper, address string, w account.Wish) account.Account {
	s.t.Helper()
	to, browser, err := k.Begin(s.t.Context(), owner, account.Google, w, redirect)
	if err != nil {
		s.t.Fatal(err)
	}
	state, code := s.agree(to + "&login_hint=" + url.QueryEscape(address))
	c, err := k.Begun(state)
	if err != nil || !c.By(browser) || c.By("") || c.Who != owner {
		s.t.Fatalf("%v, %+v", err, c.Who)
	}
	a, err := k.Finish(s.t.Context(), c, code)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// put stores an account as it is.
func (s *stage) put(a account.Account) {
	s.t.Helper()
	settings, err := json.Marshal(a.Settings)
	if err != nil {
		s.t.Fatal(err)
	}
	a.Account.Settings = settings
	if err := s.store.SetAccount(s.t.Context(), a.Account); err != nil {
		s.t.Fatal(err)
	}
}

// token reads a token.
func (s *stage) token(k *account.Keeper, id string) string {
	s.t.Helper()
	token, until, err := k.Token(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	if !until.After(s.clock.now()) {
		s.t.Errorf("a token that was good until %v", until)
	}
	return token
}

// works reports whether Google takes a token.
func (s *stage) works(token string) bool {
	r := httptest.NewRequest("GET", "/google/gmail/v1/users/me/profile", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.providers.ServeHTTP(w, r)
	return w.Code == http.StatusOK
}

// refreshes is how often a token was asked for.
func (s *stage) refreshes() int { return s.providers.Counts()["POST /google/token"].Asked }

func TestOwnerConnectsMailbox(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	level, name := store.LevelSubject, "Mail of the barn"
	a := s.connect(k, account.Wish{Level: &level, Name: &name})
	if a.Supplier != "barn" || a.Provider != "google" || a.Address != anna || a.State != account.Connected || a.By != "olga" || a.Level != level || a.Name != name {
		t.Errorf("%+v", a)
	}
	if want := []store.Contact{{Kind: store.EMail, Value: anna}}; !slices.Equal(a.Own, want) {
		t.Errorf("own %v", a.Own)
	}
	if token := s.token(k, a.ID); !s.works(token) {
		t.Errorf("Google does not take the token")
	}
	if !slices.Equal(s.woken, []string{"barn/" + a.ID}) {
		t.Errorf("woken: %v", s.woken)
	}
	if _, err := k.Account(t.Context(), "mill", a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another supplier sees it: %v", err)
	}
}

func TestProviderIsAskedForReadingAloneAndWithPKCE(t *testing.T) {
	t.Parallel()
	k := newStage(t, providers.Options{}).keeper()
	for _, p := range []account.Provider{account.Google, account.Microsoft} {
		to, _, err := k.Begin(t.Context(), owner, p, account.Wish{}, redirect)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("redirect_uri") != redirect {
			t.Errorf("%s: %s", p, to)
		}
		for _, scope := range strings.Fields(q.Get("scope")) {
			if !strings.HasSuffix(scope, ".readonly") && !strings.HasSuffix(scope, ".Read") && scope != "offline_access" {
				t.Errorf("%s is asked for %s", p, scope)
			}
		}
		if p == account.Google && (q.Get("access_type") != "offline" || q.Get("prompt") != "consent") {
			t.Errorf("Google gives no refresh token so: %s", to)
		}
	}
}

func TestSameMailboxIsTheSameAccountConnectedAnew(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	name := "Mail"
	a := s.connect(k, account.Wish{Name: &name})
	s.providers.Disconnect(providers.Google, anna)
	s.clock.forward(2 * time.Hour)
	if _, _, err := k.Token(t.Context(), a.ID); !errors.Is(err, source.ErrReconnect) {
		t.Fatalf("got %v", err)
	}
	lost, err := k.Account(t.Context(), "barn", a.ID)
	if err != nil || lost.State != account.Reconnect || lost.Error == "" {
		t.Errorf("%+v, %v", lost.Settings, err)
	}
	asked := s.refreshes()
	if _, _, err := k.Token(t.Context(), a.ID); !errors.Is(err, source.ErrReconnect) || s.refreshes() != asked {
		t.Errorf("it is asked for again: %v", err)
	}
	again := s.connect(k, account.Wish{})
	if again.ID != a.ID || again.Name != name || again.State != account.Connected || again.Error != "" {
		t.Errorf("%+v", again)
	}
	if !s.works(s.token(k, a.ID)) {
		t.Error("Google does not take the token")
	}
	if all, err := k.Accounts(t.Context(), "barn"); len(all) != 1 || err != nil {
		t.Errorf("%d accounts, %v", len(all), err)
	}
}

func TestMailboxThatTwoConnectAtOnceIsOneAccount(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	begin := func() (k *account.Keeper, c account.Connecting, code string) {
		k = s.keeper()
		k.Wake = nil
		to, _, err := k.Begin(t.Context(), owner, account.Google, account.Wish{}, redirect)
		if err != nil {
			t.Fatal(err)
		}
		state, code := s.agree(to)
		if c, err = k.Begun(state); err != nil {
			t.Fatal(err)
		}
		return k, c, code
	}
	var both, all sync.WaitGroup
	both.Add(2)
	s.store.raced = func(a store.Account) {
		if a.Version == 0 { // neither has seen the other's
			both.Done()
			both.Wait()
		}
	}
	for range 2 {
		k, c, code := begin()
		all.Go(func() {
			if _, err := k.Finish(t.Context(), c, code); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	k := s.keeper()
	kept, err := k.Accounts(t.Context(), "barn")
	if len(kept) != 1 || err != nil {
		t.Fatalf("%d accounts, %v", len(kept), err)
	}
	if !s.works(s.token(k, kept[0].ID)) {
		t.Error("it cannot be read")
	}
}

func TestStateIsGoodForAWhileAndForThisHubAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	to, _, err := k.Begin(t.Context(), owner, account.Google, account.Wish{}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	state, _ := s.agree(to)
	if strings.Contains(state, "olga") {
		t.Error("the state can be read")
	}
	if _, err := s.keeper().Begun(state); err != nil {
		t.Errorf("another node of the hub: %v", err)
	}
	other := account.New(account.Options{Identity: []byte("secret of another"), Now: s.clock.now, Client: s.client})
	altered := []byte(state)
	altered[len(altered)/2] ^= 1
	for what, try := range map[string]func() error{
		"another hub":  func() error { _, err := other.Begun(state); return err },
		"altered":      func() error { _, err := k.Begun(string(altered)); return err },
		"empty":        func() error { _, err := k.Begun(""); return err },
		"no base64":    func() error { _, err := k.Begun("%%%"); return err },
		"without end":  func() error { _, err := k.Begun(strings.Repeat("A", 1<<20)); return err },
		"ten minutes":  func() error { s.clock.forward(10 * time.Minute); _, err := k.Begun(state); return err },
		"a day, later": func() error { s.clock.forward(24 * time.Hour); _, err := k.Begun(state); return err },
	} {
		if err := try(); !errors.Is(err, account.ErrState) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	to, _, err := k.Begin(t.Context(), owner, account.Google, account.Wish{}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	state, code := s.agree(to)
	c, err := k.Begun(state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Finish(t.Context(), c, code); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Finish(t.Context(), c, code); !errors.Is(err, source.ErrReconnect) {
		t.Errorf("got %v", err)
	}
}

func TestHubThatIsNotSetUpSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	for todo, k := range map[string]*account.Keeper{
		"--google-client-id": account.New(account.Options{Identity: []byte("x"), Client: s.client, Vault: s.vault}),
		"--keys FILE":        with(s.keeper(), func(k *account.Keeper) { k.Vault = nil }),
		"keys create":        with(s.keeper(), func(k *account.Keeper) { k.MakeKeys = false }),
	} {
		_, _, err := k.Begin(t.Context(), owner, account.Google, account.Wish{}, redirect)
		var setup *account.SetupError
		if !errors.As(err, &setup) || !strings.Contains(setup.Todo, todo) {
			t.Errorf("%s: %v", todo, err)
		}
	}
	wrong := s.keeper()
	wrong.Apps[account.Google] = account.App{ID: "another", Secret: "x", URL: s.url + "/google"}
	_, err := wrong.Finish(t.Context(), account.Connecting{Who: owner, Provider: account.Google}, "x")
	var setup *account.SetupError
	if !errors.As(err, &setup) || !strings.Contains(setup.Todo, "--google-client-id") {
		t.Errorf("got %v", err)
	}
}

func with(k *account.Keeper, set func(*account.Keeper)) *account.Keeper {
	set(k)
	return k
}

func TestWishesAreChecked(t *testing.T) {
	t.Parallel()
	k := newStage(t, providers.Options{}).keeper()
	for field, w := range map[string]account.Wish{
		"name":   {Name: ptr("")},
		"level":  {Level: ptr(store.Level(7))},
		"region": {Region: ptr("Germany")},
		"own[1]": {Own: &[]string{"a@example.com", "?"}},
		"own":    {Own: ptr(slices.Repeat([]string{"a@example.com"}, 51))},
	} {
		_, _, err := k.Begin(t.Context(), owner, account.Google, w, redirect)
		var faults *account.FaultsError
		if !errors.As(err, &faults) || faults.Faults[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestWhatIsReadOtherwiseIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	for _, c := range []struct {
		wish  account.Wish
		again bool
	}{
		{account.Wish{Name: ptr("Mail")}, false},
		{account.Wish{Level: ptr(store.LevelMetadata)}, true},
		{account.Wish{Level: ptr(store.LevelMetadata)}, false},
		{account.Wish{Region: ptr("de")}, true},
		{account.Wish{Own: &[]string{"office@barn.example", "030 123456"}}, true},
		{account.Wish{Since: ptr(s.clock.now())}, true},
		{account.Wish{Paused: ptr(true)}, false},
	} {
		changed, err := k.Set(t.Context(), "barn", a.ID, a.Version, c.wish)
		if err != nil || (changed.Reading != a.Reading) != c.again {
			t.Errorf("%+v: %v, again %v", c.wish, err, changed.Reading != a.Reading)
		}
		a = changed
	}
	want := []store.Contact{{Kind: store.EMail, Value: anna}, {Kind: store.EMail, Value: "office@barn.example"}, {Kind: store.Phone, Value: "+4930123456"}}
	if !slices.Equal(a.Own, want) || a.Region != "DE" {
		t.Errorf("%v, %s", a.Own, a.Region)
	}
	if _, err := k.Set(t.Context(), "barn", a.ID, a.Version-1, account.Wish{}); !errors.Is(err, store.ErrStale) {
		t.Errorf("got %v", err)
	}
	if _, err := k.Set(t.Context(), "mill", a.ID, 0, account.Wish{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, _, err := k.Token(t.Context(), a.ID); !errors.Is(err, account.ErrPaused) {
		t.Errorf("got %v", err)
	}
	if a, err := k.Set(t.Context(), "barn", a.ID, 0, account.Wish{Paused: ptr(false)}); err != nil || a.State != account.Connected {
		t.Errorf("%v, %v", a.State, err)
	}
}

func TestDisconnectedAccountIsForgottenAndItsTokensAreTakenBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	left := 1100
	k.Forget = func(_ context.Context, supplier, id string, limit int) (int, error) {
		if supplier != "barn" {
			return 0, fmt.Errorf("of %s", supplier)
		}
		n := min(left, limit)
		left -= n
		return n, nil
	}
	a := s.connect(k, account.Wish{})
	token := s.token(k, a.ID)
	leaves := 0
	k.Leave = func(_ context.Context, id string) error {
		if leaves++; id != a.ID || !s.works(token) {
			t.Errorf("leaves %s after its tokens were taken back", id)
		}
		return errors.New("too late")
	}
	forget := k.Workers()[account.JobForget].Run
	if err := forget(t.Context(), store.Job{Kind: account.JobForget, Supplier: "barn", Key: a.ID}); err != nil || left != 1100 {
		t.Errorf("of an account that is there %d are left, %v", left, err)
	}
	if err := k.Disconnect(t.Context(), "mill", a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another supplier: %v", err)
	}
	if err := k.Disconnect(t.Context(), "barn", a.ID); err != nil {
		t.Fatal(err)
	}
	if s.works(token) || leaves != 1 {
		t.Errorf("the token is still good, or it was left %d times", leaves)
	}
	if len(s.jobs.put) != 2 || s.jobs.put[0].At.IsZero() || !s.jobs.put[1].At.IsZero() {
		t.Errorf("jobs %+v", s.jobs.put)
	}
	for _, j := range s.jobs.put {
		if err := forget(t.Context(), j); err != nil || left != 0 {
			t.Errorf("%d are left, %v", left, err)
		}
	}
	if _, _, err := k.Token(t.Context(), a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
