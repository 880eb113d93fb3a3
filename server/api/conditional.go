package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// A conditional is the answer to a GET whose caller may hold the same answer
// already: then it is 304 and has no body.
type conditional struct {
	http.ResponseWriter
	known  []string // values of If-None-Match
	silent bool     // whether the body is left out
}

// tag gives an answer that has no ETag one of its content.
func (c *conditional) tag(body []byte) {
	if c.Header().Get("ETag") == "" {
		c.Header().Set("ETag", `"`+digest(body)+`"`)
	}
}

// digest is a short name of content.
func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:12])
}

// WriteHeader turns 200 into 304 if the caller holds the answer.
func (c *conditional) WriteHeader(status int) {
	if status == http.StatusOK && holds(c.known, c.Header().Get("ETag")) {
		status, c.silent = http.StatusNotModified, true
		c.Header().Del("Content-Type")
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write leaves out what the caller holds.
func (c *conditional) Write(b []byte) (int, error) {
	if c.silent {
		return len(b), nil
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *conditional) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Fixed answers with content that never changes. Headers come in pairs.
func Fixed(content []byte, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &conditional{ResponseWriter: w, known: r.Header.Values("If-None-Match")}
		c.tag(content)
		for pair := range slices.Chunk(headers, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.Header().Set("Cache-Control", "no-cache") // may be kept, and is asked for by its ETag
		w.Header().Set("X-Content-Type-Options", "nosniff")
		c.WriteHeader(http.StatusOK)
		_, _ = c.Write(content) // a caller that has gone away needs no answer
	})
}

// holds reports whether values of If-None-Match name the tag.
func holds(known []string, tag string) bool {
	if tag == "" {
		return false
	}
	return slices.ContainsFunc(known, func(value string) bool {
		return slices.ContainsFunc(strings.Split(value, ","), func(one string) bool {
			one = strings.TrimSpace(one)
			return one == "*" || strings.TrimPrefix(one, "W/") == tag
		})
	})
}
