package server_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/api"
	"wedsync/server/communications/account"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/vault"
	"wedsync/server/outbound"
	"wedsync/store"
	"wedsync/testdata/providers"
)

const (
	accountsURL = "/api/integrations/communication/accounts"
	connectURL  = "/api/integrations/communication/connect"

	line      = "AC00000000000000000000000000000001" // at Twilio
	lineToken = "0123456789abcdef0123456789abcdef"   //nolint:gosec // of a test server
	twilio    = `{"sid":"` + line + `","token":"` + lineToken + `","numbers":["+442079460018"]}`
)

// keeps gives a site a keeper of accounts and providers to connect them at.
func (s *realSite) keeps() {
	s.t.Helper()
	s.providers = providers.New(providers.Options{Clock: s.now})
	s.providers.AddAccount(providers.Google, "anna@barn.example", "Anna")
	s.providers.Telephone(line, lineToken, "+442079460018")
	at := httptest.NewServer(s.providers)
	client := outbound.New(outbound.Options{AllowPrivate: true})
	s.t.Cleanup(func() { client.Close(); at.Close() })
	apps := make(map[account.Provider]account.App)
	for _, p := range account.Providers {
		apps[p] = account.App{ID: providers.ClientID, Secret: providers.ClientSecret, URL: at.URL + "/" + string(p)}
	}
	s.behind.Accounts = account.New(account.Options{
		Store: s.store, Jobs: s.store, Client: client, Identity: []byte("secret"), Apps: apps, Now: s.now,
		Vault: vault.New(filepath.Join(s.t.TempDir(), "keys.json")), MakeKeys: true, Forget: s.store.ForgetOccurrences,
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
}

// keeping has another keeper stand behind the URLs.
func (s *realSite) keeping(change func(*account.Options)) {
	s.t.Helper()
	o := s.behind.Accounts.Options
	change(&o)
	s.serve(func(behind *api.Options) { behind.Accounts = account.New(o) })
}

// agreed begins to connect a mailbox, whose owner agrees: where the provider sends
// the browser, and with which cookie.
func (s *site) agreed() (callback string, cookie *http.Cookie) {
	s.t.Helper()
	got := s.want(200, s.do(olga, "POST", connectURL, `{"provider":"google"}`))
	cookie, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
	if err != nil {
		s.t.Fatal(err)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	answer, err := browser.Get(got.text("url") + "&login_hint=anna@barn.example")
	if err != nil {
		s.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	back, err := answer.Location()
	if err != nil {
		s.t.Fatal(answer.Status, err)
	}
	return back.RequestURI(), cookie
}

func TestMailboxIsConnectedByTheBrowserThatBeganAlone(t *testing.T) {
	s := newRealSite(t)
	callback, cookie := s.agreed()
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != api.CallbackPath || cookie.MaxAge != 600 || cookie.Secure {
		t.Errorf("cookie %v", cookie)
	}
	for name, headers := range map[string][]string{
		"no cookie":                    nil,
		"another browser's":            {"Cookie", cookie.Name + "=guess"},
		"an owner's token is no proof": {"Authorization", "Bearer " + s.token(olga)},
	} {
		if got := s.want(409, s.send("GET", callback, "", headers...)); got.text("type") != api.NotBegun.Type() {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	got := s.want(200, s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value, "Accept", "text/html"))
	if !strings.Contains(got.raw, "<h1>anna@barn.example is connected</h1>") || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v %s", got.header, got.raw)
	}
	if gone, err := http.ParseSetCookie(got.header.Get("Set-Cookie")); err != nil || gone.MaxAge >= 0 {
		t.Errorf("the cookie stays: %v, %v", gone, err)
	}
	if again := s.want(409, s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value)); again.text("type") != api.ProviderRefused.Type() {
		t.Errorf("a code that was used: %s", again.raw)
	}
	list := s.want(200, s.do(olga, "GET", accountsURL, ""))
	if list.text("items", 0, "address") != "anna@barn.example" || list.text("items", 0, "state") != "connected" || list.text("items", 0, "connected_by") != "olga" || list.text("items", 0, "own", 0) != "anna@barn.example" {
		t.Errorf("%s", list.raw)
	}
	s.serve(func(o *api.Options) { o.PublicURL = "https://hub.example.com" })
	if _, cookie := s.agreed(); !cookie.Secure {
		t.Errorf("cookie %v of a hub with TLS", cookie)
	}
}

func TestMailboxIsConnectedOnlyAsLongAsWhoBeganIsAnOwner(t *testing.T) {
	s := newRealSite(t)
	callback, cookie := s.agreed()
	nora := conflicts.Principal{Supplier: "barn", User: "nora", Role: conflicts.Owner}
	s.want(200, s.do(nora, "PUT", "/api/users/olga", `{"role":"member"}`))
	s.want(403, s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value))
	s.want(200, s.do(nora, "PUT", "/api/users/olga", `{"role":"none"}`))
	if got := s.want(403, s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value)); got.text("type") != api.Revoked.Type() {
		t.Errorf("%s", got.raw)
	}
	if list := s.want(200, s.do(nora, "GET", accountsURL, "")); len(list.at("items").([]any)) != 0 {
		t.Errorf("%s", list.raw)
	}
}

func TestBrowserIsToldByAPageWhyNothingWasConnected(t *testing.T) {
	s := newRealSite(t)
	callback, cookie := s.agreed()
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	denied := u.Path + "?error=access_denied&state=" + u.Query().Get("state")
	for target, want := range map[string]string{callback: "This browser did not begin", denied: "nobody agreed there"} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		if target == denied {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != 409 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d %s, want %q", w.Code, w.Body, want)
		}
	}
}

