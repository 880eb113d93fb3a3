package server_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wedsync/server/api"
	"wedsync/server/auth"
	"wedsync/server/communications/timeline"
	"wedsync/server/hub"
	"wedsync/store"
)

// eachRoute runs a test for the row of each route that has an endpoint and that
// the test is about, on a stage of its own, as a caller who is let in.
func eachRoute(t *testing.T, about func(*api.Doc) bool, run func(t *testing.T, s *stage, r api.Route, row right, c caller)) {
	for _, row := range rights {
		r := described().route(row.id)
		if r.Endpoint == nil || !about(&r.Doc) {
			continue
		}
		let := slices.IndexFunc(insiders, func(c caller) bool { return c.want(&row) < 300 })
		t.Run(row.id, func(t *testing.T) { run(t, newStage(siteOf(t, &row)), r, row, insiders[let]) })
	}
}

// siteOf is a site where what a row is about can be made.
func siteOf(t *testing.T, row *right) *site {
	t.Helper()
	if row.stored {
		return newRealSite(t).site
	}
	return newSite(t)
}

func isTable(d *api.Doc) bool          { return d.Takes == "text/csv" || d.ID == "exportClients" } // import_test.go is about these
func hasBody(d *api.Doc) bool          { return d.Body != nil && !isTable(d) }
func isKeyed(d *api.Doc) bool          { return d.Key != api.Unkeyed && !d.Apart }
func readsBody(d *api.Doc) bool        { return (d.Body != nil || d.Key != api.Unkeyed) && !isTable(d) }
func mayBeUnread(d *api.Doc) bool      { return (len(d.Query) > 0 || readsBody(d)) && !isTable(d) }
func (row right) with(b string) *right { row.body = b; return &row }

func TestBodyOfAnotherContentTypeIsRefused(t *testing.T) {
	eachRoute(t, hasBody, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", ";"} {
			got := s.want(415, s.perform(&row, c, "Content-Type", kind))
			if got.text("type") != api.MediaType.Type() || !strings.Contains(got.text("detail"), "application/json") {
				t.Errorf("%s: %s", kind, got.raw)
			}
		}
		if got := s.perform(&row, c, "Content-Type", "Application/JSON; charset=UTF-8"); got.status >= 300 {
			t.Errorf("its own content type: %s", got.raw)
		}
	})
}

func TestBodyOverTheLimitIsRefusedOnEveryRoute(t *testing.T) {
	eachRoute(t, readsBody, func(t *testing.T, s *stage, _ api.Route, row right, c caller) {
		s.want(413, s.perform(row.with(`{"x":"`+strings.Repeat("x", 1<<20)+`"}`), c))
	})
}

func TestRequestThatCannotBeReadIsRefusedOnEveryRoute(t *testing.T) {
	eachRoute(t, mayBeUnread, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		var got reply
		switch {
		case hasBody(&r.Doc):
			got = s.perform(row.with(`{"x":`), c)
		case readsBody(&r.Doc):
			got = s.send(r.Method, s.fill(row.url), "", "Authorization", c.authorization(s.site), "Idempotency-Key", "schlüssel")
		default:
			row.url, _, _ = strings.Cut(row.url, "?")
			row.url += "?cursor=" + strings.Repeat("x", 5000)
			got = s.perform(&row, c)
		}
		s.want(400, got)
	})
}

func TestDescribedMembersOfABodyAreThoseThatAreRead(t *testing.T) {
	eachRoute(t, hasBody, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		faults := s.want(422, s.perform(row.with(`{"zzz":1}`), c)).faults()
		_, names, found := strings.Cut(faults[len(faults)-1], "zzz: is unknown; known are ")
		if !found {
			t.Fatalf("faults %q", faults)
		}
		read := strings.Split(names, ", ")
		schemas := described().model.Components.Schemas
		body := schemas.SchemaFromRef(described().operation(r.Method, r.Path).RequestBody.Content["application/json"].Schema.Ref)
		var said []string
		for name, member := range body.Properties {
			if !member.ReadOnly {
				said = append(said, name)
			}
		}
		slices.Sort(read)
		slices.Sort(said)
		if !slices.Equal(read, said) {
			t.Errorf("read are %q, described are %q", read, said)
		}
	})
}

func TestCommandThatNeedsAKeyIsRefusedWithoutOne(t *testing.T) {
	eachRoute(t, func(d *api.Doc) bool { return d.Key == api.MustKey }, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		before := s.hub.commands
		got := s.want(400, s.send(r.Method, s.fill(row.url), s.fill(row.body), "Authorization", c.authorization(s.site)))
		if faults := got.faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "Idempotency-Key: is needed") {
			t.Errorf("faults %q", faults)
		}
		if before = s.hub.commands - before; before > 2 { // the two that the stage is made by
			t.Errorf("%d commands were carried out", before)
		}
	})
}

