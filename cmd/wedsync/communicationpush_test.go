package main

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

// TestNewMailIsReadAsSoonAsItsProviderSaysSo connects accounts to a hub that can be
// reached, whose owner has done nothing else.
func TestNewMailIsReadAsSoonAsItsProviderSaysSo(t *testing.T) {
	t.Parallel()
	r := newTalkReader(t, 1, 1)
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: r.hub.address})
	}})
	t.Cleanup(front.Close)
	r.hub.flags = append(r.hub.flags, "--public-url", front.URL, "--google-topic", "projects/p/topics/t")
	told := make(chan providers.Push, 10)
	r.server.OnPush(func(p providers.Push) { told <- p })
	r.hub.begin()
	r.await(math.MaxInt) // until all is read
	if watches, subscriptions := r.server.Total("users/me/watch").Served, r.server.Total("POST /microsoft/v1.0/subscriptions").Served; watches != 2 || subscriptions != 2 {
		t.Fatalf("%d watches, %d subscriptions", watches, subscriptions)
	}
	var sources struct {
		Items []struct {
			Source, Account string
			Pushed          bool
			NoPush          *string `json:"no_push"`
			Every           int     `json:"poll_seconds"`
		}
	}
	o := r.hub.api(owner("olga"))
	o.must("GET", "/api/integrations/communication/sources", nil, &sources)
	for _, s := range sources.Items {
		if want := s.Source == "gmail" || s.Source == "outlook" || s.Source == "outlook_calendar"; s.Pushed != want || want && s.Every != 900 || s.NoPush != nil {
			t.Errorf("%+v", s)
		}
	}

	r.server.Outlook(coraAtMicrosoft).Add(providers.Mail{Subject: "hello", Date: time.Now()})
	p := <-told
	for range len(r.asked) {
		<-r.asked
	}
	answer, err := http.Post(p.URL, "application/json", bytes.NewReader(p.Body)) //nolint:noctx // it is answered
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // what counts is its head
	if answer.StatusCode != http.StatusAccepted {
		t.Fatal(answer.Status)
	}
	select {
	case <-r.asked:
	case <-time.After(patience):
		t.Fatal("nobody asks what is new")
	}

	for id, address := range r.address {
		if address != twilioSID {
			o.must("DELETE", "/api/integrations/communication/accounts/"+id, nil, nil)
		}
	}
	if stops, ended := r.server.Total("users/me/stop").Served, r.server.Total("DELETE /microsoft/v1.0/subscriptions").Served; stops != 2 || ended != 2 {
		t.Errorf("%d watches and %d subscriptions were ended with the accounts", stops, ended)
	}
}
