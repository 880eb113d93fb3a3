package server

import (
	"net/http"
	"slices"
	"time"
)

// How long a caller may take for each part of an answer, and how large a part is.
// Who takes nothing for that long is cut off, whatever the answer has still to say.
const (
	takeWithin = 30 * time.Second
	takeAtOnce = 64 << 10 // bytes
)

// patient serves requests whose answers end; their callers may be slow, but not
// without end.
func patient(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := patientWriter{w, http.NewResponseController(w)}
		p.wait() // afresh: the deadline of an earlier answer may be over
		h.ServeHTTP(p, r)
	})
}

type patientWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

// wait puts the deadline off. What knows no deadline has none, and a connection
// that is gone says so when it is used.
func (p patientWriter) wait() { _ = p.rc.SetWriteDeadline(time.Now().Add(takeWithin)) }

// Write writes part by part.
func (p patientWriter) Write(b []byte) (n int, err error) {
	if len(b) == 0 {
		return p.ResponseWriter.Write(b)
	}
	for part := range slices.Chunk(b, takeAtOnce) {
		p.wait()
		taken, err := p.ResponseWriter.Write(part)
		if n += taken; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Unwrap is for http.ResponseController.
func (p patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
