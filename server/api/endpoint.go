package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

// An Endpoint answers one request of an authenticated principal. If it returns
// an error it has written nothing.
type Endpoint func(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error

// Methods are the endpoints of one URL by HTTP method. HEAD goes where GET goes.
type Methods map[string]Endpoint

// At is the handler of one URL.
func (a *API) At(methods Methods) http.Handler {
	allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		endpoint, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", allow)
			a.refuse(w, r, errMethod)
			return
		}
		who, err := a.tokens.Principal(r.Context(), auth.FromRequest(r))
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if err := endpoint(w, r, who); err != nil {
			a.refuse(w, r, err)
		}
	})
}

// NotFound answers every URL that nothing else answers.
func (a *API) NotFound(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r, errNoSuchURL)
}

// problem is the problem document of err. What is no fault of the caller's is
// logged here, the one place that handles it.
func (a *API) problem(r *http.Request, err error) problem {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError || p.Status == http.StatusServiceUnavailable {
		a.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "url", auth.Redact(r.URL), "status", p.Status, "err", err)
	}
	return p
}

// Refuse answers a request that another handler cannot serve with the problem
// document of err.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) { a.refuse(w, r, err) }

// refuse answers with the problem document of err.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r, err)
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="wedsync"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	body, err := encode(p)
	if err != nil {
		a.log.ErrorContext(r.Context(), "problem document could not be written", "err", err)
		w.WriteHeader(p.Status)
		return
	}
	send(w, p.Status, "application/problem+json", body)
}

// reply answers with v as JSON.
func reply(w http.ResponseWriter, status int, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	send(w, status, "application/json", body)
	return nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}

// send writes an answer. A caller that has gone away is no error of ours.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(body)
}
