package api

import (
	"net/http"
	"slices"
	"strings"

	"wedsync/conflicts"
)

// A Route is one method of one URL: what answers it, and its description. HEAD
// goes where GET goes. The table of all stands in package server.
//
// A new endpoint is a method of [API] with its [Doc] beside it, say
//
//	var GetTableDoc = Doc{
//		ID: "getTable", Tag: "Tables", Summary: "Read one table", May: Readers,
//		Answers: []Answer{{Status: 200, Body: tableItem{}, Says: "The table."}},
//		Problems: []Kind{Gone}, // beside those that follow from the rest, see Doc.Kinds
//	}
//
//	func (a *API) GetTable(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error
//
// then a line of the table in server.go,
//
//	api.On("GET", "/api/tables/{id}", a.GetTable, api.GetTableDoc),
//
// and a row of what it answers to whom in server/rights_test.go. Tests fail
// until all of them are there, and hold what is answered against the Doc.
type Route struct {
	Method, Path string
	Endpoint     Endpoint     // answers a principal that was let in, or
	Handler      http.Handler // answers anybody: it looks itself who asks
	Lasting      bool         // the answer goes on as long as its caller stays; it is not measured
	Doc          Doc
}

// On is the route of an endpoint.
func On(method, path string, e Endpoint, d Doc) Route {
	return Route{Method: method, Path: path, Endpoint: e, Doc: d}
}

// Open is the route of a GET that needs no endpoint.
func Open(path string, h http.Handler, d Doc) Route {
	return Route{Method: http.MethodGet, Path: path, Handler: h, Doc: d}
}

// A Right says which roles a route lets in. A record, conflict or entry of
// another supplier is "not found" to all of them.
type Right string

// The rights.
const (
	Public    Right = "public"    // nobody is asked who they are
	Readers   Right = "readers"   // every role
	Proposers Right = "proposers" // roles that may edit
	People    Right = "people"    // of these, those that no program has
	Deciders  Right = "deciders"  // roles that decide conflicts
)

// Admits reports whether the role is let in.
func (r Right) Admits(role conflicts.Role) bool {
	switch r {
	case Proposers:
		return role.MayPropose()
	case People:
		return role.MayPropose() && role != conflicts.Integration
	case Deciders:
		return role.MayResolve()
	}
	return true
}

// Roles are the roles that are let in.
func (r Right) Roles() []conflicts.Role {
	all := []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Integration, conflicts.Viewer}
	return slices.DeleteFunc(all, func(role conflicts.Role) bool { return !r.Admits(role) })
}

// A Keying says what a route makes of the header Idempotency-Key.
type Keying int

// The keyings. A command that is not keyed does no harm when it is sent again.
const (
	Unkeyed Keying = iota // the header means nothing
	MayKey                // a command sent again under its key is answered as it was at first
	MustKey               // and it is refused without one
)

// A Doc describes a route. From it come the checks before the endpoint (role,
// key, content type), the OpenAPI document and what tests hold answers against.
type Doc struct {
	ID      string // of the operation, such as listClients
	Tag     string // the noun it is about
	Summary string // a line
	Detail  string // what a caller must know besides
	May     Right
	Key     Keying
	Apart   bool    // many commands, each answered on its own within the body
	IfMatch bool    // whether If-Match names the revision that the caller knew
	Query   []Param // in the order to show
	Body    any     // a value of the type that the request's body is read as, nil if it needs none
	Takes   string  // content type of the body, JSON if empty
	Example string  // of a body
	Answers []Answer
	// Problems are kinds of refusal beside those that follow from the rest.
	Problems []Kind
}

// A Param is a parameter in the query of a URL. All may be left out.
type Param struct {
	Name, Says string
	Enum       []string // the values it may have, if they are few
	Number     bool
	Example    string
}

// An Answer describes what is answered where nothing is refused.
type Answer struct {
	Status  int
	Says    string
	Body    any      // a value of the type that is written as JSON, nil if it is another type or there is none
	Lines   any      // a value of the type of each line that is written to who accepts application/x-ndjson, nil if there is no such answer
	Type    string   // content type of a body that is no JSON
	Headers []string // that this answer has, beside ETag of every GET that answers JSON
}

// Kinds are all kinds of refusal of a route: those that follow from its
// description, and those that this names.
func (r *Route) Kinds() []Kind {
	d := &r.Doc
	if r.Endpoint == nil {
		return d.Problems
	}
	kinds := []Kind{NoToken, TokenExpired, BadToken, KeysUnavailable, Revoked, RateLimited}
	if d.May != Readers {
		kinds = append(kinds, Forbidden)
	}
	if len(d.Query) > 0 || d.Body != nil || d.Key != Unkeyed || d.IfMatch {
		kinds = append(kinds, Malformed)
	}
	if d.Body != nil || d.Key != Unkeyed {
		kinds = append(kinds, TooLarge)
	}
	if d.Body != nil {
		kinds = append(kinds, MediaType, Invalid)
	}
	if d.Key != Unkeyed && !d.Apart {
		kinds = append(kinds, KeyBusy, KeyReused)
	}
	if d.IfMatch {
		kinds = append(kinds, UnknownRevision)
	}
	if strings.Contains(r.Path, "{id}") {
		kinds = append(kinds, NotFound)
	}
	return append(append(kinds, d.Problems...), Internal, Unavailable)
}
