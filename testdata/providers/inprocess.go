package providers

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
	w := httptest.NewRecorder()
	defer func() {
		if e := recover(); e == http.ErrAbortHandler { //nolint:errorlint // a panic's value is that very one
			answer, err = nil, errors.New("the connection was closed")
		} else if e != nil {
			panic(e)
		}
	}()
	s.ServeHTTP(w, r)
	answer = w.Result()
	if length, err := strconv.Atoi(answer.Header.Get("Content-Length")); err == nil && length > w.Body.Len() {
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(w.Body.Bytes()), brokenOff{}))
	}
	return answer, nil
}

// brokenOff is the end of a body that breaks off.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
