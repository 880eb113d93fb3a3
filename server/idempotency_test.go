package server_test

import (
	"strings"
	"testing"
)

func TestCommandSentAgainIsToldItsFirstAnswer(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/api/clients", `{"fields":{"name":"once"}}`},
		{"PATCH", "/api/clients/" + client, `{"fields":{"notes":"once","budget":13500}}`},
		{"POST", "/api/conflicts/" + conflict + "/resolve", `{"version":2,"action":"keep"}`},
	} {
		first := s.do(olga, c.method, c.path, c.body, "Idempotency-Key", "key of "+c.path)
		if first.status >= 300 {
			t.Fatalf("%s %s: %s", c.method, c.path, first.raw)
		}
		before := s.hub.commands
		again := s.do(olga, c.method, c.path, c.body, "Idempotency-Key", "key of "+c.path)
		if again.status != first.status || again.raw != first.raw || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s %s: first %d %s\nagain %d %s", c.method, c.path, first.status, first.raw, again.status, again.raw)
		}
		if s.hub.commands != before {
			t.Errorf("%s %s was carried out twice", c.method, c.path)
		}
		other := strings.Replace(c.body, "{", "{ ", 1)
		got := s.want(422, s.do(olga, c.method, c.path, other, "Idempotency-Key", "key of "+c.path))
		if got.text("type") != "urn:wedsync:problem:key-reused" || s.hub.commands != before {
			t.Errorf("%s %s with another body: %s", c.method, c.path, got.raw)
		}
	}
}

func TestKeyIsItsPrincipalsOwn(t *testing.T) {
	s := newSite(t)
	before := s.hub.commands
	for _, who := range []struct{ supplier, user string }{{"barn", "olga"}, {"barn", "otto"}, {"mill", "olga"}, {"barn/olga", "x"}, {"barn", "olga/x"}} {
		p := olga
		p.Supplier, p.User = who.supplier, who.user
		s.want(201, s.do(p, "POST", "/api/clients", `{"fields":{"name":"x"}}`, "Idempotency-Key", "k"))
	}
	if made := s.hub.commands - before; made != 5 {
		t.Errorf("five principals with one key made %d records", made)
	}
}

func TestRefusedCommandMayBeSentAgainUnderItsKey(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	path := "/api/conflicts/" + conflict + "/resolve"
	s.want(409, s.do(olga, "POST", path, `{"version":7,"action":"keep"}`, "Idempotency-Key", "k"))
	s.want(200, s.do(olga, "POST", path, `{"version":1,"action":"keep"}`, "Idempotency-Key", "k"))
}

func TestCommandIsNotCarriedOutBesideItself(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	s.hub.slow, s.hub.entered = make(chan struct{}), make(chan struct{}, 1)
	patch := func() reply {
		return s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"x"}}`, "Idempotency-Key", "k")
	}
	first := make(chan reply)
	go func() { first <- patch() }()
	<-s.hub.entered
	got := s.want(409, patch())
	if got.text("type") != "urn:wedsync:problem:key-busy" {
		t.Errorf("%s", got.raw)
	}
	close(s.hub.slow)
	s.want(200, <-first)
}

func TestBadKeyIsRefused(t *testing.T) {
	s := newSite(t)
	for _, key := range []string{strings.Repeat("k", 256), "k\x7f", "schlüssel"} {
		got := s.want(400, s.do(olga, "POST", "/api/clients", `{"fields":{"name":"x"}}`, "Idempotency-Key", key))
		if got.text("errors", 0, "field") != "Idempotency-Key" {
			t.Errorf("%q: %s", key, got.raw)
		}
	}
}

// Which of two keys counts would depend on who reads them.
func TestTwoKeysAreRefused(t *testing.T) {
	s := newSite(t)
	s.want(400, s.do(olga, "POST", "/api/clients", `{"fields":{"name":"x"}}`, "Idempotency-Key", "a", "Idempotency-Key", "b"))
	if len(s.hub.records) > 0 {
		t.Error("and the command is carried out")
	}
}

func TestDeletionAndRestorationSentAgainAreToldTheirFirstAnswer(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"once"}`)
	for _, c := range []struct{ method, path, key string }{
		{"DELETE", "/api/clients/" + client, "d"},
		{"POST", "/api/clients/" + client + "/restore", "r"},
	} {
		first := s.do(olga, c.method, c.path, "", "Idempotency-Key", c.key)
		if first.status >= 300 {
			t.Fatalf("%s %s: %s", c.method, c.path, first.raw)
		}
		if again := s.do(olga, c.method, c.path, "", "Idempotency-Key", c.key); again.status != first.status || again.raw != first.raw {
			t.Errorf("%s %s: first %d %s\nagain %d %s", c.method, c.path, first.status, first.raw, again.status, again.raw)
		}
		s.want(404, s.do(olga, c.method, c.path, ""))
	}
	if got := s.do(olga, "DELETE", "/api/clients/"+client, "", "Idempotency-Key", "d"); got.status != 204 {
		t.Errorf("the deletion once more: %d %s", got.status, got.raw)
	}
	s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
}
