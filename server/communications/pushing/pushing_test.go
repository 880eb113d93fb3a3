package pushing_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"wedsync/server/auth"
	"wedsync/server/communications/account"
	"wedsync/server/communications/pushing"
	"wedsync/server/webhooks/inbound"
	"wedsync/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pusher = "push@project.iam.gserviceaccount.com"

// engine is who is told.
type engine struct {
	mu  sync.Mutex
	all []string
}

func (e *engine) tell(what, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, what+" "+id)
	return nil
}

func (e *engine) Pushed(_ context.Context, id string) error  { return e.tell("pushed", id) }
func (e *engine) Rewatch(_ context.Context, id string) error { return e.tell("rewatch", id) }

// said is what it was told since.
func (e *engine) said() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}

// accounts are stored accounts.
type accounts struct {
	all  []store.Account
	read int
}

func (s *accounts) AllAccounts(_ context.Context, after string, limit int) ([]store.Account, error) {
	s.read++
	var page []store.Account
	for _, a := range s.all {
		if a.ID > after && len(page) < limit {
			page = append(page, a)
		}
	}
	return page, nil
}

func (s *accounts) add(id string, p account.Provider, address string) {
	settings, err := json.Marshal(account.Settings{Address: address})
	if err != nil {
		panic(err)
	}
	s.all = append(s.all, store.Account{Supplier: "barn", ID: id, Provider: string(p), Settings: settings})
}

// A scene is a receiver at two URLs.
type scene struct {
	*testing.T
	clock     time.Time
	engine    *engine
	accounts  *accounts
	targets   *pushing.Targets
	elsewhere string // the other URL
	key       *rsa.PrivateKey
	keys      error // why Google's cannot be read
}

// key is Google's, which takes long to make.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, clock: time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC), engine: &engine{}, accounts: &accounts{}, key: key()}
	mux := http.NewServeMux()
	hub, moved := httptest.NewServer(mux), httptest.NewServer(mux)
	t.Cleanup(func() {
		hub.Close()
		moved.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	s.targets, s.elsewhere = &pushing.Targets{PublicURL: hub.URL, Identity: []byte("secret of the hub"), Topic: "projects/p/topics/t"}, moved.URL
	r := pushing.New(pushing.Options{
		Targets: *s.targets, Engine: s.engine, Accounts: s.accounts, Pusher: pusher, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return s.clock },
		Keys: func(context.Context) jwt.Keyfunc {
			return func(*jwt.Token) (any, error) { return &s.key.PublicKey, s.keys }
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusInternalServerError
			if errors.Is(err, inbound.ErrUnsigned) {
				status = http.StatusUnauthorized
			} else if errors.As(err, new(*http.MaxBytesError)) {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, err.Error(), status)
		},
	})
	mux.HandleFunc("POST "+pushing.GooglePath, r.ServeGoogle)
	mux.HandleFunc("POST "+pushing.MicrosoftPath+"{account}", r.ServeMicrosoft)
	return s
}

func (s *scene) send(to, body string, header http.Header) (status int) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header = header
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read only
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode
}

// token is one that Google gives a service account for a URL.
func (s *scene) token(email, audience string) string {
	s.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": "https://accounts.google.com", "aud": audience, "email": email, "email_verified": true,
		"iat": s.clock.Unix(), "exp": s.clock.Add(time.Hour).Unix(),
	}).SignedString(s.key)
	if err != nil {
		s.Fatal(err)
	}
	return token
}

// push sends what Pub/Sub does if a mailbox changes.
func (s *scene) push(address, token string) (status int) {
	s.Helper()
	data := base64.URLEncoding.EncodeToString(fmt.Appendf(nil, `{"emailAddress":%q,"historyId":17}`, address))
	return s.send(s.targets.PublicURL+pushing.GooglePath, fmt.Sprintf(`{"message":{"data":%q,"messageId":"1"},"subscription":"s"}`, data), http.Header{"Authorization": {"Bearer " + token}})
}