func TestKeyOfOneCommandIsRefusedWithAnother(t *testing.T) {
	eachRoute(t, isKeyed, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		send := func(body string) reply {
			return s.send(r.Method, s.fill(row.url), s.fill(body), "Authorization", c.authorization(s.site), "Idempotency-Key", "k")
		}
		first := send(row.body)
		if first.status >= 300 {
			t.Fatalf("at first: %s", first.raw)
		}
		if again := send(row.body); again.status != first.status || again.raw != first.raw {
			t.Errorf("again: %d %s, at first: %d %s", again.status, again.raw, first.status, first.raw)
		}
		if got := s.want(422, send(row.body+" ")); got.text("type") != api.KeyReused.Type() {
			t.Errorf("another body: %s", got.raw)
		}
	})
}

// A pausedStore holds back whoever asks for a kept answer, and pausedItems does so
// where answers are about communications.
type (
	pausedStore struct {
		api.Reader
		*pause
	}
	pausedItems struct {
		timeline.Store
		*pause
	}
)

type pause struct{ entered, free chan struct{} }

func (p *pause) wait() {
	select {
	case p.entered <- struct{}{}:
	case <-p.free:
	}
	<-p.free
}

func (p pausedStore) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	p.wait()
	return p.Reader.Answer(ctx, principal, key)
}

func (p pausedItems) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	p.wait()
	return p.Store.Answer(ctx, principal, key)
}

func TestCommandInFlightIsRefusedUnderItsKeyOnEveryRoute(t *testing.T) {
	eachRoute(t, isKeyed, func(t *testing.T, s *stage, r api.Route, row right, c caller) {
		target, body := s.fill(row.url), s.fill(row.body)
		paused := &pause{make(chan struct{}), make(chan struct{})}
		s.serve(func(o *api.Options) {
			o.Store = pausedStore{o.Store, paused}
			if o.Timeline != nil {
				talk := *o.Timeline
				talk.Store = pausedItems{talk.Store, paused}
				o.Timeline = &talk
			}
		})
		send := func() reply {
			return s.send(r.Method, target, body, "Authorization", c.authorization(s.site), "Idempotency-Key", "k")
		}
		first := make(chan reply)
		go func() { first <- send() }()
		<-paused.entered
		if got := s.want(409, send()); got.text("type") != api.KeyBusy.Type() {
			t.Errorf("meanwhile: %s", got.raw)
		}
		close(paused.free)
		if got := <-first; got.status >= 300 {
			t.Errorf("the first: %s", got.raw)
		}
	})
}

// brokenTokens cannot say who a token acts for.
type brokenTokens struct{ err error }

func (b brokenTokens) Session(context.Context, string) (auth.Session, error) {
	return auth.Session{}, b.err
}

func TestFailureIsToldAsDescribedOnEveryRoute(t *testing.T) {
	for err, status := range map[error]int{hub.ErrUnavailable: 503, errors.New("open /srv/keys: broken"): 500} {
		s := newSite(t)
		s.serve(func(o *api.Options) { o.Door.Tokens = brokenTokens{err} })
		for _, row := range rights {
			if described().route(row.id).Endpoint == nil {
				continue
			}
			got := blindStage(s).perform(&row, insiders[0])
			if got.status != status || strings.Contains(got.raw, "/srv") {
				t.Errorf("%s: answered %d, want %d, with no internal text: %s", row.id, got.status, status, got.raw)
			}
		}
	}
}

func TestWhoAsksTooMuchIsRefusedOnEveryRoute(t *testing.T) {
	s := newSite(t)
	s.limit(auth.LimitOptions{Requests: 0.1, Burst: 10})
	s.want(200, s.do(vera, "GET", "/api/clients", ""))
	for _, row := range rights {
		if described().route(row.id).Endpoint == nil {
			continue
		}
		got := blindStage(s).perform(&row, insiders[0])
		if got.status != http.StatusTooManyRequests || got.text("type") != api.RateLimited.Type() {
			t.Errorf("%s: answered %d %s, want 429", row.id, got.status, got.raw)
		}
	}
}

