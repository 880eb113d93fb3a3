package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"wedsync/server/api"
	"wedsync/store"
)

// deliver has a CRM's connection deliver an event, and works on it.
func (s *realSite) deliver(secret, data string) (id string) {
	s.t.Helper()
	s.at.Add(1)
	body := `{"source":"tave","event_type":"client.updated","client_data":{"supplier_id":"barn",` + data[1:] + `}`
	s.want(202, s.send("POST", hooks, body, "X-Webhook-Signature", signatureOf(secret, body)))
	id = s.do(olga, "GET", "/api/webhooks/events", "").text("items", 0, "id")
	s.work(id)
	return id
}

func (s *realSite) work(id string) {
	s.t.Helper()
	if err := s.events.Work(s.t.Context(), "barn", id); err != nil {
		s.t.Fatal(err)
	}
}

// crm makes a connection whose events make clients.
func (s *realSite) crm() (id, secret string) {
	s.t.Helper()
	id, made := s.connect(`{"source":"client-integrations","name":"Tave","sources":["tave"],"create_unknown":true}`)
	return id, made.text("secret")
}

func (s *realSite) eventIs(id, state string) reply {
	s.t.Helper()
	got := s.want(200, s.do(olga, "GET", "/api/webhooks/events/"+id, ""))
	if got.text("state") != state {
		s.t.Fatalf("want %s: %s", state, got.raw)
	}
	return got
}

func TestEventOfACRMIsToldFromItsBodyToTheConflict(t *testing.T) {
	s := newRealSite(t)
	connection, secret := s.crm()
	first := s.deliver(secret, `{"id":"c-1","name":"Ada","email":"ada@example.com","budget":"$5,000"}`)
	got := s.eventIs(first, "done")
	client := got.text("client_id")
	if got.text("outcome", "result") != "created" || got.text("connection_id") != connection || got.text("object_id") != "c-1" || !strings.Contains(got.text("body"), "ada@example.com") {
		t.Errorf("event: %s", got.raw)
	}
	conflict := ""
	for i := range got.at("outcome", "fields").([]any) {
		if got.text("outcome", "fields", i, "field") == "budget" {
			conflict = got.text("outcome", "fields", i, "conflict_id")
		}
	}
	if c := s.want(200, s.do(olga, "GET", "/api/conflicts/"+conflict, "")); c.text("client_id") != client || c.text("proposals", 0, "author", "user") != "connection/"+connection {
		t.Errorf("conflict: %s", c.raw)
	}
	if c := s.want(200, s.do(olga, "GET", "/api/clients/"+client, "")); c.text("fields", "name") != "Ada" || c.at("fields", "budget") != nil {
		t.Errorf("client: %s", c.raw)
	}
	if c := s.want(200, s.do(olga, "GET", "/api/webhooks/connections/"+connection, "")); c.text("sender", "state") != "closed" || c.at("events") != nil {
		t.Errorf("connection: %s", c.raw)
	}
	before := s.eventIs(first, "done").at("outcome")
	for range 2 {
		s.want(200, s.do(olga, "POST", "/api/webhooks/events/"+first+"/replay", ""))
		s.work(first)
		if after := s.eventIs(first, "done").at("outcome"); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("replayed: %v, was %v", after, before)
		}
	}
}

