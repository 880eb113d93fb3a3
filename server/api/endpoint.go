package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

// An Endpoint answers one request of an authenticated principal. If it returns
// an error it has written nothing.
type Endpoint func(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error

// At is the handler of one URL, whose methods the routes are.
func (a *API) At(routes []Route) http.Handler {
	methods := make(map[string]Route, len(routes))
	for _, route := range routes {
		methods[route.Method] = route
	}
	allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", allow)
			a.refuse(w, r, errMethod)
			return
		}
		if err := a.answerTo(w, r, &route); err != nil {
			a.refuse(w, r, err)
		}
	})
}

// answerTo lets a request in, or not, and has its endpoint answer.
func (a *API) answerTo(w http.ResponseWriter, r *http.Request, route *Route) error {
	session, err := a.door.Session(r)
	if err != nil {
		return err
	}
	if err := a.door.Limits.Request(session.Principal); err != nil {
		return err
	}
	who, err := a.hub.Admit(r.Context(), session.Principal)
	if err != nil {
		return err
	}
	if !route.Doc.May.Admits(who.Role) {
		return errForbidden
	}
	if route.Doc.Key == MustKey && r.Header.Get("Idempotency-Key") == "" {
		return malformed("Idempotency-Key", "is needed: a text of your own for this command, so that it can be sent again without harm")
	}
	if err := checkMediaType(r, &route.Doc); err != nil {
		return err
	}
	if route.Method == http.MethodGet {
		w = &conditional{ResponseWriter: w, known: r.Header.Values("If-None-Match")}
	}
	return route.Endpoint(w, r, who)
}

// checkMediaType refuses a body that says it is of another content type than the
// route takes. One that says nothing is taken for the right one.
func checkMediaType(r *http.Request, d *Doc) error {
	given := r.Header.Get("Content-Type")
	if d.Body == nil || given == "" {
		return nil
	}
	takes := cmp.Or(d.Takes, "application/json")
	kind, params, err := mime.ParseMediaType(given)
	if charset, ok := params["charset"]; err != nil || kind != takes || ok && !strings.EqualFold(charset, "utf-8") {
		return fmt.Errorf("%w: send Content-Type: %s", errMediaType, takes)
	}
	return nil
}

// NotFound answers every URL that nothing else answers.
func (a *API) NotFound(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r, errNoSuchURL)
}

// problem is the problem document of err. What is no fault of the caller's is
// logged here, the one place that handles it; that an issuer's keys cannot be
// read was said when that began, and a caller who left is no failure.
func (a *API) problem(r *http.Request, err error) Problem {
	p := problemOf(err)
	left := errors.Is(err, context.Canceled) && r.Context().Err() != nil
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, auth.ErrUnavailable) && !left {
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
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", retryAfter(err))
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
	if c, ok := w.(*conditional); ok {
		c.tag(body)
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
