package openapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/api"
	"wedsync/server/openapi"
)

type table struct {
	Seats []string `json:"seats" doc:"Who sits <b>where</b>."`
	Shape string   `json:"shape,omitempty" enum:"round,long" doc:"Of the table."`
	Top   *table   `json:"top,omitempty" doc:"The table above."`
}

func routes() []api.Route {
	return []api.Route{
		api.On("GET", "/api/tables/{id}", endpoint, api.Doc{
			ID: "getTable", Tag: "Tables", Summary: "Read <one> table", Detail: "Is **never** `null`.", May: api.Readers,
			Query:   []api.Param{{Name: "side", Says: "Only of this side.", Enum: []string{"bride", "groom"}}},
			Answers: []api.Answer{{Status: 200, Body: table{}, Says: "The table."}},
		}),
		{Method: "PUT", Path: "/api/tables/{id}", Endpoint: endpoint, Doc: api.Doc{
			ID: "putTable", Tag: "Tables", Summary: "Set a table", May: api.Deciders, Key: api.MustKey, IfMatch: true,
			Body: table{}, Example: `{"seats": ["Ada"]}`, Answers: []api.Answer{{Status: 204, Says: "It is set."}},
			Problems: []api.Kind{api.Limit},
		}},
	}
}

func endpoint(http.ResponseWriter, *http.Request, conflicts.Principal) error { return nil }

// get is the answer of one of the two routes that describe the others.
func get(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	own := openapi.Routes(routes())
	i := slices.IndexFunc(own, func(r api.Route) bool { return r.Path == path })
	r := httptest.NewRequest("GET", path, nil)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	own[i].Handler.ServeHTTP(w, r)
	return w
}

func TestDocumentTellsWhatTheDocsTell(t *testing.T) {
	var document any
	if err := json.Unmarshal(get(t, "/openapi.json").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"openapi": `"3.1.0"`,
		"components/schemas/Table/properties/seats/type":                                                                  `"array"`,
		"components/schemas/Table/properties/shape/enum":                                                                  `["round","long"]`,
		"components/schemas/Table/required":                                                                               `["seats"]`,
		"components/securitySchemes/bearer/scheme":                                                                        `"bearer"`,
		"paths/~api~tables~{id}/get/security":                                                                             `[{"bearer":[]}]`,
		"paths/~api~tables~{id}/get/x-roles":                                                                              `["owner","member","integration","viewer"]`,
		"paths/~api~tables~{id}/get/responses/200/content/application~json/schema/$ref":                                   `"#/components/schemas/Table"`,
		"paths/~api~tables~{id}/get/parameters/1/schema/enum":                                                             `["bride","groom"]`,
		"paths/~api~tables~{id}/put/x-roles":                                                                              `["owner"]`,
		"paths/~api~tables~{id}/put/requestBody/content/application~json/example":                                         `{"seats":["Ada"]}`,
		"paths/~api~tables~{id}/put/parameters/1/required":                                                                `true`,
		"paths/~api~tables~{id}/put/responses/412/content/application~problem+json/schema/allOf/1/properties/type/enum/0": `"urn:wedsync:problem:unknown-revision"`,
		"paths/~openapi.json/get/security":                                                                                `[]`,
	} {
		got, err := json.Marshal(at(document, strings.Split(path, "/")))
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	put, _ := at(document, []string{"paths", "~api~tables~{id}", "put", "responses"}).(map[string]any)
	if got, want := strings.Join(slices.Sorted(maps.Keys(put)), " "), "204 400 401 403 404 409 412 413 415 422 429 500 503"; got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
}

// at goes into decoded JSON; ~ stands for / in a step.
func at(v any, path []string) any {
	for _, step := range path {
		switch within := v.(type) {
		case map[string]any:
			v = within[strings.ReplaceAll(step, "~", "/")]
		case []any:
			v = within[step[0]-'0']
		}
	}
	return v
}

func TestDocumentAndPageAreKeptByTheirTag(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/docs"} {
		first := get(t, path)
		again := get(t, path, "If-None-Match", first.Header().Get("ETag"))
		if first.Code != 200 || again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s: %d, then %d with %d bytes", path, first.Code, again.Code, again.Body.Len())
		}
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	page := get(t, "/docs")
	html := page.Body.String()
	for _, pattern := range []string{`https?://`, `\bsrc=`, `@import`, `url\(`, `<link`, `\son[a-z]+=`, `\sstyle=`, `fetch\(`} {
		if found := regexp.MustCompile(pattern).FindString(html); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, element := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(html, "<"+element+">")
		inside, _, _ := strings.Cut(rest, "</"+element+">")
		sum := sha256.Sum256([]byte(inside))
		if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; len(inside) < 100 || !strings.Contains(policy, want) {
			t.Errorf("the %s of the page is not let in by %q", element, policy)
		}
	}
}
