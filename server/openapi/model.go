package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wedsync/server/api"
)

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
	bearer      = "bearer" // the name of the one security scheme
)

const introduction = "The hub keeps client records as documents that devices edit offline, and asks people about critical fields.\n\n" +
	"Send `Authorization: Bearer` with a token; `wedsync token` makes one. A record, conflict or entry of another supplier is \"not found\".\n\n" +
	"HEAD is answered as GET is, without the body. A list has **items** and **next**, the cursor of its next page. " +
	"Whatever is refused is told by a problem document (RFC 9457), whose **type** says the kind."

// Model is the OpenAPI document of the routes. A route that cannot be described
// is a mistake in the table, and panics.
func Model(routes []api.Route) *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	model := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "WedSync hub", Version: "1", Description: introduction},
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
			},
		},
	}
	for i := range routes {
		tag := routes[i].Doc.Tag
		if !slices.ContainsFunc(model.Tags, func(t *huma.Tag) bool { return t.Name == tag }) {
			model.Tags = append(model.Tags, &huma.Tag{Name: tag})
		}
		model.AddOperation(operation(&routes[i], schemas))
	}
	for _, s := range schemas.Map() {
		neverNull(s)
		s.PrecomputeMessages()
	}
	return model
}

func operation(r *api.Route, schemas huma.Registry) *huma.Operation {
	d := &r.Doc
	op := &huma.Operation{
		OperationID: d.ID, Method: r.Method, Path: r.Path, Tags: []string{d.Tag}, Summary: d.Summary, Description: d.Detail,
		Parameters: params(r), Responses: responses(r, schemas), Security: []map[string][]string{},
	}
	if d.May != api.Public {
		op.Security = append(op.Security, map[string][]string{bearer: {}})
		op.Extensions = map[string]any{"x-roles": d.May.Roles()}
	}
	if d.Body != nil {
		media := &huma.MediaType{Schema: schemaOf(schemas, d.Body)}
		if d.Example != "" {
			media.Example = exampleOf(d)
		}
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{takes(d): media}}
	}
	return op
}

// schemaOf is the schema of what v is written as, or read from.
func schemaOf(schemas huma.Registry, v any) *huma.Schema {
	s := schemas.Schema(reflect.TypeOf(v), true, "")
	neverNull(s)
	return s
}

// neverNull takes null back from lists, which the hub always writes.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(more)
	}
}

var inPath = regexp.MustCompile(`\{([a-z]+)\}`)

// params are all parameters of a route: of its path, query and headers.
func params(r *api.Route) (all []*huma.Param) {
	text := &huma.Schema{Type: huma.TypeString}
	for _, name := range inPath.FindAllStringSubmatch(r.Path, -1) {
		says := "As lists show it."
		if strings.HasPrefix(r.Path, "/api/clients/{id}") {
			says = "The client_id or the document_id of the record."
		}
		all = append(all, &huma.Param{Name: name[1], In: "path", Required: true, Schema: text, Description: says})
	}
	for _, q := range r.Doc.Query {
		all = append(all, queryParam(q))
	}
	if r.Doc.Key != api.Unkeyed {
		most := 255
		all = append(all, &huma.Param{
			Name: "Idempotency-Key", In: "header", Required: r.Doc.Key == api.MustKey, Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
			Description: "A text of the caller's own for this command. Sent again under it, the command is answered as it was at first and not carried out again.",
		})
	}
	if r.Doc.IfMatch {
		all = append(all, &huma.Param{
			Name: "If-Match", In: "header", Schema: text,
			Description: `The ETag of the record as the caller knew it, or its revision alone as "7": critical fields that moved since are not overwritten.`,
		})
	}
	if tagged(r) {
		all = append(all, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: text, Description: "The ETag of an earlier answer, to be told only if it changed.",
		})
	}
	return all
}

func queryParam(q api.Param) *huma.Param {
	p := &huma.Param{Name: q.Name, In: "query", Description: q.Says, Schema: &huma.Schema{Type: huma.TypeString}}
	if q.Number {
		p.Schema.Type = huma.TypeInteger
	}
	for _, word := range q.Enum {
		p.Schema.Enum = append(p.Schema.Enum, word)
	}
	if q.Example != "" {
		p.Example = q.Example
	}
	return p
}

// tagged reports whether the answer of a route has an ETag.
func tagged(r *api.Route) bool {
	return r.Method == http.MethodGet && slices.ContainsFunc(r.Doc.Answers, func(a api.Answer) bool {
		return a.Status == http.StatusOK && (a.Body != nil || slices.Contains(a.Headers, "ETag"))
	})
}

// responses are all answers of a route by status.
func responses(r *api.Route, schemas huma.Registry) map[string]*huma.Response {
	all := make(map[string]*huma.Response)
	for _, a := range r.Doc.Answers {
		res := &huma.Response{Description: a.Says}
		switch {
		case a.Body != nil:
			res.Content = map[string]*huma.MediaType{jsonType: {Schema: schemaOf(schemas, a.Body)}}
		case a.Type != "":
			res.Content = map[string]*huma.MediaType{a.Type: {Schema: &huma.Schema{Type: huma.TypeString}}}
		}
		if a.Lines != nil {
			res.Content["application/x-ndjson"] = &huma.MediaType{Schema: schemaOf(schemas, a.Lines)}
		}
		if other := all[strconv.Itoa(a.Status)]; other != nil { // the same status with another type
			res.Description = other.Description + " " + res.Description
			maps.Copy(res.Content, other.Content)
		}
		addHeaders(res, a.Headers...)
		if a.Status == http.StatusOK && tagged(r) {
			addHeaders(res, "ETag")
			all["304"] = &huma.Response{Description: "It is as If-None-Match says."}
			addHeaders(all["304"], "ETag")
		}
		all[strconv.Itoa(a.Status)] = res
	}
	byStatus := make(map[int][]api.Kind)
	for _, k := range r.Kinds() {
		if !slices.Contains(byStatus[k.Status], k) {
			byStatus[k.Status] = append(byStatus[k.Status], k)
		}
	}
	for status, kinds := range byStatus {
		all[strconv.Itoa(status)] = refusal(status, kinds, schemas)
	}
	return all
}

func addHeaders(res *huma.Response, names ...string) {
	for _, name := range names {
		if res.Headers == nil {
			res.Headers = make(map[string]*huma.Param)
		}
		res.Headers[name] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}}
	}
}

// refusal describes the problem documents of a status.
func refusal(status int, kinds []api.Kind, schemas huma.Registry) *huma.Response {
	types := &huma.Schema{Type: huma.TypeString}
	var says []string
	for _, k := range kinds {
		if !slices.Contains(types.Enum, any(k.Type())) {
			types.Enum = append(types.Enum, k.Type())
		}
		says = append(says, fmt.Sprintf("`%s`: %s.", k.Name, k.Title))
	}
	s := &huma.Schema{AllOf: []*huma.Schema{
		schemaOf(schemas, api.Problem{}),
		{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"type": types}},
	}}
	s.PrecomputeMessages()
	res := &huma.Response{Description: strings.Join(says, "\n"), Content: map[string]*huma.MediaType{problemType: {Schema: s}}}
	switch status {
	case http.StatusUnauthorized:
		addHeaders(res, "WWW-Authenticate")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		addHeaders(res, "Retry-After")
	}
	return res
}
