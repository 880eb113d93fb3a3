package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// A pageView is what the page shows of a document.
type pageView struct {
	Title, Version string
	Introduction   []template.HTML
	Groups         []groupView
	Schemas        []schemaView
	Style          template.CSS
	Script         template.JS
}

type groupView struct {
	Name       string
	Operations []operationView
}

type operationView struct {
	ID, Method, Path, Summary string
	Detail                    []template.HTML
	Roles                     []any
	Params                    []paramView
	Body                      template.HTML
	Curl                      string
	Answers                   []answerView
	Words                     string // that the filter looks in
}

type paramView struct {
	Name, In string
	Type     template.HTML
	Required bool
	Says     template.HTML
}

type answerView struct {
	Status  string
	Refusal bool
	Says    []template.HTML
	Type    string
	Schema  template.HTML
	Headers []string
}

type schemaView struct {
	Name    string
	Members []paramView
}

// render makes the page of a document, and the policy that lets a browser run
// the page's own script and nothing else.
func render(model *huma.OpenAPI) (html []byte, policy string) {
	view := pageView{
		Title: model.Info.Title, Version: model.Info.Version, Introduction: paragraphs(model.Info.Description),
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
	}
	for _, tag := range model.Tags {
		view.Groups = append(view.Groups, groupView{tag.Name, operationsOf(model, tag.Name)})
	}
	schemas := model.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		view.Schemas = append(view.Schemas, schemaView{name, members(schemas[name])})
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, view); err != nil {
		panic(fmt.Errorf("openapi: %w", err)) // made of the program's own texts alone
	}
	return b.Bytes(), fmt.Sprintf(
		"default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		source(pageCSS), source(pageJS))
}

// source names an inline style or script in a policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// operationsOf are the operations of a tag, by path and then as people work.
func operationsOf(model *huma.OpenAPI, tag string) (all []operationView) {
	for _, path := range slices.Sorted(maps.Keys(model.Paths)) {
		item := model.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && op.Tags[0] == tag {
				all = append(all, operationOf(op))
			}
		}
	}
	return all
}

func operationOf(op *huma.Operation) operationView {
	v := operationView{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary,
		Detail: paragraphs(op.Description), Curl: curl(op),
		Words: strings.ToLower(strings.Join([]string{op.OperationID, op.Method, op.Path, op.Summary, op.Tags[0]}, " ")),
	}
	if roles := op.Extensions["x-roles"]; roles != nil {
		v.Roles = []any{roles}
	}
	for _, p := range op.Parameters {
		v.Params = append(v.Params, paramView{p.Name, p.In, typeOf(p.Schema), p.Required, inline(p.Description)})
	}
	if op.RequestBody != nil {
		for kind, media := range op.RequestBody.Content {
			v.Body = template.HTML(template.HTMLEscapeString(kind)) + ": " + typeOf(media.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		v.Answers = append(v.Answers, answerOf(status, op.Responses[status]))
	}
	return v
}

func answerOf(status string, res *huma.Response) answerView {
	v := answerView{Status: status, Refusal: status >= "400", Headers: slices.Sorted(maps.Keys(res.Headers))}
	for line := range strings.SplitSeq(res.Description, "\n") {
		v.Says = append(v.Says, inline(line))
	}
	for kind, media := range res.Content {
		s := media.Schema
		if len(s.AllOf) > 0 {
			s = s.AllOf[0]
		}
		v.Type, v.Schema = kind, typeOf(s)
	}
	return v
}

// curl is a command that sends an example of a request.
func curl(op *huma.Operation) string {
	first := "curl -s "
	if op.Method != http.MethodGet {
		first += "-X " + op.Method + " "
	}
	line := []string{first + `"$WEDSYNC_URL` + op.Path + `"`}
	if len(op.Security) > 0 {
		line = append(line, `-H "Authorization: Bearer $WEDSYNC_TOKEN"`)
	}
	for _, p := range op.Parameters {
		if p.Name == "Idempotency-Key" {
			line = append(line, `-H "Idempotency-Key: $(uuidgen)"`)
		}
	}
	if op.RequestBody != nil {
		for kind, media := range op.RequestBody.Content {
			line = append(line, `-H "Content-Type: `+kind+`"`, "-d '"+exampleText(media.Example)+"'")
		}
	}
	return strings.Join(line, " \\\n  ")
}

func exampleText(v any) string {
	if raw, ok := v.(json.RawMessage); ok {
		return string(raw)
	}
	return fmt.Sprint(v)
}

// members are the members of an object.
func members(s *huma.Schema) (all []paramView) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		all = append(all, paramView{Name: name, Type: typeOf(p), Required: slices.Contains(s.Required, name), Says: inline(p.Description)})
	}
	return all
}
