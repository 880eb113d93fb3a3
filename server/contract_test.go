package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"wedsync/server"
	"wedsync/server/api"
	"wedsync/server/metrics"
	"wedsync/server/openapi"
)

// described is what the hub says of itself. Every answer that a test of this
// package gets is held against it, and it notes which were seen.
var described = sync.OnceValue(func() *contract {
	routes := server.Routes(server.Options{API: api.New(api.Options{}), Metrics: metrics.New()})
	c := &contract{routes: routes, model: openapi.Model(routes), urls: http.NewServeMux(), seen: make(map[string]bool)}
	for path := range c.model.Paths {
		c.urls.Handle(path, http.NotFoundHandler())
	}
	return c
})

type contract struct {
	routes []api.Route
	model  *huma.OpenAPI
	urls   *http.ServeMux // whose patterns are the paths

	mu   sync.Mutex
	seen map[string]bool // "listClients 200"
}

// unseen are the answers that no test of this package can get.
var unseen = map[string]string{
	"listen 101": "as sync 101", "listen 403": "server/activity refuses origins",
	"events 200": "a recorder of answers would wait for their end; the rights table begins real ones",
	"events 403": "the rights table is told it, over a connection", "events 429": "limits are tested in server/auth",
	"events 503": "server/activity counts listeners",
	"sync 101":   "a recorder of answers cannot become a socket; the rights table opens real ones", "sync 403": "server/socket refuses origins",
	"importClients 413": "TestGigabyteIsRefusedEarly sends more than a recorder keeps",
	"testEndpoint 422":  "no test has a hundred thousand deliveries wait",
	"receiveEvent 400":  "server/webhooks/inbound cuts requests off", "receiveEventOf 400": "server/webhooks/inbound cuts requests off",
	"pushGoogle 400": "as receiveEvent 400", "pushMicrosoft 400": "as receiveEvent 400",
	"finishAccount 422": "store/storetest connects as many accounts as there may be", "finishAccount 429": "limits are tested in server/auth",
	"finishAccount 500": "as connectTwilio 500", "finishAccount 503": "as connectTwilio 503",
	"revokeDevice 422": "store/storetest shuts out as many devices as there may be",
}

// A suite is all tests of this package, which fail together if an answer that
// is promised was not seen.
type suite struct{ *testing.M }

// Run runs the tests.
func (s suite) Run() int {
	code := s.M.Run()
	if code == 0 && allRan() {
		for _, missing := range described().unseen() {
			fmt.Printf("no test got the answer %q, which its Doc promises: see unseen in contract_test.go\n", missing)
			code = 1
		}
	}
	return code
}

// allRan reports whether no test was left out.
func allRan() bool {
	for _, arg := range os.Args {
		for _, flag := range []string{"-test.run=", "-test.skip=", "-test.list=", "-test.fuzz="} {
			if value, ok := strings.CutPrefix(arg, flag); ok && value != "" && value != "^$" {
				return false
			}
		}
	}
	return true
}

// unseen are the answers that are promised and were not seen.
func (c *contract) unseen() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.routes {
		for status := range c.operation(r.Method, r.Path).Responses {
			answer := r.Doc.ID + " " + status
			if !c.seen[answer] && unseen[answer] == "" {
				all = append(all, answer)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (c *contract) operation(method, path string) *huma.Operation {
	item := c.model.Paths[path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{
		"GET": item.Get, "HEAD": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete,
	}[method]
}

func (c *contract) route(id string) api.Route {
	return c.routes[slices.IndexFunc(c.routes, func(r api.Route) bool { return r.Doc.ID == id })]
}

// faults says where an answer to a request differs from what its Doc promises.
func (c *contract) faults(method, target, body string, got reply) (all []string) {
	u, err := url.Parse(target)
	if err != nil || strings.HasPrefix(u.Path, "/debug/") {
		return nil // profiles are for those who work on the hub
	}
	_, path := c.urls.Handler(httptest.NewRequest("GET", target, nil))
	op := c.operation(method, path)
	if op == nil {
		return c.strange(path, got)
	}
	status := strconv.Itoa(got.status)
	c.mu.Lock()
	c.seen[op.OperationID+" "+status] = true
	c.mu.Unlock()
	promised := op.Responses[status]
	if promised == nil {
		return []string{fmt.Sprintf("status %s is in no Answer and no Problem of its Doc; they have %v", status, slices.Sorted(maps.Keys(op.Responses)))}
	}
	for name := range promised.Headers {
		if got.header.Get(name) == "" {
			all = append(all, "the header "+name+" is missing")
		}
	}
	if method != http.MethodHead {
		all = append(all, c.content(promised, got)...)
	}
	if got.status < 300 && op.RequestBody != nil && !c.route(op.OperationID).Doc.Apart {
		all = append(all, c.valid("request: ", op.RequestBody.Content["application/json"], body)...)
	}
	return all
}

// strange are the faults of an answer to a URL or method that is in no route.
func (c *contract) strange(path string, got reply) []string {
	want, kind := http.StatusNotFound, api.NoSuchURL
	if slices.ContainsFunc(c.routes, func(r api.Route) bool { return r.Path == path && r.Endpoint != nil }) {
		want, kind = http.StatusMethodNotAllowed, api.Method
	}
	if got.status != want || got.text("type") != kind.Type() {
		return []string{fmt.Sprintf("no route has this method: answered %d %s, want %d %s", got.status, got.text("type"), want, kind.Type())}
	}
	return nil
}

// content says where a body differs from what is promised of it.
func (c *contract) content(promised *huma.Response, got reply) []string {
	kind := got.header.Get("Content-Type")
	if len(promised.Content) == 0 {
		if got.raw != "" {
			return []string{fmt.Sprintf("it has a body, and none is promised: %q", got.raw)}
		}
		return nil
	}
	media := promised.Content[kind]
	if media == nil {
		// Parameters of a type that is not JSON may differ, such as the version of metrics.
		media = promised.Content[strings.Split(kind, ";")[0]]
	}
	if media == nil {
		return []string{fmt.Sprintf("content type %q is not among %v", kind, slices.Collect(maps.Keys(promised.Content)))}
	}
	if kind == "application/x-ndjson" {
		var all []string
		for line := range strings.Lines(got.raw) {
			all = append(all, c.valid("line: ", media, line)...)
		}
		return all
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	return c.valid("", media, got.raw)
}

// valid says where a JSON text differs from its schema.
func (c *contract) valid(what string, media *huma.MediaType, text string) (all []string) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return []string{what + err.Error()}
	}
	var found huma.ValidateResult
	huma.Validate(c.model.Components.Schemas, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &found)
	for _, err := range found.Errors {
		all = append(all, what+err.Error())
	}
	return all
}
