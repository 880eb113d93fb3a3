package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/server/communications/pushing"
	"wedsync/testdata/providers"
)

const (
	pushTopic  = "projects/wedsync-test/topics/gmail"
	pushPusher = "push@wedsync-test.iam.gserviceaccount.com"
)

// readsWhateverBecomesOfPushes has something new come in with each provider, again
// and again, while its push arrives, arrives twice, never, or after the item was read.
func (s *talkSite) readsWhateverBecomesOfPushes() {
	s.watchAll()
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
					sent.Go(func() { s.deliver(p) })
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
	if len(events) != 4 { // of five text messages one was not told of; no push counts twice
		s.Errorf("%d events of the telephone, want 4", len(events))
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
	for _, p := range []providers.Provider{providers.Google, providers.Microsoft, providers.Twilio} {
		if !slices.ContainsFunc(pushes, func(push providers.Push) bool { return push.Provider == p }) {
			s.Fatalf("%s does not push", p)
		}
	}
	return pushes
}

// watchAll has Twilio push, and waits until the hub has made the others do so.
func (s *talkSite) watchAll() {
	s.Helper()
	telephone, _ := s.hub.connect(map[string]any{"source": "twilio", "name": "Telephone", "secret": twilioPassword})
	s.phone().Callback(telephone)
	late, again := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for s.server.Total("/watch").Served == 0 || s.server.Total("POST /microsoft/v1.0/subscriptions").Served == 0 {
		select {
		case <-again.C:
		case <-late:
			s.Fatalf("the hub does not ask to be told of what changes: %v", s.server.Counts())
		}
	}
	for len(s.pushes) > 0 {
		<-s.pushes
	}
}

// deliver brings a push to the hub, as the network of its provider does.
func (s *talkSite) deliver(p providers.Push) {
	s.Helper()
	header := make(map[string]string)
	for name := range p.Header {
		header[name] = p.Header.Get(name)
	}
	to := p.URL
	if p.Provider == providers.Google {
		claims := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": "https://accounts.google.com", "aud": s.public + pushing.GooglePath, "email": pushPusher, "email_verified": true,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		})
		claims.Header["kid"] = "g1"
		token, err := claims.SignedString(s.key)
		if err != nil {
			s.Error(err)
			return
		}
		to, header["Authorization"] = s.public+pushing.GooglePath, "Bearer "+token
	}
	if status, answer := s.hub.hook(to, string(p.Body), header); status/100 != 2 {
		s.Errorf("%s is told %d %s", p.Provider, status, strings.TrimSpace(answer))
	}
}
