package auth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Where the hub serves WebSockets, and the activity stream as server-sent events:
// a browser's EventSource, like its WebSocket, cannot send headers.
const (
	SyncPath   = "/sync"
	ListenPath = "/api/realtime/clients"
	EventsPath = "/api/realtime/clients/events"
)

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
// logs on the way may show it: only what cannot send a header may, and that opens
// nothing but sockets and the stream.
func opensStream(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	switch r.URL.Path {
	case SyncPath, ListenPath:
		return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
	case EventsPath:
		return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	}
	return false
}

// Redact is the URL as a log may show it: path and query, with the values of
// token, ticket and code left out. A query that cannot be read is left out whole.
func Redact(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return u.EscapedPath() + "?unreadable"
	}
	for key := range query {
		if slices.ContainsFunc([]string{"token", "ticket", "code"}, func(secret string) bool { return strings.EqualFold(key, secret) }) {
			query[key] = []string{"redacted"}
		}
	}
	return u.EscapedPath() + "?" + query.Encode()
}
