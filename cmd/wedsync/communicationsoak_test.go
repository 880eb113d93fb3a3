package main

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/server/outbound"
	"wedsync/store"
	"wedsync/testdata/providers"
)

// The accounts whose communication is read.
const (
	annaAtGoogle    = "anna@studio.example"
	benAtGoogle     = "ben@studio.example"
	coraAtMicrosoft = "cora@studio.example"
	twilioPassword  = "0123456789abcdef0123456789abcdef"
	twilioNumber    = "+4930111222"
)

// A talkReader is a hub that reads accounts at a server that speaks as the providers.
// The hub does not run while its store is looked at.
type talkReader struct {
	*testing.T
	server  *providers.Server
	corpus  providers.Corpus
	at      *httptest.Server
	flags   communicationFlags
	data    string
	hub     *hubProcess
	address map[string]string // of accounts, by id
	asked   chan struct{}     // has one for each request of the hub, as far as there is room
}

func newTalkReader(t *testing.T, seed uint64, percent int) *talkReader {
	t.Helper()
	r := &talkReader{T: t, data: emptyData(t), address: make(map[string]string), asked: make(chan struct{}, 1<<10)}
	r.server = providers.New(providers.Options{Seed: seed, TokenLife: 30 * time.Second, RetryAfter: time.Second, SlowFor: 100 * time.Millisecond})
	r.corpus = r.server.Fill(seed, providers.Sizes{
		Clients: max(5, 200*percent/100), Mails: 10_000 * percent / 100, Messages: 2000 * percent / 100, Calls: 500 * percent / 100, Events: 300 * percent / 100,
	}, providers.Places{
		Google: []string{annaAtGoogle, benAtGoogle}, Microsoft: []string{coraAtMicrosoft},
		Twilio: []providers.Line{{SID: twilioSID, Token: twilioPassword, Number: twilioNumber}},
	})
	r.at = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		select {
		case r.asked <- struct{}{}:
		default: // nobody waits for as many
		}
		r.server.ServeHTTP(w, request)
	}))
	t.Cleanup(r.at.Close)
	r.flags = communicationsAt(r.at.URL)
	r.look(func(s store.Store, k *account.Keeper) {
		own := []string{annaAtGoogle, benAtGoogle, coraAtMicrosoft, twilioNumber}
		w := account.Wish{Own: &own}
		r.connect(k, account.Google, annaAtGoogle, w)
		r.connect(k, account.Google, benAtGoogle, w)
		r.connect(k, account.Microsoft, coraAtMicrosoft, w)
		a, err := k.ConnectTwilio(t.Context(), olgaOfBarn, twilioSID, twilioPassword, w)
		if err != nil {
			t.Fatal(err)
		}
		r.address[a.ID] = twilioSID
	})
	r.hub = newHub(t, r.data, "--data", r.data)
	r.hub.flags = []string{
		"--allow-private-targets",
		"--google-client-id", providers.ClientID, "--google-client-secret", providers.ClientSecret, "--google-url", r.flags.GoogleURL,
		"--microsoft-client-id", providers.ClientID, "--microsoft-client-secret", providers.ClientSecret, "--microsoft-url", r.flags.MicrosoftURL,
		"--twilio-url", r.flags.TwilioURL,
	}
	return r
}

var olgaOfBarn = conflicts.Principal{Supplier: "barn", User: "olga", Role: conflicts.Owner}

