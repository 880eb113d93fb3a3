package auth

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestFromRequestTakesHeaderAndOnSocketsQuery(t *testing.T) {
	for _, c := range []struct {
		name, target, header, upgrade, want string
	}{
		{"header", "/api/clients", "Bearer abc", "", "abc"},
		{"scheme in small letters", "/api/clients", "bearer abc", "", "abc"},
		{"another scheme", "/api/clients", "Basic abc", "", ""},
		{"no scheme", "/api/clients", "abc", "", ""},
		{"nothing", "/api/clients", "", "", ""},
		{"query without socket", "/api/clients?token=abc", "", "", ""},
		{"query of another upgrade", "/api/clients?token=abc", "", "h2c", ""},
		{"query of a socket", "/sync?token=abc", "", "WebSocket", "abc"},
		{"query of a listener", "/api/realtime/clients?token=abc", "", "websocket", "abc"},
		{"query of a route that is no socket", "/api/clients?token=abc", "", "websocket", ""},
		{"query of the events, as a socket", "/api/realtime/clients/events?token=abc", "", "websocket", ""},
		{"header before query", "/sync?token=abc", "Bearer def", "websocket", "def"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", c.target, nil)
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			if c.upgrade != "" {
				r.Header.Set("Upgrade", c.upgrade)
			}
			if got := FromRequest(r); got != c.want {
				t.Errorf("token %q, want %q", got, c.want)
			}
		})
	}
}

func TestRedactShowsNoToken(t *testing.T) {
	for _, query := range []string{
		"token=s3cret", "Token=s3cret", "ticket=s3cret", "code=s3cret", "limit=5&token=s3cret", "token=a&token=s3cret",
		"%74oken=s3cret", "token=s3cret;limit=5", "token=%zzs3cret",
	} {
		u := &url.URL{Path: "/sync", RawQuery: query}
		if got := Redact(u); strings.Contains(got, "s3cret") || !strings.HasPrefix(got, "/sync") {
			t.Errorf("%s is shown as %s", query, got)
		}
	}
	if got := Redact(&url.URL{Path: "/api/clients", RawQuery: "limit=5"}); got != "/api/clients?limit=5" {
		t.Errorf("an innocent URL is shown as %s", got)
	}
}
