package main

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

// The client with whom everybody talks: names, an address and a number that nobody
// and nothing else has.
const (
	zephyrine       = "Zephyrine Quillfeather"
	zephyrineMail   = "zephyrine@quillfeather.example"
	zephyrineNumber = "+441514960123"
	otherMail       = "otto@other.example"
)

// A talkSite is a hub that reads accounts at a server that speaks as the providers,
// all of them connected as people do, and a client with whom everybody talks.
type talkSite struct {
	*testing.T
	server *providers.Server
	at     string // its URL
	public string // URL of the hub as the providers know it
	hub    *hubProcess
	olga   *api
	client item                // Zephyrine
	other  item                // Otto, to whom one mail went too
	ids    map[string]string   // of accounts, by address
	pushes chan providers.Push // that the providers sent
	key    *rsa.PrivateKey     // of Google
	heard  *listened
	want   []talkRow // the timeline, the newest first
	began  time.Time
}

// A talkRow is an item of a timeline as the API shows it.
type talkRow struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Direction   string    `json:"direction"`
	At          time.Time `json:"occurred_at"`
	Subject     string    `json:"subject"`
	Snippet     string    `json:"snippet"`
	Source      string    `json:"source"`
	Occurrences []struct {
		Source string `json:"source"`
	} `json:"occurrences"`
}

// told is what a row says, in short.
func (r talkRow) told() string {
	return fmt.Sprintf("%s %s %s: %s", r.Source, r.Direction, r.Kind, cmp.Or(r.Subject, r.Snippet))
}

func told(rows []talkRow) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.told()
	}
	return strings.Join(lines, "\n")
}

// A talkAnswer is what the hub answers to a sync.
type talkAnswer struct {
	Client  string       `json:"client_id"`
	Items   []talkRow    `json:"items"`
	Sources []talkSource `json:"sources"`
	Next    *string      `json:"next"`
}

// A talkSource is how it stands with a source.
type talkSource struct {
	Source  string     `json:"source"`
	Account string     `json:"account"`
	State   string     `json:"state"`
	Success *time.Time `json:"last_success"`
	Error   *string    `json:"error"`
}

func newTalkSite(t *testing.T) *talkSite {
	t.Helper()
	s := &talkSite{T: t, ids: make(map[string]string), pushes: make(chan providers.Push, 100), began: time.Now().Truncate(time.Second)}
	s.server = providers.New(providers.Options{Seed: 9, Rotate: true})
	s.server.OnPush(func(p providers.Push) { s.pushes <- p })
	provider := httptest.NewServer(s.server)
	t.Cleanup(provider.Close)
	s.at = provider.URL
	keys := s.googleKeys()
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.hub.address})
	}})
	t.Cleanup(proxy.Close)
	s.public = proxy.URL
	s.hub = startHubFlags(
		t, "--allow-private-targets", "--public-url", s.public,
		"--google-keys", keys, "--google-topic", pushTopic, "--google-pusher", pushPusher,
		"--google-client-id", providers.ClientID, "--google-client-secret", providers.ClientSecret, "--google-url", s.at+"/google",
		"--microsoft-client-id", providers.ClientID, "--microsoft-client-secret", providers.ClientSecret, "--microsoft-url", s.at+"/microsoft",
		"--twilio-url", s.at+"/twilio",
	)
	s.olga = s.hub.api(owner("olga"))
	s.client = s.olga.create(map[string]any{"name": zephyrine + " & Finn", "email": zephyrineMail, "phone": zephyrineNumber})
	s.other = s.olga.create(map[string]any{"name": "Otto Other", "email": otherMail})
	s.heard = s.listen()
	return s
}

// googleKeys makes a key for Google, and serves what others are to know of it.
func (s *talkSite) googleKeys() (at string) {
	s.Helper()
	var err error
	if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		s.Fatal(err)
	}
	keys, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "g1",
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
	if err != nil {
		s.Fatal(err)
	}
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) }))
	s.Cleanup(google.Close)
	return google.URL
}

