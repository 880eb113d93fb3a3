package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// EventsPath is where the activity stream is served as server-sent events: a
// browser's EventSource, like its WebSocket, cannot send headers.
const EventsPath = "/api/realtime/clients/events"

// FromRequest is the token that a request carries in its Authorization header
// or, on a request to open a WebSocket or the stream of events, in the query
// parameter token. The header wins. Without any the token is empty.
func FromRequest(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if opensStream(r) {
		return r.URL.Query().Get("token")
	}
	return ""
}

// ticketFrom is the ticket that a request carries in the query parameter ticket,
// on the same requests; it counts where there is no token.
func ticketFrom(r *http.Request) string {
	if opensStream(r) {
		return r.URL.Query().Get("ticket")
	}
	return ""
}

// opensStream reports whether a request may carry its token in its URL, where
// logs on the way may show it: only what cannot send a header may.
func opensStream(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") ||
		r.Method == http.MethodGet && r.URL.Path == EventsPath && strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// Redact is the URL as a log may show it: path and query, with the values of
// token and ticket left out. A query that cannot be read is left out whole.
func Redact(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return u.EscapedPath() + "?unreadable"
	}
	for key := range query {
		if strings.EqualFold(key, "token") || strings.EqualFold(key, "ticket") {
			query[key] = []string{"redacted"}
		}
	}
	return u.EscapedPath() + "?" + query.Encode()
}
