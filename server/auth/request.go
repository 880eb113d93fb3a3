package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// FromRequest is the token that a request carries in its Authorization header
// or, on a request to open a WebSocket, in the query parameter token. The
// header wins. Without any the token is empty.
func FromRequest(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return r.URL.Query().Get("token")
	}
	return ""
}

// FromListener is FromRequest for a request to listen: over whatever it is, the
// query parameter token counts, because a browser's EventSource sends no header.
func FromListener(r *http.Request) string {
	if token := FromRequest(r); token != "" {
		return token
	}
	return r.URL.Query().Get("token")
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