// ago is a time before the test began.
func (s *talkSite) ago(hours int) time.Time {
	return s.began.Add(-time.Duration(hours) * time.Hour).UTC()
}

// expect says that an item is to be in the client's timeline from now on.
func (s *talkSite) expect(source, direction, kind, text string, at time.Time) {
	s.want = append(s.want, talkRow{Source: source, Direction: direction, Kind: kind, Subject: text, At: at})
	slices.SortStableFunc(s.want, func(a, b talkRow) int { return b.At.Compare(a.At) })
}

// A mailbox is one at whatever provider.
type mailbox interface {
	Add(m providers.Mail, where ...string) string
}

// writes puts a mail of the client's into mailboxes.
func (s *talkSite) writes(to, subject, text string, at time.Time, into ...mailbox) {
	m := providers.Mail{
		MessageID: "<" + rand.Text() + "@quillfeather.example>", From: providers.Person{Name: zephyrine, Address: zephyrineMail},
		To: []providers.Person{{Address: to}}, Subject: subject, Text: text, Date: at,
	}
	for _, box := range into {
		box.Add(m)
	}
}

// texts is a text message of the client's.
func (s *talkSite) texts(text string, at time.Time) {
	s.phone().Message(providers.Message{From: zephyrineNumber, To: twilioNumber, Body: text, Inbound: true, State: "received", Sent: at})
	s.expect("twilio_sms", "inbound", "sms", text, at)
}

func (s *talkSite) phone() providers.Telephone { return s.server.Telephone(twilioSID, twilioPassword) }

