package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wedsync/server/api"
	"wedsync/store"
)

const hooks = "/api/webhooks/client-integrations"

// A hook is what a sender says to the hub.
const hook = `{"source":"tave","event_type":"client.updated","client_data":{"supplier_id":"barn","id":"c-1","updated_at":"2027"}}`

// connect makes a connection of olga's.
func (s *site) connect(body string) (id string, made reply) {
	s.t.Helper()
	made = s.want(201, s.do(olga, "POST", "/api/webhooks/connections", body))
	return made.text("id"), made
}

func TestSecretsOfAConnectionAreShownOnce(t *testing.T) {
	s := newRealSite(t)
	for _, body := range []string{
		`{"source":"client-integrations","name":"Tave","sources":["tave"]}`,
		`{"source":"standard-webhooks","name":"App"}`,
		`{"source":"timestamped","name":"Stripe","secret":"whsec_1234567890123456"}`,
		`{"source":"twilio","name":"Phone","secret":"12345678901234567890"}`,
		`{"source":"microsoft-graph","name":"Outlook"}`,
		`{"source":"vsco","name":"VSCO","api_key":"my key is a secret"}`,
		`{"source":"vsco","name":"VSCO","api_key":"my-key-is-a-secret"}`,
		`{"source":"zapier","name":"HoneyBook"}`,
	} {
		if strings.Contains(body, "my key") {
			if faults := s.want(422, s.do(olga, "POST", "/api/webhooks/connections", body)).faults(); !slices.Equal(faults, []string{"api_key: must be of ASCII characters without space"}) {
				t.Errorf("%s: %q", body, faults)
			}
			continue
		}
		id, made := s.connect(body)
		secret, url := made.text("secret"), made.text("url")
		if len(secret) < 16 || !strings.HasPrefix(url, "http://example.com"+hooks+"/"+id) {
			t.Errorf("made %s", made.raw)
		}
		token := ""
		if _, after, ok := strings.Cut(url, "token="); ok {
			token = after
		}
		for _, shown := range []reply{
			s.do(olga, "GET", "/api/webhooks/connections/"+id, ""),
			s.do(olga, "GET", "/api/webhooks/connections?limit=200", ""),
			s.do(olga, "PATCH", "/api/webhooks/connections/"+id, `{"name":"another"}`),
		} {
			if shown.status != 200 || strings.Contains(shown.raw, secret) || token != "" && strings.Contains(shown.raw, token) || strings.Contains(shown.raw, "my-key") {
				t.Errorf("%s: shown again: %s", body, shown.raw)
			}
		}
		rotated := s.do(olga, "POST", "/api/webhooks/connections/"+id+"/rotate", `{"secret":"`+rotatedSecret(body)+`"}`)
		if s.want(200, rotated).text("secret") == secret || (rotated.text("url") == url) != (token == "") || len(rotated.at("secrets").([]any)) != 2 {
			t.Errorf("rotated: %s", rotated.raw)
		}
	}
	got := s.do(olga, "GET", "/api/webhooks/connections?limit=3", "")
	if items := got.at("items").([]any); len(items) != 3 || got.at("next") == nil {
		t.Errorf("the first page: %s", got.raw)
	}
	next := s.do(olga, "GET", "/api/webhooks/connections?limit=200&cursor="+got.text("next"), "")
	if items := next.at("items").([]any); len(items) != 4 || next.at("next") != nil {
		t.Errorf("the second page: %s", next.raw)
	}
}

// rotatedSecret is a sender's new secret, where it makes one.
func rotatedSecret(body string) string {
	if strings.Contains(body, `"secret"`) {
		return "another secret of the sender's"
	}
	return ""
}