func TestGmailTellsOfAllAccountsThatAreAMailbox(t *testing.T) {
	s := newScene(t)
	for i := range 150 { // more than a page
		s.accounts.add(fmt.Sprintf("01A%03d", i), account.Google, fmt.Sprintf("a%d@barn.example", i))
	}
	s.accounts.add("01B", account.Microsoft, "a149@barn.example")
	s.accounts.add("01C", account.Google, "A149@barn.example")
	good := s.token(pusher, s.targets.PublicURL+pushing.GooglePath)
	if status := s.push("a149@Barn.example", good); status != http.StatusAccepted || !slices.Equal(s.engine.said(), []string{"pushed 01A149", "pushed 01C"}) {
		t.Errorf("status %d, %v", status, s.engine.said())
	}
	// Somebody new is known a minute later, whom nobody knows not at all, and neither has
	// all accounts read each time.
	read := s.accounts.read
	s.accounts.add("01D", account.Google, "d@barn.example")
	for range 5 {
		if status := s.push("d@barn.example", good); status != http.StatusAccepted || s.accounts.read != read || len(s.engine.said()) != 0 {
			t.Errorf("status %d, read %d times more", status, s.accounts.read-read)
		}
	}
	s.clock = s.clock.Add(time.Minute)
	if s.push("d@barn.example", good); !slices.Equal(s.engine.said(), []string{"pushed 01D"}) {
		t.Error("who is new is not known")
	}
	// What is no push of Gmail is not sent again.
	if status := s.send(s.targets.PublicURL+pushing.GooglePath, `{"message":{"data":"e30=","messageId":"1"}}`, http.Header{"Authorization": {"Bearer " + good}}); status != http.StatusAccepted {
		t.Errorf("status %d of another message", status)
	}
}

func TestWhoDoesNotShowThatTheyAreTheProviderIsToldNothing(t *testing.T) {
	s := newScene(t)
	s.accounts.add("01A", account.Google, "anna@barn.example")
	at := s.targets.PublicURL + pushing.GooglePath
	for what, token := range map[string]string{
		"nobody": "", "somebody else": s.token("evil@project.iam.gserviceaccount.com", at), "for another URL": s.token(pusher, "https://other.example"),
	} {
		if status := s.push("anna@barn.example", token); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", what, status)
		}
	}
	good := s.token(pusher, at)
	s.keys = auth.ErrUnavailable
	if status := s.push("anna@barn.example", good); status != http.StatusUnauthorized {
		t.Errorf("without keys: status %d", status)
	}
	s.keys = nil
	to, _ := s.targets.Of("microsoft", "01A")
	other, _ := s.targets.Of("microsoft", "01B")
	for what, body := range map[string]string{
		"nothing": "", "no state": `{"value":[{"changeType":"created"}]}`, "an account's other state": fmt.Sprintf(`{"value":[{"clientState":%q}]}`, other.Secret),
		"one of two": fmt.Sprintf(`{"value":[{"clientState":%q},{"clientState":"x"}]}`, to.Secret),
	} {
		if status := s.send(to.URL, body, nil); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", what, status)
		}
	}
	if status := s.send(to.URL, strings.Repeat("x", 256<<10+1), nil); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too much: status %d", status)
	}
	if said := s.engine.said(); len(said) != 0 || s.accounts.read != 0 {
		t.Errorf("%v was told, accounts were read %d times", said, s.accounts.read)
	}
}

func TestWhereNobodyIsToTellSaysWhy(t *testing.T) {
	for provider, flag := range map[string]string{"google": "--google-topic", "microsoft": "--public-url"} {
		if _, whyNot := (pushing.Targets{}).Of(provider, "01A"); !strings.Contains(whyNot, flag) {
			t.Errorf("%s: %q", provider, whyNot)
		}
	}
}
