package source_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wedsync/server/outbound"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// A workspace is VSCO's API with a few things in it, of the shapes that its
// OpenAPI document gives.
type workspace struct {
	things map[string]string // by path and query
	status int               // that everything is answered with, if not 0
	after  string
	asked  []string
}

func (v *workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.asked = append(v.asked, r.URL.RequestURI())
	switch {
	case r.Header.Get("X-API-KEY") != "key":
		w.WriteHeader(http.StatusUnauthorized)
	case v.status != 0:
		w.Header().Set("Retry-After", v.after)
		w.WriteHeader(v.status)
	case v.things[r.URL.RequestURI()] == "":
		w.WriteHeader(http.StatusNotFound)
	default:
		fmt.Fprint(w, v.things[r.URL.RequestURI()])
	}
}

const job = "01h35ccwymj5ctckp8px1azhg6"

var things = map[string]string{
	"/api/v2/job/" + job:               `{"id":"` + job + `","modified":"2027-06-01T00:00:00Z","name":"Ada & Ben","eventDate":"2027-06-12","stage":"booked"}`,
	"/api/v2/job-contact?jobId=" + job: `{"type":"jobcontact-collection","items":[{"contactId":"c1","client":true},{"contactId":"c2","client":false},{"contactId":"gone","client":true}]}`,
	"/api/v2/address-book/c1":          `{"id":"c1","kind":"person","modified":"m","firstName":"Ada","email":"ada@example.com","cellPhone":{"e164":"+491511234567","formatted":"+49 151 1234567"}}`,
	"/api/v2/address-book/c2":          `{"id":"c2","kind":"person","email":"dj@example.com"}`,
	"/api/v2/order/o1":                 `{"id":"o1","jobId":"` + job + `","total":12500}`,
	"/api/v2/payment/p1":               `{"id":"p1","amount":500}`,
}

// fetch reads the object of a hint from v.
func fetch(t *testing.T, v *workspace, key, subject string) (source.Object, error) {
	t.Helper()
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	client := outbound.New(outbound.Options{AllowPrivate: true})
	t.Cleanup(client.Close)
	settings, err := connection.Settings{Params: connection.Params{APIURL: server.URL + "/api/v2", APIKey: key}}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r := source.NewReader(client, func() time.Time { return now })
	return r.Object(t.Context(), store.Connection{Source: "vsco", Settings: settings}, store.InboxEvent{Subject: subject, Body: []byte(`{"eventDate":"a lie"}`)})
}

func TestHintIsFetchedWithAllThatBelongsToIt(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"job " + job: "job " + job + " of 2027-06-01T00:00:00Z: 2027-06-12, [{email ada@example.com} {phone +491511234567}]",
		"order o1":   "job " + job + " of 2027-06-01T00:00:00Z: 2027-06-12, [{email ada@example.com} {phone +491511234567}]",
		"payment p1": "payment p1 of : <nil>, []",
		"contact c1": "contact c1 of m: <nil>, [{email ada@example.com} {phone +491511234567}]",
	} {
		o, err := fetch(t, &workspace{things: things}, "key", subject)
		if err != nil {
			t.Errorf("%s: %v", subject, err)
			continue
		}
		if got := fmt.Sprintf("%s of %s: %v, %v", o.ID, o.Version, o.Data["eventDate"], o.Contacts); got != want {
			t.Errorf("%s: %s, want %s", subject, got, want)
		}
	}
	o, err := fetch(t, &workspace{things: things}, "key", "order o1")
	if err != nil || fmt.Sprint(o.Data["order"].(map[string]any)["total"]) != "12500" {
		t.Errorf("%v, %v", o.Data, err)
	}
}

func TestFetchSaysWhetherItIsWorthTryingAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		after  string
		passes bool
		wait   time.Duration
	}{
		{429, "30", true, 30 * time.Second},
		{429, "", true, 0},
		{429, now.Add(time.Minute).Format(http.TimeFormat), true, time.Minute},
		{429, "999999", true, time.Hour},
		{503, "-5", true, 0},
		{400, "", false, 0},
		{403, "", false, 0},
	} {
		_, err := fetch(t, &workspace{status: c.status, after: c.after}, "key", "job "+job)
		var answer *source.APIError
		if !errors.As(err, &answer) || answer.Passes() != c.passes || answer.After != c.wait || answer.Status != c.status {
			t.Errorf("%d, Retry-After %q: %v", c.status, c.after, err)
		}
	}
	if _, err := fetch(t, &workspace{}, "key", "job "+job); !errors.Is(err, source.ErrGone) {
		t.Errorf("404: %v", err)
	}
	if _, err := fetch(t, &workspace{}, "wrong", "job "+job); err == nil || !strings.Contains(err.Error(), "api_key") {
		t.Errorf("a wrong key: %v", err)
	}
	v := &workspace{things: things}
	for _, subject := range []string{"", "job ", "job ..", "job .", "invoice 1", "hash 00"} {
		if _, err := fetch(t, v, "key", subject); !errors.Is(err, source.ErrUnreadable) {
			t.Errorf("%q: %v", subject, err)
		}
	}
	if len(v.asked) > 0 {
		t.Errorf("asked for %q", v.asked)
	}
	if _, err := fetch(t, v, "key", "job a/../../b?c"); !errors.Is(err, source.ErrGone) || v.asked[0] != "/api/v2/job/a%2F..%2F..%2Fb%3Fc" {
		t.Errorf("asked for %q: %v", v.asked, err)
	}
}

func TestHintNamesWhatItIsAbout(t *testing.T) {
	for _, c := range []struct{ body, url, subject, kind string }{
		{`{"event":"job.created","id":"j1"}`, "", "job j1", "job.created"},
		{`{"id":"j1"}`, "?event=job.created", "job j1", "job.created"},
		{`{"jobId":"j1","id":"h1"}`, "?event=job.created", "job j1", "job.created"},
		{`{"data":{"id":"o1"}}`, "?event=order.booked", "order o1", "order.booked"},
		{`{"links":{"self":{"href":"https://workspace.vsco.co/api/v2/address-book/c1"}}}`, "", "contact c1", "contact.changed"},
		{`{"id":"x"}`, "", "", ""},
		{`{"id":"x"}`, "?event=studio.moved", "", ""},
		{`{}`, "?event=job.created", "", ""},
	} {
		e := event(connection.VSCO, c.body, func(r *signature.Request, _ *connection.Settings) { r.URL += c.url })
		if c.subject == "" {
			c.subject = e.External // it has no object
		}
		if e.Subject != c.subject || e.Type != c.kind {
			t.Errorf("%s %s: %q %q", c.body, c.url, e.Subject, e.Type)
		}
	}
}
