package providers

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// RoundTrip implements [http.RoundTripper]: it asks without a network in between. Hosts do not
// matter. A connection that the server breaks gives an error here, too, and a body
// that broke off one to whoever reads it.
func (s *Server) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.RequestURI = r.URL.RequestURI()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() {
		if e := recover(); e == http.ErrAbortHandler { //nolint:errorlint // a panic's value is that very one
			answer, err = nil, errors.New("the connection was closed")
		} else if e != nil {
			panic(e)
		}
	}()
	w := written{header: make(http.Header), status: http.StatusOK}
	s.ServeHTTP(&w, r)
	return w.answer(r), nil
}

// written is an answer as a handler writes it.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }

// answer is the answer as who asked gets it.
func (w *written) answer(r *http.Request) *http.Response {
	a := &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, ContentLength: -1, Body: io.NopCloser(&w.body), Request: r,
	}
	if length, err := strconv.Atoi(w.header.Get("Content-Length")); err == nil {
		if a.ContentLength = int64(length); length > w.body.Len() {
			a.Body = io.NopCloser(io.MultiReader(&w.body, brokenOff{}))
		}
	}
	return a
}

// brokenOff is the end of a body that breaks off.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