// look opens the store.
func (r *talkReader) look(do func(store.Store, *account.Keeper)) {
	r.Helper()
	at := storeFlags{Data: r.data}
	s, err := at.open(r.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		r.Fatal(err)
	}
	identity, err := s.Identity(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	client := outbound.New(outbound.Options{AllowPrivate: true})
	do(s, r.flags.keeper(at, s, identity, client, slog.New(slog.DiscardHandler)))
	client.Close()
	if err := s.Close(); err != nil {
		r.Fatal(err)
	}
}

// connect connects an account as its owner does who agrees.
func (r *talkReader) connect(k *account.Keeper, p account.Provider, address string, w account.Wish) {
	r.Helper()
	to, _, err := k.Begin(r.Context(), olgaOfBarn, p, w, "https://hub.example.com/callback")
	if err != nil {
		r.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(to + "&login_hint=" + url.QueryEscape(address))
	if err != nil {
		r.Fatal(err)
	}
	_ = answer.Body.Close() // what counts is its head
	back, err := answer.Location()
	if err != nil {
		r.Fatal(err)
	}
	c, err := k.Begun(back.Query().Get("state"))
	if err != nil {
		r.Fatal(err)
	}
	a, err := k.Finish(r.Context(), c, back.Query().Get("code"))
	if err != nil {
		r.Fatal(err)
	}
	r.address[a.ID] = address
}

// live lets the hub run until the providers were asked so often, or have not been
// asked for a while, and kills it.
func (r *talkReader) live(requests int) {
	r.Helper()
	for len(r.asked) > 0 {
		<-r.asked
	}
	r.hub.start()
	r.await(requests)
	r.hub.kill()
}

func (r *talkReader) await(requests int) {
	const quiet, atMost = 2 * time.Second, 20 * time.Second
	enough := time.After(atMost)
	for range requests {
		select {
		case <-r.asked:
		case <-time.After(quiet):
			return
		case <-enough:
			return
		}
	}
}

// ends lets the hub run until all is up to date, at most for a while, and kills it.
func (r *talkReader) ends() bool {
	r.Helper()
	r.hub.start()
	defer r.hub.kill()
	olga, enough, again := r.hub.api(owner("olga")), time.After(20*time.Second), time.NewTicker(250*time.Millisecond)
	defer again.Stop()
	for {
		var page listing[talkSource]
		olga.must("GET", "/api/integrations/communication/sources", nil, &page)
		if !slices.ContainsFunc(page.Items, func(s talkSource) bool { return s.State != string(pulling.UpToDate) }) {
			return true
		}
		select {
		case <-again.C:
		case <-enough:
			return false
		}
	}
}

// engine is one that is only asked.
func (r *talkReader) engine(s store.Store, k *account.Keeper) *pulling.Engine {
	r.Helper()
	e, err := pulling.New(pulling.Options{
		Store: s, Accounts: kept{k}, Readers: map[string]source.Source{}, Caller: func(string, string) source.Caller { return nil }, Clock: time.Now,
	})
	if err != nil {
		r.Fatal(err)
	}
	return e
}

// items are all that are stored.
func (r *talkReader) items() (all []store.Item) {
	r.Helper()
	r.look(func(s store.Store, _ *account.Keeper) {
		q := store.TimelineQuery{Limit: 500, Brief: true}
		for {
			page, err := s.Timeline(r.Context(), "barn", q)
			if err != nil {
				r.Fatal(err)
			}
			if len(page) == 0 {
				return
			}
			all = append(all, page...)
			last := page[len(page)-1]
			q.Before = store.TimelinePosition{At: last.At, ID: last.ID}
		}
	})
	return all
}

// where are the addresses of the accounts that have an item still.
func (r *talkReader) where(item store.Item) (accounts []string) {
	for _, o := range item.Occurrences {
		if !o.Removed {
			accounts = append(accounts, r.address[o.Account])
		}
	}
	slices.Sort(accounts)
	return accounts
}

// factKey is the key under which a fact is to be stored.
func factKey(f providers.Fact) [32]byte {
	switch f.Kind {
	case "email":
		return source.Key("email", source.MessageID(f.ID))
	case "sms", "call":
		return source.Key(f.Kind, f.ID)
	}
	return source.EventKey(f.ID, f.At)
}

// check compares what is stored with what is true: each fact once, in each of its
// accounts, and nothing else.
func (r *talkReader) check() map[[32]byte]store.Item {
	r.Helper()
	stored := make(map[[32]byte]store.Item)
	for _, item := range r.items() {
		if _, twice := stored[item.Key]; twice {
			r.Errorf("%s %q is stored twice", item.Kind, item.Subject)
		}
		stored[item.Key] = item
	}
	wrong := 0
	for _, f := range r.corpus.Facts {
		item, ok := stored[factKey(f)]
		if in, want := r.where(item), slices.Sorted(slices.Values(f.Accounts)); !ok || item.Kind != f.Kind || !slices.Equal(in, want) {
			if wrong++; wrong < 5 {
				r.Errorf("%s %s is stored as %q of %v, not of %v", f.Kind, f.ID, item.Kind, in, want)
			}
		}
	}
	if wrong > 0 || len(stored) != len(r.corpus.Facts) {
		r.Errorf("%d items, %d of %d facts are wrong", len(stored), wrong, len(r.corpus.Facts))
	}
	return stored
}

// TestCommunicationIsReadWholeAndOnceThroughTroubleAndKills kills a hub after
// random numbers of requests while it reads accounts of providers that make every kind of trouble at
// once. In the end everything is there once, and later only what is new is asked for.
func TestCommunicationIsReadWholeAndOnceThroughTroubleAndKills(t *testing.T) {
	t.Parallel()
	const share, expiries = .02, 5
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 3))
	began := time.Now()
	r := newTalkReader(t, seed, *soakTalk)
	for _, f := range providers.AllFaults() {
		if f == providers.Expired {
			r.server.Trouble(f, share, expiries)
		} else {
			r.server.Trouble(f, share, -1)
		}
	}
	r.server.Skew(providers.Microsoft, 5*time.Minute)
	r.server.Skew(providers.Google, -3*time.Minute)
	p := startProgress(t, "communications", seed, len(r.corpus.Facts), func() string {
		return fmt.Sprintf("%d requests", r.server.Total("").Asked)
	})
	r.hub.begin()
	r.hub.kill()
	kills := 1
	for ; kills < 3+*soakTalk/4; kills++ {
		r.live(1 + random.IntN(60))
	}
	for ; !r.ends(); kills++ {
		p.done.Store(int64(len(r.items())))
		if time.Since(began) > time.Duration(2+*soakTalk/4)*time.Minute {
			t.Fatal("it does not come to an end")
		}
	}
	stored := r.check()
	p.done.Store(int64(len(stored)))
	asked := r.server.Total("").Asked

	shared := slices.IndexFunc(r.corpus.Facts, func(f providers.Fact) bool {
		return f.Kind == "email" && slices.Equal(slices.Sorted(slices.Values(f.Accounts)), []string{annaAtGoogle, benAtGoogle})
	})
	if shared < 0 {
		t.Fatal("no mail is in two mailboxes")
	}
	for _, o := range stored[factKey(r.corpus.Facts[shared])].Occurrences {
		if r.address[o.Account] == benAtGoogle {
			r.server.Gmail(benAtGoogle).Delete(o.Provider)
		}
	}
	r.corpus.Facts[shared].Accounts = []string{annaAtGoogle}
	r.server.Calm()
	r.server.ResetCounts()
	r.look(func(s store.Store, k *account.Keeper) {
		for id := range r.address {
			if err := r.engine(s, k).Begin(t.Context(), "barn", id); err != nil {
				t.Fatal(err)
			}
		}
	})
	r.live(math.MaxInt)
	r.check()
	again := r.server.Total("").Asked
	if again > 50 || r.server.Total("/messages/{id}").Asked > 2 {
		t.Errorf("%d requests for what is new: %v", again, r.server.Counts())
	}
	p.finish(time.Since(began), fmt.Sprintf("%d kills; all there, each once; %d requests, then %d for what was new", kills, asked, again))
}
