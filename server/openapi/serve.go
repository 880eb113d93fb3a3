package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"wedsync/server/api"
)

const describedTag = "Operation"

var documentDoc = api.Doc{
	ID: "openapi", Tag: describedTag, Summary: "Read this description as a document", May: api.Public,
	Answers: []api.Answer{{Status: http.StatusOK, Body: map[string]any{}, Says: "OpenAPI 3.1."}},
}

var pageDoc = api.Doc{
	ID: "docs", Tag: describedTag, Summary: "Read this description as a page", May: api.Public,
	Answers: []api.Answer{{Status: http.StatusOK, Type: "text/html; charset=utf-8", Says: "A page that needs nothing else.", Headers: []string{"ETag"}}},
}

// Routes are GET /openapi.json and GET /docs, which describe the given routes
// and themselves. They are made when they are first asked for.
func Routes(described []api.Route) []api.Route {
	var all []api.Route
	model := sync.OnceValue(func() *huma.OpenAPI { return Model(all) })
	own := []api.Route{
		api.Open("/openapi.json", once(func() http.Handler { return document(model()) }), documentDoc),
		api.Open("/docs", once(func() http.Handler { return page(model()) }), pageDoc),
	}
	all = append(described[:len(described):len(described)], own...)
	return own
}

// once is a handler that is made by its first request.
func once(made func() http.Handler) http.Handler {
	handler := sync.OnceValue(made)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}

// document serves a model as JSON.
func document(model *huma.OpenAPI) http.Handler {
	b, err := json.MarshalIndent(model, "", "  ")
	if err != nil {
		panic(fmt.Errorf("openapi: %w", err)) // made of the program's own types alone
	}
	return api.Fixed(append(b, '\n'), "Content-Type", jsonType)
}

// page serves a model as HTML.
func page(model *huma.OpenAPI) http.Handler {
	html, policy := render(model)
	return api.Fixed(html, "Content-Type", "text/html; charset=utf-8", "Content-Security-Policy", policy)
}

// takes is the content type of a request's body.
func takes(d *api.Doc) string { return cmp.Or(d.Takes, jsonType) }

// exampleOf is the example of a body as it stands in the document.
func exampleOf(d *api.Doc) any {
	if takes(d) == jsonType {
		return json.RawMessage(d.Example)
	}
	return d.Example
}