func TestEventsAreListedAsAsked(t *testing.T) {
	s := newRealSite(t)
	connection, secret := s.crm()
	var ids []string
	for n := range 3 {
		ids = append(ids, s.deliver(secret, fmt.Sprintf(`{"id":"c-%d","name":"Ada %d"}`, n, n)))
	}
	client := s.eventIs(ids[1], "done").text("client_id")
	at := s.eventIs(ids[1], "done").text("received_at")
	for query, want := range map[string][]string{
		"":                            {ids[2], ids[1], ids[0]},
		"sort=oldest":                 ids,
		"connection_id=" + connection: {ids[2], ids[1], ids[0]},
		"connection_id=another":       {},
		"state=done":                  {ids[2], ids[1], ids[0]},
		"state=dead":                  {},
		"type=other":                  {},
		"client_id=" + client:         {ids[1]},
		"from=" + url.QueryEscape(at): {ids[2], ids[1]},
		"to=" + url.QueryEscape(at):   {ids[0]},
	} {
		for _, path := range []string{"/api/webhooks/events?", "/api/webhooks/connections/" + connection + "/events?"} {
			if strings.HasPrefix(query, "connection_id") && strings.Contains(path, connection) {
				continue
			}
			var got []string
			for cursor := ""; ; {
				page := s.want(200, s.do(olga, "GET", path+query+"&limit=2"+cursor, ""))
				for i := range page.at("items").([]any) {
					got = append(got, page.text("items", i, "id"))
				}
				if page.at("next") == nil {
					break
				}
				cursor = "&cursor=" + page.text("next")
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s%s: %v, want %v", path, query, got, want)
			}
		}
	}
	for _, query := range []string{"state=lost", "client_id=x", "from=yesterday", "to=x", "sort=size", "cursor=-1", "limit=0"} {
		s.want(400, s.do(olga, "GET", "/api/webhooks/events?"+query, ""))
	}
}

func TestPersonHelpsAnEventOn(t *testing.T) {
	s := newRealSite(t)
	connection, secret := s.crm()
	ada := s.create(`{"name":"Ada","email":"ada@example.com"}`)
	s.want(200, s.do(olga, "GET", "/api/clients/"+ada, "")) // has its address found
	id := s.deliver(secret, `{"id":"c-1","name":"Ada B.","email":"ada@example.com"}`)
	got := s.eventIs(id, "waiting")
	if c := s.want(200, s.do(olga, "GET", "/api/webhooks/connections", "")); fmt.Sprint(c.at("items", 0, "events", "waiting")) != "1" || c.text("items", 0, "last_event", "id") != id {
		t.Errorf("connections: %s", c.raw)
	}
	if c := s.want(200, s.do(olga, "GET", "/api/webhooks/connections/"+connection, "")); c.text("usual_mapping", "rules", 0, "to") != "name" {
		t.Errorf("connection: %s", c.raw)
	}
	if got.text("outcome", "candidates", 0, "client_id") != ada || got.text("outcome", "candidates", 0, "client_name") != "Ada" {
		t.Fatalf("event: %s", got.raw)
	}
	assign := "/api/webhooks/events/" + id + "/assign"
	for body, faults := range map[string]int{
		`{}`: 1, `{"client_id":"x"}`: 1, `{"create":1}`: 2, `{"create":true,"client_id":"` + ada + `"}`: 1, `{"who":1,"create":true}`: 1,
	} {
		if got := s.want(422, s.do(olga, "POST", assign, body)); len(got.faults()) != faults {
			t.Errorf("%s: %q", body, got.faults())
		}
	}
	s.want(404, s.do(olga, "POST", assign, `{"client_id":"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"}`))
	s.want(404, s.do(olga, "POST", assign, `{"connection_id":"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"}`))
	s.want(200, s.do(olga, "POST", assign, `{"client_id":"`+ada+`"}`))
	s.work(id)
	if got := s.eventIs(id, "done"); got.text("client_id") != ada {
		t.Errorf("event: %s", got.raw)
	}
	if got := s.want(409, s.do(olga, "POST", assign, `{"connection_id":"`+connection+`"}`)); got.text("type") != api.EventState.Type() {
		t.Errorf("a done event is routed: %s", got.raw)
	}
	if got := s.want(409, s.do(olga, "PATCH", "/api/webhooks/events/"+id, `{"version":1,"body":"{}"}`)); got.text("type") != api.EventState.Type() {
		t.Errorf("a done event is edited: %s", got.raw)
	}
}