func TestUnfitConnectionIsRefusedByFieldAndRule(t *testing.T) {
	s := newRealSite(t)
	for body, want := range map[string]string{
		`{"source":"fax","name":"x"}`:                                               "source: must be one of client-integrations, ",
		`{"source":"zapier"}`:                                                       "name: must have 1 to 100 bytes",
		`{"source":"zapier","name":"a\u0000"}`:                                      "name: must have 1 to 100 bytes",
		`{"source":"client-integrations","name":"x"}`:                               "sources: must name 1 to 20 values",
		`{"source":"client-integrations","name":"x","sources":[""]}`:                "sources[0]: must have 1 to 100 bytes",
		`{"source":"client-integrations","name":"x","sources":"a"}`:                 "sources: must be a list of strings",
		`{"source":"zapier","name":"x","sources":["a"]}`:                            "sources: is for the source client-integrations alone",
		`{"source":"twilio","name":"x"}`:                                            "secret: is needed: the sender makes it",
		`{"source":"twilio","name":"x","secret":"short"}`:                           "secret: must have 16 to 256 bytes",
		`{"source":"standard-webhooks","name":"x","secret":"1234567890123456789"}`:  "secret: must be 24 to 64 bytes in base64",
		`{"source":"gmail","name":"x","account":"a@b"}`:                             "audience: is needed for the source gmail",
		`{"source":"gmail","name":"x","account":"a@b","audience":"a","secret":"x"}`: "secret: the source has none",
		`{"source":"vsco","name":"x"}`:                                              "api_key: is needed for the source vsco",
		`{"source":"vsco","name":"x","api_key":"k","api_url":"http://10.0.0.1/"}`:   "api_url: target refused",
		`{"source":"zapier","name":"x","api_key":"k"}`:                              "api_key: is not for the source zapier",
		`{"source":"zapier","name":"x","header":"X Secret"}`:                        "header: must be the name of a header",
		`{"source":"zapier","name":"x","header":"cookie"}`:                          "header: must be the name of a header",
		`{"source":"zapier","name":"x","paused":null}`:                              "paused: must be true or false",
		`{"source":"zapier","name":"x","paths":{"object":"a","zzz":1}}`:             "paths.zzz: is unknown",
		`{"source":"zapier","name":"x","paths":1}`:                                  "paths: must be an object",
		`{"source":"zapier","name":"x","mapping":{"rules":[{"to":""}]}}`:            "mapping.rules[0]",
		`{"source":"zapier","name":"x","mapping":1}`:                                "mapping.rules",
	} {
		if got := strings.Join(s.want(422, s.do(olga, "POST", "/api/webhooks/connections", body)).faults(), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	id, _ := s.connect(`{"source":"gmail","name":"x","account":"a@b","audience":"a"}`)
	s.want(422, s.do(olga, "POST", "/api/webhooks/connections/"+id+"/rotate", `{}`))
	id, _ = s.connect(`{"source":"zapier","name":"x"}`)
	s.want(422, s.do(olga, "POST", "/api/webhooks/connections/"+id+"/rotate", `{"overlap":"721h"}`))
}

func TestConnectionThatMovedOnIsNotOverwritten(t *testing.T) {
	s := newRealSite(t)
	id, made := s.connect(`{"source":"zapier","name":"x"}`)
	path := "/api/webhooks/connections/" + id
	if made.at("version") != "1" {
		t.Errorf("made %s", made.raw)
	}
	s.want(200, s.do(olga, "PATCH", path, `{"version":1,"paths":{"object":"uid"}}`))
	if got := s.want(409, s.do(olga, "PATCH", path, `{"version":1,"paused":true}`)); got.text("title") != "The connection has moved on" {
		t.Errorf("%s", got.raw)
	}
	got := s.want(200, s.do(olga, "PATCH", path, `{"create_unknown":true,"mapping":null}`))
	if got.at("version") != "3" || got.text("paths", "object") != "uid" || got.text("paths", "version") != "updated_at" || got.at("paused") != false || got.at("create_unknown") != true {
		t.Errorf("%s", got.raw)
	}
	s.serve(func(o *api.Options) { o.Connections = staleConnections{s.store} })
	s.want(409, s.do(olga, "POST", path+"/rotate", `{}`))
}

// staleConnections move on while they are changed.
type staleConnections struct{ store.Store }

func (staleConnections) SetConnection(context.Context, store.Connection) error { return store.ErrStale }

func TestHookIsKeptForItsSenderAlone(t *testing.T) {
	s := newRealSite(t)
	id, made := s.connect(`{"source":"client-integrations","name":"Tave","sources":["tave"]}`)
	sign := func(body string) string { return signatureOf(made.text("secret"), body) }
	for _, path := range []string{hooks, hooks + "/" + id, hooks} {
		s.want(202, s.send("POST", path, hook, "X-Webhook-Signature", sign(hook)))
	}
	unrouted := strings.Replace(hook, "tave", "lightblue", 1)
	s.want(202, s.send("POST", hooks, unrouted, "X-Webhook-Signature", sign(unrouted)))

	stranger := strings.Replace(hook, "barn", "mill", 1)
	want := s.want(401, s.send("POST", hooks, stranger, "X-Webhook-Signature", sign(stranger)))
	for name, got := range map[string]reply{
		"no signature":            s.send("POST", hooks, hook),
		"a wrong one":             s.send("POST", hooks, hook, "X-Webhook-Signature", signatureOf("guess", hook)),
		"no such connection":      s.send("POST", hooks+"/01", hook, "X-Webhook-Signature", sign(hook)),
		"a wrong one of its":      s.send("POST", hooks+"/"+id, hook, "X-Webhook-Signature", signatureOf("guess", hook)),
		"no body":                 s.send("POST", hooks+"/"+id, ""),
		"its id in small letters": s.send("POST", hooks+"/"+strings.ToLower(id), hook, "X-Webhook-Signature", sign(hook)),
		"a token is no witness":   s.send("POST", hooks, hook, "Authorization", "Bearer "+s.token(olga)),
	} {
		if got.status != 401 || got.raw != want.raw || fmt.Sprint(got.header) != fmt.Sprint(want.header) {
			t.Errorf("%s is told %d %s", name, got.status, got.raw)
		}
	}
	s.want(413, s.send("POST", hooks, strings.Repeat("x", 256<<10+1)))
	s.want(413, s.send("POST", hooks+"/"+id, strings.Repeat("x", 256<<10+1)))
	kept, err := s.store.InboxEvents(t.Context(), "barn", store.InboxQuery{Oldest: true, Limit: 10})
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d events, %v", len(kept), err)
	}
	if e := kept[0]; e.Connection != id || e.State != store.EventReceived || e.Subject != "c-1" || string(e.Body) != hook || !e.Due.Equal(s.now()) {
		t.Errorf("kept %+v", e)
	}
	if e := kept[1]; e.Connection != "" || e.State != store.EventUnrouted {
		t.Errorf("kept %+v", e)
	}

	s.want(200, s.do(olga, "PATCH", "/api/webhooks/connections/"+id, `{"paused":true}`))
	s.want(410, s.send("POST", hooks, hook, "X-Webhook-Signature", sign(hook)))
	s.want(410, s.send("POST", hooks+"/"+id, hook, "X-Webhook-Signature", sign(hook)))
	s.want(200, s.do(olga, "PATCH", "/api/webhooks/connections/"+id, `{"paused":false}`))
	s.want(200, s.do(olga, "POST", "/api/webhooks/connections/"+id+"/rotate", `{"overlap":"1h"}`))
	s.want(202, s.send("POST", hooks, hook, "X-Webhook-Signature", sign(hook)))
	s.at.Add(int64(2 * time.Hour / time.Second))
	s.want(401, s.send("POST", hooks, hook, "X-Webhook-Signature", sign(hook)))
	s.want(204, s.do(olga, "DELETE", "/api/webhooks/connections/"+id, ""))
	s.want(401, s.send("POST", hooks+"/"+id, hook, "X-Webhook-Signature", sign(hook)))
}

func TestHookIsNotAcceptedWhereItCannotBeKept(t *testing.T) {
	s := newRealSite(t)
	id, made := s.connect(`{"source":"client-integrations","name":"Tave","sources":["*"]}`)
	broken := store.Connection{Supplier: "mill", ID: "01J00000000000000000000000", Source: "client-integrations", Settings: []byte("x"), Created: s.now(), Changed: s.now()}
	if err := s.store.SetConnection(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	s.want(500, s.send("POST", hooks, strings.Replace(hook, "barn", "mill", 1)))
	s.want(500, s.send("POST", hooks+"/"+broken.ID, hook))
	s.hooks.Close()
	for _, path := range []string{hooks, hooks + "/" + id} {
		got := s.want(503, s.send("POST", path, hook, "X-Webhook-Signature", signatureOf(made.text("secret"), hook)))
		if got.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
}

// A fullStore has as many connections as there may be.
type fullStore struct{ store.Store }

func (fullStore) SetConnection(context.Context, store.Connection) error { return store.ErrTooMany }

func TestNoMoreConnectionsAreMadeThanThereMayBe(t *testing.T) {
	s := newRealSite(t)
	s.serve(func(o *api.Options) { o.Connections = fullStore{s.store} })
	if got := s.want(422, s.do(olga, "POST", "/api/webhooks/connections", `{"source":"zapier","name":"x"}`)); got.text("type") != api.TooMany.Type() {
		t.Errorf("%s", got.raw)
	}
}

func TestGraphIsAnsweredWhatItAsks(t *testing.T) {
	s := newRealSite(t)
	id, _ := s.connect(`{"source":"microsoft-graph","name":"Outlook"}`)
	if got := s.want(200, s.send("POST", hooks+"/"+id+"?validationToken=a%20b", "")); got.raw != "a b" {
		t.Errorf("%q", got.raw)
	}
}

func TestSameHookFromManyAtOnceIsKeptOnce(t *testing.T) {
	s := newRealSite(t)
	_, made := s.connect(`{"source":"client-integrations","name":"Tave","sources":["tave"]}`)
	sign := signatureOf(made.text("secret"), hook)
	var senders sync.WaitGroup
	var accepted atomic.Int64
	for range 50 {
		senders.Go(func() {
			for range 20 {
				r := httptest.NewRequest("POST", hooks, strings.NewReader(hook))
				r.Header.Set("X-Webhook-Signature", sign)
				w := httptest.NewRecorder()
				if s.handler.ServeHTTP(w, r); w.Code == http.StatusAccepted {
					accepted.Add(1)
				}
			}
		})
	}
	senders.Wait()
	kept, err := s.store.InboxEvents(t.Context(), "barn", store.InboxQuery{Limit: 10})
	if err != nil || len(kept) != 1 || accepted.Load() != 1000 {
		t.Errorf("%d of 1000 accepted, %d kept, %v", accepted.Load(), len(kept), err)
	}
}
