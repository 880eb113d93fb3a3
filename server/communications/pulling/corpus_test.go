package pulling_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/calling"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/server/communications/source/microsoft"
	"wedsync/server/communications/source/twilio"
	"wedsync/store"
	"wedsync/testdata/providers"
)

var (
	soakShare  = flag.Int("soak.communications", 10, "a corpus of `N` percent of its full size")
	soakReport = flag.Duration("soak.report", 0, "say at the end what came of it, if not 0")
)

// seedOf is the seed of a run: WEDSYNC_SEED repeats one.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("WEDSYNC_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("WEDSYNC_SEED: %v", err)
		}
	}
	t.Logf("seed %d (repeat with WEDSYNC_SEED)", seed)
	return seed
}

// The accounts of the corpus.
const (
	anna = "anna@studio.example" // Google
	ben  = "ben@studio.example"  // Google
	cora = "cora@studio.example" // Microsoft
	line = "AC00000000000000000000000000000001"
	word = "a-password-of-twilio"
)

// A world is a server that speaks as the providers, with a corpus, and a store
// into which engines read it.
type world struct {
	*testing.T
	m      *memory
	server *providers.Server
	corpus providers.Corpus
	tokens *granted
}

func newWorld(t *testing.T, seed uint64, percent int) *world {
	t.Helper()
	w := &world{T: t, m: newMemory()}
	w.server = providers.New(providers.Options{Seed: seed, TokenLife: 10 * time.Minute, RetryAfter: 2 * time.Second, Quota: map[providers.Provider]int{providers.Google: 500}})
	w.corpus = w.server.Fill(seed, providers.Sizes{
		Clients: 200 * percent / 100, Mails: 10_000 * percent / 100, Messages: 2000 * percent / 100, Calls: 500 * percent / 100, Events: 300 * percent / 100,
	}, providers.Places{
		Google: []string{anna, ben}, Microsoft: []string{cora}, Twilio: []providers.Line{{SID: line, Token: word, Number: "+4930111222"}},
	})
	w.tokens = &granted{server: w.server, tokens: make(map[string]providers.Token)}
	for _, address := range []string{anna, ben, cora} {
		w.m.own = append(w.m.own, store.Contact{Kind: store.EMail, Value: address})
	}
	w.m.own = append(w.m.own, store.Contact{Kind: store.Phone, Value: "+4930111222"})
	for address, provider := range providerOf {
		w.m.accounts[address] = pulling.Account{
			Supplier: supplier, ID: address, Provider: string(provider), Name: address,
			Source: source.Account{Address: address, Level: store.LevelEverything, Region: "DE"},
		}
	}
	return w
}

var providerOf = map[string]providers.Provider{
	anna: providers.Google, ben: providers.Google, cora: providers.Microsoft, line: providers.Twilio,
}

// granted has tokens of all accounts.
type granted struct {
	server *providers.Server

	mu     sync.Mutex
	tokens map[string]providers.Token
}

func (g *granted) Token(_ context.Context, account string) (string, time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.tokens[account]
	if !ok {
		t = g.server.Grant(providerOf[account], account)
		g.tokens[account] = t
	}
	return t.Access, t.Expires, nil
}

func (g *granted) Refused(_ context.Context, account, token string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tokens[account].Access == token {
		delete(g.tokens, account)
	}
	return nil
}

func (g *granted) Credentials(_ context.Context, account string) (string, string, error) {
	return account, word, nil
}

// inProcess asks a server without a network.
type inProcess struct{ *providers.Server }

func (p inProcess) Do(r *http.Request) (*http.Response, error) { return p.RoundTrip(r) }

// A life is a process that reads, until it is killed: what it does from then on
// has no effect.
type life struct {
	*memory
	dead atomic.Bool
	e    *pulling.Engine
	end  context.CancelFunc
	all  sync.WaitGroup
}

var errKilled = errors.New("this process was killed")

func (l *life) SetCursor(ctx context.Context, c store.Cursor) error {
	if l.dead.Load() {
		return errKilled
	}
	return l.memory.SetCursor(ctx, c)
}

func (l *life) StorePull(ctx context.Context, p store.Pull) (store.Pulled, error) {
	if l.dead.Load() {
		return store.Pulled{}, errKilled
	}
	return l.memory.StorePull(ctx, p)
}

func (l *life) PutJobs(ctx context.Context, jobs ...store.Job) error {
	if l.dead.Load() {
		return errKilled
	}
	return l.memory.PutJobs(ctx, jobs...)
}

