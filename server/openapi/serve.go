package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

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
// and themselves.
func Routes(described []api.Route) []api.Route {
	own := []api.Route{api.Open("/openapi.json", nil, documentDoc), api.Open("/docs", nil, pageDoc)}
	model := Model(append(described[:len(described):len(described)], own...))
	document, err := json.MarshalIndent(model, "", "  ")
	if err != nil {
		panic(fmt.Errorf("openapi: %w", err)) // made of the program's own types alone
	}
	own[0].Handler = api.Fixed(append(document, '\n'), "Content-Type", jsonType)
	page, policy := render(model)
	own[1].Handler = api.Fixed(page, "Content-Type", "text/html; charset=utf-8", "Content-Security-Policy", policy)
	return own
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