func TestTwilioIsConnectedChangedAndDisconnected(t *testing.T) {
	s := newRealSite(t)
	made := s.want(201, s.do(olga, "POST", accountsURL, twilio))
	if made.text("name") != line || made.text("level") != "everything" || made.text("own", 0) != "+442079460018" {
		t.Errorf("made %s", made.raw)
	}
	again := s.want(201, s.do(olga, "POST", accountsURL, strings.Replace(twilio, `}`, `,"name":"Office"}`, 1)))
	if again.text("id") != made.text("id") || again.text("name") != "Office" {
		t.Errorf("connected anew: %s", again.raw)
	}
	path := accountsURL + "/" + made.text("id")
	got := s.want(200, s.do(olga, "PATCH", path, `{"version":`+s.version(path)+`,"level":"subject","region":"gb","since":"2026-01-01T00:00:00Z","own":["020 7946 0018"],"paused":true}`))
	if got.text("level") != "subject" || got.text("region") != "GB" || got.text("own", 0) != "+442079460018" || got.text("state") != "paused" || got.text("since") != "2026-01-01T00:00:00Z" {
		t.Errorf("%s", got.raw)
	}
	if got := s.want(409, s.do(olga, "PATCH", path, `{"version":1,"paused":false}`)); got.text("type") != api.AccountMoved.Type() || got.text("title") != "The account has moved on" {
		t.Errorf("%s", got.raw)
	}
	s.want(204, s.do(olga, "DELETE", path, ""))
	s.want(404, s.do(olga, "GET", path, ""))
}

func TestAccountWhoseSettingsAreLostIsShownAndDisconnected(t *testing.T) {
	s := newRealSite(t)
	id := s.want(201, s.do(olga, "POST", accountsURL, twilio)).text("id")
	lost, err := s.store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	lost.Settings = []byte("{")
	if err := s.store.SetAccount(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	path := accountsURL + "/" + id
	if got := s.want(409, s.do(olga, "PATCH", path, `{"paused":true}`)); got.text("type") != api.AccountLost.Type() || !strings.Contains(got.text("detail"), "Connect the account again") {
		t.Errorf("%s", got.raw)
	}
	again := s.want(201, s.do(olga, "POST", accountsURL, twilio)).text("id")
	states := make(map[string]string)
	list := s.want(200, s.do(olga, "GET", accountsURL, ""))
	for i := range list.at("items").([]any) {
		states[list.text("items", i, "id")] = list.text("items", i, "state")
	}
	if want := map[string]string{id: "reconnect", again: "connected"}; !maps.Equal(states, want) {
		t.Errorf("%s", list.raw)
	}
	if got := s.want(200, s.do(olga, "GET", path, "")); got.text("address") != id || !strings.Contains(got.text("error"), "connect it again, then disconnect this one") {
		t.Errorf("%s", got.raw)
	}
	s.want(204, s.do(olga, "DELETE", path, ""))
	s.want(404, s.do(olga, "GET", path, ""))
}

func TestOneAccountIsReadWhenItsOwnerAsks(t *testing.T) {
	s := newRealSite(t)
	id := s.want(201, s.do(olga, "POST", accountsURL, twilio)).text("id")
	s.engine.are(
		pulling.Source{Name: "gmail", Account: "another", State: pulling.UpToDate},
		pulling.Source{Name: "twilio_sms", Account: id, State: pulling.Failing, Error: "the provider does not answer", Left: -1},
	)
	got := s.want(200, s.do(olga, "POST", accountsURL+"/"+strings.ToLower(id)+"/sync", `{"wait":"5s"}`))
	if len(got.at("items").([]any)) != 1 || got.text("items", 0, "source") != "twilio_sms" || got.text("items", 0, "error") != "the provider does not answer" {
		t.Errorf("%s", got.raw)
	}
	if !slices.Equal(s.engine.asked, []string{id}) {
		t.Errorf("asked %q", s.engine.asked)
	}
	if got := s.want(422, s.do(olga, "POST", accountsURL+"/"+id+"/sync", `{"wait":"26s"}`)).faults(); !slices.Equal(got, []string{"wait: must not be more than 25s"}) {
		t.Errorf("%q", got)
	}
}

// version is that of what a URL shows.
func (s *site) version(path string) string {
	s.t.Helper()
	return fmt.Sprint(s.want(200, s.do(olga, "GET", path, "")).at("version"))
}

func TestAccountIsRefusedWithAllThatIsWrong(t *testing.T) {
	s := newRealSite(t)
	faults := strings.Join(s.want(422, s.do(olga, "POST", accountsURL, `{"sid":"AC1","token":"x","numbers":["?"],"level":"all","since":"soon"}`)).faults(), "\n")
	for _, want := range []string{"numbers[0]: must be an e-mail address or a phone number", "level: must be metadata", "since: must be a time"} {
		if !strings.Contains(faults, want) {
			t.Errorf("%q is missing in %s", want, faults)
		}
	}
	for body, want := range map[string]string{
		`{"sid":"AC1","token":"x"}`:                              "sid: must be the id of a Twilio account",
		strings.Replace(twilio, lineToken, lineToken[1:]+"x", 1): "token: is not what Twilio has",
	} {
		if got := strings.Join(s.want(422, s.do(olga, "POST", accountsURL, body)).faults(), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", body, got)
		}
	}
	if got := s.want(422, s.do(olga, "POST", connectURL, `{"provider":"twilio"}`)).faults(); !slices.Equal(got, []string{"provider: must be google or microsoft"}) {
		t.Errorf("%q", got)
	}
}

func TestAccountsSayWhatHasToBeSetUpFirst(t *testing.T) {
	s := newRealSite(t)
	callback, cookie := s.agreed()
	s.keeping(func(o *account.Options) { o.Vault = nil })
	for _, got := range []reply{
		s.do(olga, "POST", accountsURL, twilio), s.do(olga, "POST", connectURL, `{"provider":"google"}`),
		s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value),
	} {
		if s.want(409, got); got.text("type") != api.Setup.Type() || !strings.Contains(got.text("detail"), "wedsync serve --keys FILE") {
			t.Errorf("%s", got.raw)
		}
	}
	s.keeping(func(o *account.Options) { o.Apps = nil })
	if got := s.want(409, s.do(olga, "POST", connectURL, `{"provider":"google"}`)); !strings.Contains(got.text("detail"), "--google-client-id") {
		t.Errorf("%s", got.raw)
	}
}