// begin begins a process, which works on jobs and sweeps.
func (w *world) begin() *life {
	w.Helper()
	exchange, err := calling.New(calling.Options{Tokens: w.tokens, Client: inProcess{w.server}, Providers: map[string]calling.Provider{
		"google":    {URL: "http://providers.example/google", PerSecond: 500},
		"microsoft": {URL: "http://providers.example/microsoft", AtOnce: 4},
		"twilio":    {URL: "http://providers.example/twilio", Password: true},
	}})
	if err != nil {
		w.Fatal(err)
	}
	l := &life{memory: w.m}
	l.e, err = pulling.New(pulling.Options{
		Store: l, Accounts: w.m, Caller: exchange.Caller, Clock: time.Now, Alone: true, Log: slog.New(slog.DiscardHandler),
		Readers: map[string]source.Source{"google": google.Source{}, "microsoft": microsoft.Source{}, "twilio": twilio.Source{}},
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, end := context.WithCancel(w.Context())
	l.end = end
	l.all.Go(func() { l.live(ctx) })
	return l
}

// live works on jobs, each in a goroutine of its own, and sweeps.
func (l *life) live(ctx context.Context) {
	workers := l.e.Workers()
	sweep := time.Time{}
	for ctx.Err() == nil {
		if time.Since(sweep) >= workers[pulling.SweepKind].Every {
			sweep = time.Now()
			_ = l.e.Sweep(ctx) // which is tried again
		}
		for _, j := range l.take() {
			l.all.Go(func() { _ = workers[j.Kind].Run(ctx, j) }) // as is a job
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// take takes the jobs whose time has come.
func (l *life) take() (due []store.Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = slices.DeleteFunc(l.jobs, func(j store.Job) bool {
		if j.At.After(time.Now()) {
			return false
		}
		due = append(due, j)
		return true
	})
	return due
}

// kill ends a process without warning. Its jobs are lost.
func (l *life) kill() {
	l.dead.Store(true)
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = nil
}

func (l *life) stop() {
	l.end()
	l.all.Wait()
}

// upToDate waits until all sources are.
func (w *world) upToDate(l *life) {
	w.Helper()
	const atMost = 6 * time.Hour
	for begun := time.Now(); ; {
		all, err := l.e.Sources(w.Context(), supplier)
		if err != nil {
			w.Fatal(err)
		}
		if len(all) > 0 && !slices.ContainsFunc(all, func(s pulling.Source) bool { return s.State != pulling.UpToDate }) {
			return
		}
		if time.Since(begun) > atMost {
			w.Fatalf("after %s: %+v", atMost, all)
		}
		time.Sleep(time.Second)
	}
}

// keyOf is the key under which a fact is to be stored.
func keyOf(f providers.Fact) [32]byte {
	switch f.Kind {
	case "email":
		return source.Key("email", source.MessageID(f.ID))
	case "sms", "call":
		return source.Key(f.Kind, f.ID)
	}
	return source.EventKey(f.ID, f.At)
}

// check compares what is stored with what is true: each fact, in each of its
// accounts, once.
func (w *world) check() {
	w.Helper()
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	stored := make(map[[32]byte][]string)
	kinds := make(map[[32]byte]string)
	for key, item := range w.m.items {
		account, _, _ := strings.Cut(key, "/")
		stored[item.Key] = append(stored[item.Key], account)
		kinds[item.Key] = item.Kind
	}
	wrong := 0
	for _, f := range w.corpus.Facts {
		in := stored[keyOf(f)]
		slices.Sort(in)
		want := slices.Sorted(slices.Values(f.Accounts))
		if !slices.Equal(in, want) || kinds[keyOf(f)] != f.Kind {
			if wrong++; wrong <= 5 {
				w.Errorf("%+v is stored as %q of %q", f, kinds[keyOf(f)], in)
			}
		}
		delete(stored, keyOf(f))
	}
	if len(stored) > 0 || wrong > 0 {
		w.Errorf("%d facts of %d are wrong, %d items are none", wrong, len(w.corpus.Facts), len(stored))
	}
}

// trouble makes all faults at once.
func (w *world) trouble() {
	for _, f := range providers.AllFaults() {
		switch f {
		case providers.Expired:
			w.server.Trouble(f, .02, 6)
		default:
			w.server.Trouble(f, .02, -1)
		}
	}
	w.server.Skew(providers.Microsoft, 7*time.Minute)
	w.server.Skew(providers.Google, -3*time.Minute)
}

func TestCorpusIsReadWholeAndOnceWhateverProvidersAndProcessesDo(t *testing.T) {
	seed := seedOf(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, *soakShare)
		w.trouble()
		chance := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		w.m.fail, w.m.lose = func(store.Pull) error {
			mu.Lock()
			defer mu.Unlock()
			if chance.IntN(50) == 0 {
				return store.ErrUnavailable
			}
			return nil
		}, nil
		w.m.lose = w.m.fail
		kills := 0
		for ; kills < 12; kills++ {
			l := w.begin()
			mu.Lock()
			lived := time.Duration(500+chance.IntN(8000)) * time.Millisecond
			mu.Unlock()
			time.Sleep(lived)
			l.kill()
		}
		w.m.fail, w.m.lose = nil, nil
		l := w.begin()
		w.upToDate(l)
		w.check()
		for _, f := range providers.AllFaults() {
			if w.server.Struck(f) == 0 {
				t.Logf("nobody met the fault %s", f)
			}
		}

		// Later only what is new is asked for.
		w.server.Calm()
		w.server.ResetCounts()
		id := w.server.Gmail(anna).Add(providers.Mail{
			MessageID: "<new@example.com>", From: providers.Person{Address: "new@example.com"}, To: []providers.Person{{Address: anna}}, Text: "new", Date: time.Now(),
		})
		if err := l.e.Now(t.Context(), supplier, nil, nil); err != nil {
			t.Fatal(err)
		}
		w.corpus.Facts = append(w.corpus.Facts, providers.Fact{Kind: "email", ID: "<new@example.com>", Accounts: []string{anna}})
		w.check()
		asked := w.server.Total("").Asked
		if got := w.server.Total("messages/{id}").Asked; got > 3 {
			t.Errorf("%d mails were read to find %s", got, id)
		}
		if asked > 60 {
			t.Errorf("%d requests for one new mail: %v", asked, w.server.Counts())
		}
		l.stop()
		said := fmt.Sprintf("corpus, seed %d: %d facts, %d kills; all there, each once; then %d requests for what was new", seed, len(w.corpus.Facts), kills, asked)
		if t.Log(said); *soakReport > 0 {
			verdict := map[bool]string{false: "✓", true: "✗"}[t.Failed()]
			fmt.Println(verdict, said)
		}
	})
}

func TestPushesThatAreLostDelayedOrDoubledMakeNoDifference(t *testing.T) {
	seed := seedOf(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, 1)
		l := w.begin()
		w.upToDate(l)
		chance := rand.New(rand.NewPCG(seed, 2))
		var mu sync.Mutex
		var delivering sync.WaitGroup
		lost, delivered := 0, 0
		deliver := func(p providers.Push, after time.Duration) {
			delivering.Go(func() {
				time.Sleep(after)
				if err := l.e.Hint(t.Context(), supplier, string(p.Provider), p.Address); err != nil {
					t.Error(err)
				}
			})
		}
		w.server.OnPush(func(p providers.Push) {
			mu.Lock()
			defer mu.Unlock()
			switch chance.IntN(4) {
			case 0:
				lost++
				return
			case 1:
				deliver(p, time.Duration(chance.IntN(90))*time.Second)
			case 2:
				deliver(p, 0)
			}
			delivered++
			deliver(p, 0)
		})
		w.server.Gmail(anna).Watch()
		telephone := w.server.Telephone(line, word)
		telephone.Callback("https://hub.example.com/hook")
		for n := range 40 {
			message := fmt.Sprintf("<%d@push.example>", n)
			w.server.Gmail(anna).Add(providers.Mail{
				MessageID: message, From: providers.Person{Address: "a@example.com"}, To: []providers.Person{{Address: anna}}, Text: "x", Date: time.Now(),
			})
			sid := telephone.Message(providers.Message{From: "+491511", To: "+4930111222", Body: "x", Inbound: true, State: "received", Sent: time.Now()})
			w.corpus.Facts = append(
				w.corpus.Facts, providers.Fact{Kind: "email", ID: message, Accounts: []string{anna}},
				providers.Fact{Kind: "sms", ID: sid, Accounts: []string{line}},
			)
			mu.Lock()
			wait := time.Duration(chance.IntN(3000)) * time.Millisecond
			mu.Unlock()
			time.Sleep(wait)
		}
		delivering.Wait()
		time.Sleep(pulling.PollEvery + time.Minute)
		w.check()
		if lost == 0 || delivered == 0 {
			t.Errorf("%d pushes were lost, %d delivered", lost, delivered)
		}
		l.stop()
	})
}
