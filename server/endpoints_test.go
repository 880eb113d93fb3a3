package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wedsync/server/outbound"
	"wedsync/store"
)

// A receiver takes webhooks.
type receiver struct {
	status int
	got    []*http.Request
}

func (r *receiver) Check(url string) error { return outbound.New(outbound.Options{}).Check(url) }

func (r *receiver) Do(q *http.Request) (*http.Response, error) {
	r.got = append(r.got, q)
	return &http.Response{StatusCode: r.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("well"))}, nil
}

// unbelled is a store whose jobs nobody runs.
type unbelled struct{ store.Store }

func (unbelled) PutJobs(context.Context, ...store.Job) error { return nil }

const endpoints = "/api/webhooks/endpoints"

func TestSecretOfAnEndpointIsShownOnce(t *testing.T) {
	s := newRealSite(t)
	made := s.want(201, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook","description":"app"}`))
	url := endpoints + "/" + made.text("id")
	rotated := s.want(200, s.do(olga, "POST", url+"/rotate", ""))
	for _, secret := range []string{made.text("secret"), rotated.text("secret")} {
		if !strings.HasPrefix(secret, "whsec_") {
			t.Fatalf("secret %q", secret)
		}
		s.want(200, s.do(olga, "POST", url+"/test", ""))
		for _, path := range []string{endpoints, url, url + "/deliveries"} {
			if got := s.want(200, s.do(olga, "GET", path, "")); strings.Contains(got.raw, strings.TrimPrefix(secret, "whsec_")) {
				t.Errorf("%s shows a secret: %s", path, got.raw)
			}
		}
	}
	if got := s.do(olga, "GET", url, ""); len(got.at("secrets").([]any)) != 2 || got.at("secrets", 0, "until") != nil || got.at("secrets", 1, "until") == nil {
		t.Errorf("secrets %v", got.at("secrets"))
	}
	if signatures := strings.Fields(s.receiver.got[1].Header.Get("webhook-signature")); len(signatures) != 2 {
		t.Errorf("signed %q after the rotation", signatures)
	}
}

func TestBadEndpointIsRefusedByMember(t *testing.T) {
	s := newRealSite(t)
	url := endpoints + "/" + s.want(201, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook"}`)).text("id")
	for body, fault := range map[string]string{
		`{"url":"http://app.example/"}`:                              "url: cannot be sent to",
		`{"url":"https://127.0.0.1/"}`:                               "private targets are not allowed",
		`{"url":"https://u:p@app.example/"}`:                         "url: cannot be sent to",
		`{"url":7}`:                                                  "url: must be a string",
		`{"events":["wedsync.client.renamed"]}`:                      "events[0]: is no type of event",
		`{"events":"wedsync.client.*"}`:                              "events: must be a list of strings",
		`{"events":null}`:                                            "events: must be a list of strings",
		`{"events":[` + strings.Repeat(`"wedsync.*",`, 50) + `"x"]}`: "events: must not be more than 50",
		`{"connection":"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"}`:                "connection: is none of this supplier's",
		`{"status":"disabled"}`:                                      "status: must be active or paused",
		`{"description":"` + strings.Repeat("x", 201) + `"}`:         "description: must have at most 200",
		`{"description":"a\u0000b"}`:                                 "description: must have at most 200",
	} {
		got := s.want(422, s.do(olga, "PATCH", url, body))
		if !strings.Contains(strings.Join(got.faults(), "\n"), fault) {
			t.Errorf("%.60s: faults %q, want %q", body, got.faults(), fault)
		}
	}
	if got := s.want(422, s.do(olga, "POST", endpoints, `{}`)).faults(); !slices.Equal(got, []string{"url: is needed"}) {
		t.Errorf("without a URL: %q", got)
	}
}

func TestEndpointIsPausedAndTestedAllTheSame(t *testing.T) {
	s := newRealSite(t)
	url := endpoints + "/" + s.want(201, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook?key=hush","events":["wedsync.client.*"]}`)).text("id")
	if got := s.want(200, s.do(olga, "PATCH", url, `{"status":"paused"}`)); got.text("status") != "paused" || got.text("events", 0) != "wedsync.client.*" {
		t.Errorf("paused: %s", got.raw)
	}
	s.receiver.status = http.StatusTeapot
	got := s.want(200, s.do(olga, "POST", url+"/test", ""))
	if got.text("state") != "failed" || got.text("log", 0, "status") != "418" || got.text("log", 0, "response") != "well" || got.text("body", "type") != "wedsync.ping" {
		t.Errorf("tested: %s", got.raw)
	}
	if strings.Contains(got.raw, "hush") {
		t.Errorf("the log shows what may be a secret: %s", got.raw)
	}
	again := s.want(202, s.do(olga, "POST", url+"/deliveries/"+got.text("id")+"/redeliver", ""))
	if again.text("state") != "pending" || again.at("due_at") == nil {
		t.Errorf("redelivered: %s", again.raw)
	}
	if got := s.want(200, s.do(olga, "GET", url, "")); got.text("pending") != "1" || got.text("failed") != "0" || got.text("health", "breaker") != "closed" {
		t.Errorf("endpoint: %s", got.raw)
	}
	if got := s.want(200, s.do(olga, "PATCH", url, `{"status":"active","events":[]}`)); got.text("status") != "active" || len(got.at("events").([]any)) != 0 {
		t.Errorf("active: %s", got.raw)
	}
}

func TestDeliveriesAreReadPageByPage(t *testing.T) {
	s := newRealSite(t)
	url := endpoints + "/" + s.want(201, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook"}`)).text("id")
	var sent []string
	for range 5 {
		sent = append(sent, s.want(200, s.do(olga, "POST", url+"/test", "")).text("id"))
	}
	slices.Reverse(sent)
	var read []string
	for path := url + "/deliveries?limit=2&state=delivered"; path != ""; {
		got := s.want(200, s.do(olga, "GET", path, ""))
		for i := range got.at("items").([]any) {
			read = append(read, got.text("items", i, "id"))
		}
		if path = ""; got.at("next") != nil {
			path = fmt.Sprint(url, "/deliveries?limit=2&state=delivered&cursor=", got.at("next"))
		}
	}
	if !slices.Equal(read, sent) {
		t.Errorf("read %q, want %q", read, sent)
	}
	for _, query := range []string{"?state=lost", "?cursor=x", "?cursor=0", "?client_id=x", "?limit=0"} {
		s.want(400, s.do(olga, "GET", url+"/deliveries"+query, ""))
	}
	if got := s.want(200, s.do(olga, "GET", url+"/deliveries?client_id=01J0Q3Z9T5Q8B7V6N4M2K1H0GF", "")); len(got.at("items").([]any)) != 0 {
		t.Errorf("of a client: %s", got.raw)
	}
}

func TestEndpointsAreBounded(t *testing.T) {
	s := newRealSite(t)
	for range store.MaxEndpoints {
		s.want(201, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook"}`))
	}
	s.want(422, s.do(olga, "POST", endpoints, `{"url":"https://app.example/hook"}`))
	s.want(200, s.do(olga, "GET", endpoints, ""))
}
