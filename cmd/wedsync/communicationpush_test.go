package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/testdata/providers"
)

const (
	pushAudience = "https://hub.example.com"
	pushAccount  = "push@project.iam.gserviceaccount.com"
)

// readsWhateverBecomesOfPushes has something new come in with each provider, again
// and again, while its push arrives, arrives twice, never, or after the item was read.
func (s *talkSite) readsWhateverBecomesOfPushes() {
	urls := s.watchAll()
	for _, one := range []struct {
		name                 string
		before, after, asked bool // pushed before the timeline is read, after it, and whether it is asked for
		times                int
	}{
		{name: "on time", before: true, times: 1},
		{name: "doubled", before: true, times: 2},
		{name: "lost", asked: true},
		{name: "late", asked: true, after: true, times: 1},
		{name: "late and doubled", asked: true, after: true, times: 2},
	} {
		pushes := s.news(one.name)
		deliver := func() {
			var sent sync.WaitGroup
			for _, p := range pushes {
				for range one.times {
					sent.Go(func() { s.deliver(p, urls) })
				}
			}
			sent.Wait()
		}
		if one.before {
			deliver()
		}
		if one.asked {
			a := s.sync()
			s.shows(a.Items)
			s.states(a.Sources, nil)
		}
		s.awaits()
		if one.after {
			deliver()
		}
	}
	events := awaitEvents(s.hub)
	if len(events) < 12 {
		s.Errorf("only %d pushes came in", len(events))
	}
	for _, e := range events {
		if e.State != "done" {
			s.Errorf("a push is %+v", e)
		}
	}
	a := s.sync()
	s.shows(a.Items)
	s.states(a.Sources, nil)
}

// news has something new come in with each provider, and gives the pushes that
// tell of it.
func (s *talkSite) news(name string) (pushes []providers.Push) {
	s.Helper()
	at := s.ago(2).Add(time.Duration(len(s.want)) * time.Minute)
	s.writes(annaAtGoogle, "A mail whose push is "+name, "Hello!", at, s.server.Gmail(annaAtGoogle))
	s.expect("gmail", "inbound", "email", "A mail whose push is "+name, at)
	s.writes(coraAtMicrosoft, "Another whose push is "+name, "Hello!", at.Add(time.Second), s.server.Outlook(coraAtMicrosoft))
	s.expect("outlook", "inbound", "email", "Another whose push is "+name, at.Add(time.Second))
	s.texts("A text message whose push is "+name, at.Add(2*time.Second))
	for len(s.pushes) > 0 {
		pushes = append(pushes, <-s.pushes)
	}
	if len(pushes) != 3 {
		s.Fatalf("the providers push %d times", len(pushes))
	}
	return pushes
}

// watchAll has the providers push, and says where Google is to.
func (s *talkSite) watchAll() (google string) {
	s.Helper()
	google, _ = s.hub.connect(map[string]any{"source": "gmail", "name": "Gmail", "audience": pushAudience, "account": pushAccount})
	s.server.Gmail(annaAtGoogle).Watch()
	telephone, _ := s.hub.connect(map[string]any{"source": "twilio", "name": "Telephone", "secret": twilioPassword})
	s.phone().Callback(telephone)
	outlook, state := s.hub.connect(map[string]any{"source": "microsoft-graph", "name": "Outlook"})
	body, err := json.Marshal(map[string]any{
		"changeType": "created", "resource": "/me/messages", "notificationUrl": outlook, "clientState": state,
		"expirationDateTime": time.Now().Add(48 * time.Hour).Format(time.RFC3339),
	})
	if err != nil {
		s.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, s.at+"/microsoft/v1.0/subscriptions", bytes.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.server.Grant(providers.Microsoft, coraAtMicrosoft).Access)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	if _ = answer.Body.Close(); answer.StatusCode != http.StatusCreated {
		s.Fatalf("subscribe: %s", answer.Status)
	}
	return google
}

// deliver brings a push to the hub, as the network of its provider does.
func (s *talkSite) deliver(p providers.Push, google string) {
	s.Helper()
	header := make(map[string]string)
	for name := range p.Header {
		header[name] = p.Header.Get(name)
	}
	to := p.URL
	if p.Provider == providers.Google {
		claims := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": "https://accounts.google.com", "aud": pushAudience, "email": pushAccount, "email_verified": true,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		})
		claims.Header["kid"] = "g1"
		token, err := claims.SignedString(s.key)
		if err != nil {
			s.Error(err)
			return
		}
		to, header["Authorization"] = google, "Bearer "+token
	}
	if status, answer := s.hub.hook(to, string(p.Body), header); status/100 != 2 {
		s.Errorf("%s is told %d %s", p.Provider, status, strings.TrimSpace(answer))
	}
}
