package providers

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// microsoftState is what Microsoft keeps. The server's lock guards it.
type microsoftState struct {
	mailboxes     map[string]*outlookBox // by address
	subscriptions map[string]*subscription
}

func newMicrosoftState() microsoftState {
	return microsoftState{mailboxes: make(map[string]*outlookBox), subscriptions: make(map[string]*subscription)}
}

// handleMicrosoft serves Graph. Each request is one of those that are counted.
func (s *Server) handleMicrosoft() {
	const me = "/v1.0/me"
	s.handle(Microsoft, "GET", me, 1, s.graphMe)
	s.handle(Microsoft, "GET", me+"/mailFolders/delta", 1, s.graphFolders)
	s.handle(Microsoft, "GET", me+"/mailFolders/{id}", 1, s.graphFolder)
	s.handle(Microsoft, "GET", me+"/mailFolders/{id}/messages/delta", 1, s.graphMessages)
	s.handle(Microsoft, "GET", me+"/messages/{id}", 1, s.graphMessage)
	s.handle(Microsoft, "GET", me+"/calendars", 1, s.graphCalendars)
	s.handle(Microsoft, "GET", me+"/calendars/{id}/calendarView/delta", 1, s.graphEvents)
	s.handle(Microsoft, "GET", me+"/events/{id}", 1, s.graphEvent)
	s.handle(Microsoft, "POST", "/v1.0/subscriptions", 1, s.graphSubscribe)
	s.handle(Microsoft, "GET", "/v1.0/subscriptions", 1, s.graphSubscriptions)
	s.handle(Microsoft, "GET", "/v1.0/subscriptions/{id}", 1, s.graphSubscription)
	s.handle(Microsoft, "PATCH", "/v1.0/subscriptions/{id}", 1, s.graphRenew)
	s.handle(Microsoft, "DELETE", "/v1.0/subscriptions/{id}", 1, s.graphUnsubscribe)
	s.handle(Microsoft, "POST", "/v1.0/subscriptions/{id}/reauthorize", 1, s.graphReauthorize)
}

// graphMe answers who the owner of an account is.
func (s *Server) graphMe(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"id": graphUser(r.address), "displayName": cmp.Or(s.accounts[r.account].name, r.address),
		"mail": r.address, "userPrincipalName": r.address,
	}, nil
}

// graphUser is the id of whoever has an address.
func graphUser(address string) string {
	return "user-" + strings.NewReplacer("@", "-", ".", "-").Replace(address)
}

// preferred is what a request prefers, by name: odata.maxpagesize, IdType,
// outlook.timezone, outlook.body-content-type.
func preferred(r *request) map[string]string {
	all := make(map[string]string)
	for _, header := range r.Header.Values("Prefer") {
		for one := range strings.SplitSeq(header, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
			all[name] = strings.Trim(value, `"`)
		}
	}
	return all
}

// graphLink is the URL of the same thing with a state token.
func graphLink(r *request, name string, token any) string {
	u := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: url.Values{name: {cursorOf(token)}}.Encode()}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

// A graphCursor is what a state token says.
type graphCursor struct {
	After   uint64   `json:"a,omitempty"` // changes after this one are told, all there is if 0
	Page    uint64   `json:"p,omitempty"` // the last change on the page before
	Upto    uint64   `json:"u"`           // the last change when the first page was made
	Select  []string `json:"s,omitempty"`
	Expand  string   `json:"x,omitempty"`
	From    int64    `json:"f,omitempty"` // of a filter or calendar view, in seconds
	Until   int64    `json:"t,omitempty"`
	Through int      `json:"n,omitempty"` // told by a filter in this round so far
}

// graphCursor reads where a list of changes goes on. The lock is held.
func (s *Server) graphCursor(r *request, box *outlookBox) (graphCursor, bool, error) {
	from := graphCursor{Upto: box.now}
	q := r.URL.Query()
	token := cmp.Or(q.Get("$skiptoken"), q.Get("$deltatoken"))
	if token == "" {
		return from, false, nil
	}
	if !readCursor(token, &from) {
		return from, true, graphBadRequest("Badly formed token.")
	}
	if max(from.After, 1) < box.floor || s.expired(r) {
		return from, true, failure{status: http.StatusGone, reason: "SyncStateNotFound", message: "The sync state generation is not found; a full synchronization is required."}
	}
	if q.Has("$deltatoken") {
		from.Upto, from.Page, from.Through = box.now, 0, 0
	}
	return from, true, nil
}

// A graphChange is something that a list of changes tells.
type graphChange struct {
	at   uint64
	tell func() map[string]any
}

// graphPage is a page of changes, those that were first first. The lock is held.
func (s *Server) graphPage(r *request, from graphCursor, all []graphChange, kind string) any {
	slices.SortFunc(all, func(a, b graphChange) int { return cmp.Compare(a.at, b.at) })
	size := number(preferred(r)["odata.maxpagesize"], 10, 1000)
	body := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Collection(" + kind + ")"}
	if len(all) > size {
		all = all[:size]
		next := from
		next.Page, next.Through = all[size-1].at, from.Through+size
		body["@odata.nextLink"] = graphLink(r, "$skiptoken", next)
	} else {
		done := from
		done.After, done.Page, done.Through = from.Upto, 0, 0
		body["@odata.deltaLink"] = graphLink(r, "$deltatoken", done)
	}
	value := make([]map[string]any, len(all))
	for i, c := range all {
		value[i] = c.tell()
	}
	body["value"] = disturbed(s, r, value)
	return answer{status: http.StatusOK, header: http.Header{"Preference-Applied": {"odata.maxpagesize=" + strconv.Itoa(size)}}, body: body}
}

// graphRemoved is how something is told that is gone.
func graphRemoved(id string) map[string]any {
	return map[string]any{"id": id, "@removed": map[string]any{"reason": "deleted"}}
}

func graphBadRequest(message string) failure {
	return failure{status: http.StatusBadRequest, reason: "ErrorInvalidRequest", message: message}
}

func graphNotFound() failure {
	return failure{status: http.StatusNotFound, reason: "ErrorItemNotFound", message: "The specified object was not found in the store."}
}

// selected are the members of a thing that were asked for, and its id.
func selected(all map[string]any, names []string) map[string]any {
	if len(names) == 0 {
		return all
	}
	some := make(map[string]any, len(names)+1)
	for name, value := range all {
		if name == "id" || strings.HasPrefix(name, "@") || slices.Contains(names, name) {
			some[name] = value
		}
	}
	return some
}

// fields are the names in a $select, which are refused unless they are known.
func fields(r *request, known []string) ([]string, error) {
	text := r.URL.Query().Get("$select")
	if text == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for _, name := range names {
		if name != "id" && !slices.Contains(known, name) {
			return nil, graphBadRequest("Could not find a property named '" + name + "'.")
		}
	}
	return names, nil
}

var tag = regexp.MustCompile(`(?s)<(style|script)[^>]*>.*?</(style|script)>|<[^>]*>`)