func TestWhoHoldsAnAnswerIsNotToldItAgain(t *testing.T) {
	for _, row := range rights {
		r := described().route(row.id)
		if described().operation(r.Method, r.Path).Responses["304"] == nil {
			continue
		}
		s := newStage(siteOf(t, &row))
		target := s.fill(row.url)
		get := func(method, known string) reply {
			return s.do(olga, method, target, "", "If-None-Match", known)
		}
		first := s.want(200, get("GET", `"other"`))
		tag := first.header.Get("ETag")
		for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			if got := s.want(304, get("GET", known)); got.raw != "" || got.header.Get("ETag") != tag || got.header.Get("Content-Type") != "" {
				t.Errorf("%s %s: %v %q", row.id, known, got.header, got.raw)
			}
		}
		s.want(304, get("HEAD", tag))
		s.want(200, get("HEAD", ""))
		if again := get("GET", ""); again.raw != first.raw || again.header.Get("ETag") != tag {
			t.Errorf("%s: asked again: %s", row.id, again.header.Get("ETag"))
		}
	}
}

func TestTagOfARecordMovesWithEveryField(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x","budget":1}`)
	get := func() reply { return s.want(200, s.do(olga, "GET", "/api/clients/"+client, "")) }
	first := get()
	patched := s.want(200, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"soon"}}`, "If-Match", first.header.Get("ETag")))
	second := get()
	if first.header.Get("ETag") == second.header.Get("ETag") || patched.header.Get("ETag") != second.header.Get("ETag") {
		t.Errorf("read %s, then patched to %s, then read %s", first.header.Get("ETag"), patched.header.Get("ETag"), second.header.Get("ETag"))
	}
	if s.want(200, s.do(olga, "GET", "/api/clients/"+client, "", "If-None-Match", first.header.Get("ETag"))).raw != second.raw {
		t.Error("who holds the record as it was is told something else than who holds nothing")
	}
}

func TestMethodsOfAURLAreThoseOfItsRoutes(t *testing.T) {
	s := newStage(newSite(t))
	for path, item := range described().model.Paths {
		if !slices.ContainsFunc(described().routes, func(r api.Route) bool { return r.Path == path && r.Endpoint != nil }) {
			continue
		}
		var allowed []string
		for method, op := range map[string]bool{
			http.MethodDelete: item.Delete != nil, http.MethodGet: item.Get != nil, http.MethodPatch: item.Patch != nil,
			http.MethodPost: item.Post != nil, http.MethodPut: item.Put != nil,
		} {
			if op {
				allowed = append(allowed, method)
			}
		}
		slices.Sort(allowed)
		target := strings.NewReplacer("{id}", "x", "{proposal}", "x", "{delivery}", "x").Replace(path)
		for _, method := range []string{"BREW", "OPTIONS"} {
			got := s.want(405, s.send(method, target, ""))
			if got.header.Get("Allow") != strings.Join(allowed, ", ") {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got.header.Get("Allow"), allowed)
			}
		}
	}
}

// A contract that lets everything pass would let all tests of this package pass.
func TestContractFindsWhatIsNotAsDescribed(t *testing.T) {
	ok := reply{status: 200, header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"x"`}}}
	const policy = `"zone":"UTC","fields":[],"reopen_hours":1,"remind_after":"0","job":{"done":0,"total":0,"failed":0,"finished":true}`
	for name, c := range map[string]struct {
		change func(*reply)
		fault  string
	}{
		"nothing":         {func(*reply) {}, ""},
		"status":          {func(r *reply) { r.status = 418 }, "status 418"},
		"content type":    {func(r *reply) { r.header.Set("Content-Type", "text/plain") }, `content type "text/plain"`},
		"header":          {func(r *reply) { r.header.Del("ETag") }, "header ETag"},
		"missing member":  {func(r *reply) { r.raw = `{` + policy + `}` }, "version"},
		"unknown member":  {func(r *reply) { r.raw = `{"version":1,"more":1,` + policy + `}` }, "unexpected property"},
		"type":            {func(r *reply) { r.raw = `{"version":"1",` + policy + `}` }, "integer"},
		"null for a list": {func(r *reply) { r.raw = strings.Replace(`{"version":1,`+policy+`}`, "[]", "null", 1) }, "array"},
		"kind of problem": {func(r *reply) {
			r.status, r.raw = 401, `{"type":"urn:wedsync:problem:stale","title":"x","status":401}`
			r.header = http.Header{"Content-Type": {"application/problem+json"}, "Www-Authenticate": {"Bearer"}}
		}, "urn:wedsync:problem:no-token"},
	} {
		got := ok
		got.header, got.raw = maps.Clone(ok.header), `{"version":1,`+policy+`}`
		c.change(&got)
		faults := fmt.Sprint(described().faults("GET", "/api/policy", "", got))
		if c.fault == "" && faults != "[]" || !strings.Contains(faults, c.fault) {
			t.Errorf("%s: faults %s, want %q", name, faults, c.fault)
		}
	}
}