func TestUnroutedEventIsEditedRoutedAndReplayed(t *testing.T) {
	s := newRealSite(t)
	st := newStage(s.site)
	id := st.fill("<unrouted>")
	if got := s.want(409, s.do(olga, "POST", "/api/webhooks/events/"+id+"/replay", "")); got.text("type") != api.EventState.Type() {
		t.Errorf("replayed: %s", got.raw)
	}
	path := "/api/webhooks/events/" + id
	if got := s.want(409, s.do(olga, "PATCH", path, `{"version":9,"body":"{}"}`)); got.text("type") != api.EventMoved.Type() {
		t.Errorf("edited at another version: %s", got.raw)
	}
	for _, body := range []string{`{"version":1}`, `{"version":1,"body":""}`, `{"version":1,"body":{}}`, `{"body":"{}"}`} {
		s.want(422, s.do(olga, "PATCH", path, body))
	}
	s.want(200, s.do(olga, "PATCH", path, `{"version":1,"body":"no JSON"}`))
	connection := s.do(olga, "GET", "/api/webhooks/connections", "").text("items", 0, "id")
	s.want(200, s.do(olga, "POST", path+"/assign", `{"connection_id":"`+connection+`"}`))
	s.work(id)
	dead := s.eventIs(id, "dead")
	if !strings.Contains(dead.text("error"), "edit its body and replay it") {
		t.Errorf("event: %s", dead.raw)
	}
	s.want(200, s.do(olga, "PATCH", path, fmt.Sprintf(`{"version":%v,"body":"{\"client_data\":{\"id\":\"c-1\",\"name\":\"Ada\"}}"}`, dead.at("version"))))
	got := s.want(200, s.do(olga, "POST", "/api/webhooks/events/replay", `{"state":"dead","connection_id":"`+connection+`"}`))
	if fmt.Sprint(got.at("replayed")) != "1" || got.at("next") != nil {
		t.Errorf("replayed: %s", got.raw)
	}
	s.work(id)
	e, err := s.store.InboxEvent(t.Context(), "barn", id)
	if err != nil || e.State == store.EventDead || e.State == store.EventReceived {
		t.Errorf("event %+v, %v", e, err)
	}
	for _, body := range []string{`{}`, `{"state":"received"}`, `{"state":"dead","from":"x"}`, `{"state":"dead","cursor":"x"}`} {
		s.want(422, s.do(olga, "POST", "/api/webhooks/events/replay", body))
	}
}

func TestMappingIsTriedBeforeItIsSet(t *testing.T) {
	s := newRealSite(t)
	connection, secret := s.crm()
	try := "/api/webhooks/connections/" + connection + "/try"
	mapping := `{"rules":[{"from":["when"],"to":"wedding_date","do":[{"do":"date","format":"DD.MM.YYYY"}]},{"from":["who"],"to":"name"}]}`
	payload := `{"client_data":{"id":"c-1","when":"12.06.2027","who":"Ada"}}`
	if got := s.want(200, s.do(olga, "POST", try, `{"payload":`+payload+`}`)); got.text("would") != "nothing" {
		t.Errorf("by the usual mapping: %s", got.raw)
	}
	got := s.want(200, s.do(olga, "POST", try, `{"payload":`+payload+`,"mapping":`+mapping+`}`))
	if got.text("edits", "wedding_date") != "2027-06-12" || got.text("would") != "create" || got.text("rules", 0, "steps", 0, "value") != "2027-06-12" || got.text("object_id") != "c-1" {
		t.Errorf("tried: %s", got.raw)
	}
	if faults := s.want(422, s.do(olga, "POST", try, `{"payload":{},"mapping":{"rules":[{"from":["a"],"to":"x","do":[{"do":"shout"}]}]}}`)).faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "mapping.rules[0].do[0].do") {
		t.Errorf("a bad rule: %q", faults)
	}
	s.want(422, s.do(olga, "POST", try, `{"payload":"no JSON"}`))
	s.want(422, s.do(olga, "POST", try, `{}`))
	if n := len(s.do(olga, "GET", "/api/clients", "").at("items").([]any)); n != 0 {
		t.Errorf("trying made %d clients", n)
	}
	s.want(200, s.do(olga, "PATCH", "/api/webhooks/connections/"+connection, `{"mapping":`+mapping+`}`))
	client := s.eventIs(s.deliver(secret, `{"id":"c-1","when":"12.06.2027","who":"Ada"}`), "done").text("client_id")
	if got := s.want(200, s.do(olga, "POST", try, `{"payload":`+payload+`}`)); got.text("would") != "edit" || got.text("client_id") != client {
		t.Errorf("tried: %s", got.raw)
	}
}
