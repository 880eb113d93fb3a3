package connection

import (
	"net/http"
	"strings"

	"wedsync/server/webhooks/signature"
)

// Path is the URL's path of events, without the connection of those that have one.
const Path = "/api/webhooks/client-integrations"

// Base is the hub's own URL without a path, as the caller of a request knows it:
// public if that is not empty, else what the request says of itself and a proxy of
// it.
func Base(public string, r *http.Request) string {
	if public != "" {
		return strings.TrimRight(public, "/")
	}
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// URL is where a connection's sender is to send its events. It has the token that
// belongs to a secret where the source's URL is secret.
func URL(base, id string, source Source, secret string) string {
	url := base + Path + "/" + id
	if source.SecretURL() {
		url += "?token=" + signature.URLToken(secret, id)
	}
	return url
}