func TestProviderThatIsAwayIsNoFaultOfTheHub(t *testing.T) {
	s := newRealSite(t)
	callback, cookie := s.agreed()
	gone := httptest.NewServer(nil)
	gone.Close()
	s.keeping(func(o *account.Options) {
		o.Apps = map[account.Provider]account.App{account.Google: {ID: "x", Secret: "x", URL: gone.URL}, account.Twilio: {URL: gone.URL}}
	})
	for _, got := range []reply{s.do(olga, "POST", accountsURL, twilio), s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value)} {
		if s.want(502, got); got.text("type") != api.ProviderAway.Type() {
			t.Errorf("%s", got.raw)
		}
	}
}

func TestNoTokenOfAnAccountIsInAnAnswerOrTheLog(t *testing.T) {
	s := newRealSite(t)
	var said strings.Builder
	note := func(got reply) reply {
		said.WriteString(got.raw)
		return got
	}
	callback, cookie := s.agreed()
	note(s.want(409, s.send("GET", callback, "")))
	note(s.want(200, s.send("GET", callback, "", "Cookie", cookie.Name+"="+cookie.Value)))
	note(s.want(201, s.do(olga, "POST", accountsURL, twilio)))
	note(s.want(422, s.do(olga, "POST", accountsURL, strings.Replace(twilio, line, "AC1", 1))))
	list := note(s.want(200, s.do(olga, "GET", accountsURL, "")))
	secrets := []string{lineToken, cookie.Value, providers.ClientSecret}
	for i := range list.at("items").([]any) {
		path := accountsURL + "/" + list.text("items", i, "id")
		note(s.want(200, s.do(olga, "GET", path, "")))
		note(s.want(200, s.do(olga, "PATCH", path, `{"level":"metadata"}`)))
		stored, err := s.store.Account(t.Context(), list.text("items", i, "id"))
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, s.readWith(stored)...)
	}
	note(s.want(200, s.do(olga, "GET", "/api/clients/export", "", "Accept", "application/x-ndjson")))
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, u.Query().Get("code"))
	if len(secrets) < 6 {
		t.Fatalf("%d secrets", len(secrets))
	}
	for i, secret := range secrets {
		if secret == "" || strings.Contains(said.String(), secret) || strings.Contains(s.log.String(), secret) {
			t.Errorf("secret %d was told", i)
		}
	}
}

// readWith is all that a stored account has of what it is read with: what is sealed,
// and what that is.
func (s *realSite) readWith(stored store.Account) (all []string) {
	s.t.Helper()
	a, err := account.Of(stored)
	if err != nil {
		s.t.Fatal(err)
	}
	k := s.behind.Accounts
	if a.Provider == string(account.Twilio) {
		_, password, err := k.Credentials(s.t.Context(), a.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		return []string{password}
	}
	token, _, err := k.Token(s.t.Context(), a.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	opened, err := k.Vault.Open(vault.Owner{Supplier: a.Supplier, Account: a.ID}, a.Secret)
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{token, string(opened), a.Secret.Key}
}