// connectMailbox connects an account as its owner does in a browser.
func (s *talkSite) connectMailbox(provider, address string) {
	s.Helper()
	status, begun, cookie := s.begin(provider)
	if status != http.StatusOK {
		s.Fatalf("connect %s: status %d", provider, status)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	agreed, err := browser.Get(begun + "&login_hint=" + url.QueryEscape(address))
	if err != nil {
		s.Fatal(err)
	}
	_ = agreed.Body.Close() // what counts is its head
	back, err := agreed.Location()
	if err != nil {
		s.Fatal(agreed.Status, err)
	}
	r, err := http.NewRequest(http.MethodGet, back.String(), nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.AddCookie(cookie)
	done, err := browser.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	_ = done.Body.Close() // likewise
	if done.StatusCode != http.StatusOK {
		s.Fatalf("connect %s: %s", address, done.Status)
	}
}

// begin asks the hub where to connect an account, and with which cookie.
func (s *talkSite) begin(provider string) (status int, to string, cookie *http.Cookie) {
	s.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+s.hub.address+"/api/integrations/communication/connect", strings.NewReader(`{"provider":"`+provider+`"}`))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.olga.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	var begun struct{ URL string }
	if err := json.NewDecoder(answer.Body).Decode(&begun); err != nil || len(answer.Cookies()) != 1 {
		s.Fatalf("connect %s: %s, cookies %v, %v", provider, answer.Status, answer.Cookies(), err)
	}
	return answer.StatusCode, begun.URL, answer.Cookies()[0]
}

// connectAll connects an account of each provider.
func (s *talkSite) connectAll() {
	s.Helper()
	s.connectMailbox("google", annaAtGoogle)
	s.connectMailbox("microsoft", coraAtMicrosoft)
	s.olga.must("POST", "/api/integrations/communication/accounts", map[string]any{
		"sid": twilioSID, "token": twilioPassword, "numbers": []string{twilioNumber},
	}, nil)
	var accounts listing[struct{ ID, Address string }]
	s.olga.must("GET", "/api/integrations/communication/accounts", nil, &accounts)
	for _, a := range accounts.Items {
		s.ids[a.Address] = a.ID
	}
	if len(s.ids) != 3 {
		s.Fatalf("accounts %v", s.ids)
	}
}

// sync is the very call by which somebody wants to know all of a client.
func (s *talkSite) sync() (a talkAnswer) {
	s.Helper()
	s.olga.must("POST", "/api/integrations/communication/sync", map[string]any{"client_id": s.client.ClientID}, &a)
	return a
}

// read is the client's timeline page by page, as far as a query selects it.
func (s *talkSite) read(query string) (all []talkRow) {
	s.Helper()
	for next := ""; ; {
		var page listing[talkRow]
		s.olga.must("GET", "/api/clients/"+s.client.ClientID+"/communications?limit=4&"+query+next, nil, &page)
		if len(page.Items) > 4 {
			s.Errorf("a page of 4 has %d", len(page.Items))
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		next = "&cursor=" + *page.Next
	}
}

// shows checks a timeline against what is expected of it.
func (s *talkSite) shows(rows []talkRow) {
	s.Helper()
	if got, want := told(rows), told(s.want); got != want {
		s.Errorf("the timeline is\n%s\n\nand should be\n%s", got, want)
	}
}

// awaits waits until the timeline is as expected, without asking for it to be read.
func (s *talkSite) awaits() {
	s.Helper()
	late, again := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for told(s.read("")) != told(s.want) {
		select {
		case <-again.C:
		case <-late:
			s.shows(s.read(""))
			s.FailNow()
		}
	}
}

// states checks how it stands with all sources: those that are named as they are
// said to be, the others up to date.
func (s *talkSite) states(sources []talkSource, otherwise map[string]string) {
	s.Helper()
	names := make([]string, len(sources))
	for i, one := range sources {
		names[i] = one.Source
		want := cmp.Or(otherwise[one.Source], "up_to_date")
		if one.State != want || (one.Error != nil) != (want != "up_to_date") {
			s.Errorf("%s of %s is %s (%v), and should be %s", one.Source, one.Account, one.State, one.Error, want)
		}
		if one.Success == nil {
			s.Errorf("%s was never read", one.Source)
		}
	}
	slices.Sort(names)
	if want := []string{"gmail", "google_calendar", "in_app", "manual", "outlook", "outlook_calendar", "twilio_calls", "twilio_sms"}; !slices.Equal(names, want) {
		s.Errorf("sources %v, want %v", names, want)
	}
}

// part is a part of the test, without which the others make no sense.
func (s *talkSite) part(claim string, show func()) {
	s.Helper()
	whole := s.T
	as := func(t *testing.T) { s.T, s.hub.t, s.olga.t = t, t, t }
	done := whole.Run(claim, func(t *testing.T) {
		as(t)
		show()
	})
	as(whole)
	if !done {
		s.FailNow()
	}
}

// A listened is what the activity stream told of communications.
type listened struct {
	mu       sync.Mutex
	items    map[string]int  // how often each was told of
	progress map[string]bool // sources that were told to be read
	changed  chan struct{}   // closed and replaced when something was told
}

// listen listens to the activity stream until the test ends.
func (s *talkSite) listen() *listened {
	s.Helper()
	l := &listened{items: make(map[string]int), progress: make(map[string]bool), changed: make(chan struct{})}
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://"+s.hub.address+"/api/realtime/clients/events?clients="+s.client.ClientID, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+s.olga.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.Fatalf("listen: %v, %v", answer, err)
	}
	go func() { // ends with the test
		defer answer.Body.Close()
		_ = eachEvent(answer.Body, func() {}, l.hear) // that it ended is seen by what it does not tell
	}()
	return l
}

func (l *listened) hear(data string) error {
	var e struct {
		Type string
		Data struct {
			Activity struct {
				Kind string
				Data struct{ Items []string }
			}
			Progress struct{ Source string }
		}
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Data.Activity.Kind == "communication" {
		for _, id := range e.Data.Activity.Data.Items {
			l.items[id]++
		}
	}
	if e.Data.Progress.Source != "" {
		l.progress[e.Data.Progress.Source] = true
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// await waits until something was heard.
func (l *listened) await(t *testing.T, what string, met func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		done, changed := met(), l.changed
		l.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited in vain to be told of %s: %+v", what, l)
		}
	}
}
