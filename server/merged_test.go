package server_test

import (
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// phone is mia's device.
var phone = conflicts.Principal{Supplier: "barn", User: "mia", Device: "phone", Role: conflicts.Member}

// apart makes a record of which two people set fields apart, the second value
// of each showing.
func (s *site) apart(fields map[string][2]string) (client string) {
	s.t.Helper()
	client = s.create(`{"name":"Ada & Ben"}`)
	id, err := crdt.ParseRecordID(client)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.hub.part(id, phone, fields); err != nil {
		s.t.Fatal(err)
	}
	return client
}

func TestValueThatLostIsFoundAndUsed(t *testing.T) {
	s := newSite(t)
	client := s.apart(map[string][2]string{"notes": {"likes peonies", "likes lilies"}})
	item := s.want(200, s.do(vera, "GET", "/api/clients/"+client, ""))
	id := item.text("merged", "notes")
	list := s.want(200, s.do(vera, "GET", "/api/merged?status=open&client_id="+client, ""))
	if list.text("items", 0, "id") != id || list.text("items", 0, "client_id") != client || list.at("next") != nil {
		t.Fatalf("item %s, list %s", item.raw, list.raw)
	}
	got := s.want(200, s.do(vera, "GET", "/api/merged/"+id, ""))
	if got.text("values", 0, "value") != "likes lilies" || got.at("values", 0, "shows") != true || got.text("values", 0, "author", "device") != "phone" ||
		got.text("values", 1, "value") != "likes peonies" || got.at("values", 1, "shows") != false || got.text("values", 1, "author", "user") != "olga" ||
		got.text("values", 1, "source") != "api" || got.at("values", 1, "received_at") == nil || got.text("field") != "notes" {
		t.Fatalf("entry %s", got.raw)
	}
	other := got.text("values", 1, "change")
	closed := s.want(200, s.do(mia, "POST", "/api/merged/"+id+"/use", `{"value_of":"`+other+`"}`, "Idempotency-Key", "k"))
	if closed.text("status") != "used_other" || closed.text("used") != other || closed.text("closed_by", "user") != "mia" || closed.at("closed_at") == nil {
		t.Errorf("closed as %s", closed.raw)
	}
	again := s.want(200, s.do(mia, "POST", "/api/merged/"+id+"/use", `{"value_of":"`+other+`"}`, "Idempotency-Key", "k"))
	if again.raw != closed.raw {
		t.Errorf("the same command is answered by %s", again.raw)
	}
	s.want(422, s.do(mia, "POST", "/api/merged/"+id+"/dismiss", "", "Idempotency-Key", "k"))
	late := s.want(409, s.do(olga, "POST", "/api/merged/"+id+"/use", `{"value_of":"`+other+`"}`))
	if late.text("merged", "status") != "used_other" || late.text("merged", "id") != id {
		t.Errorf("late: %s", late.raw)
	}
	s.want(409, s.do(olga, "POST", "/api/merged/"+id+"/dismiss", ""))
	if told := s.timeline(client, "?field=notes"); len(told) != 3 || told[0] != "use notes likes lilies → likes peonies mia" {
		t.Errorf("history %q", told)
	}
	if item := s.do(vera, "GET", "/api/clients/"+client, ""); item.at("merged", "notes") != nil {
		t.Errorf("item %s", item.raw)
	}
}

func TestEntryIsDismissedAndListedByStatus(t *testing.T) {
	s := newSite(t)
	s.apart(map[string][2]string{"notes": {"a", "b"}, "phone": {"1", "2"}, "email": {"x", "y"}})
	first := s.want(200, s.do(olga, "GET", "/api/merged?limit=2", ""))
	if len(first.at("items").([]any)) != 2 || first.text("next") != first.text("items", 1, "id") {
		t.Fatalf("first page %s", first.raw)
	}
	if rest := s.do(olga, "GET", "/api/merged?cursor="+first.text("next"), ""); len(rest.at("items").([]any)) != 1 {
		t.Errorf("next page %s", rest.raw)
	}
	id := first.text("items", 0, "id")
	if got := s.want(200, s.do(mia, "POST", "/api/merged/"+id+"/dismiss", "")); got.text("status") != "dismissed" || got.at("used") != nil {
		t.Errorf("closed as %s", got.raw)
	}
	if got := s.do(olga, "GET", "/api/merged?status=dismissed", ""); len(got.at("items").([]any)) != 1 || got.text("items", 0, "id") != id {
		t.Errorf("dismissed are %s", got.raw)
	}
	if got := s.do(olga, "GET", "/api/merged?status=open", ""); len(got.at("items").([]any)) != 2 {
		t.Errorf("open are %s", got.raw)
	}
}

func TestMergedEntriesAnswerEachRoleAsItMay(t *testing.T) {
	s := newSite(t)
	s.apart(map[string][2]string{"notes": {"a", "b"}})
	id := s.do(olga, "GET", "/api/merged", "").text("items", 0, "id")
	entry := "/api/merged/" + id
	use := `{"value_of":"` + strings.Repeat("0", 64) + `"}`
	for _, c := range []struct {
		who          conflicts.Principal
		method, path string
		body         string
		status       int
	}{
		{vera, "GET", entry, "", 200},
		{vera, "POST", entry + "/use", use, 403},
		{vera, "POST", entry + "/dismiss", "", 403},
		{rival, "GET", entry, "", 404},
		{rival, "POST", entry + "/use", use, 404},
		{rival, "POST", entry + "/dismiss", "", 404},
		{mia, "POST", "/api/merged/x/use", use, 404},
		{mia, "POST", entry + "/use", use, 422},
		{mia, "POST", entry + "/use", "", 400},
	} {
		s.want(c.status, s.do(c.who, c.method, c.path, c.body))
	}
	if got := s.do(rival, "GET", "/api/merged", ""); len(got.at("items").([]any)) != 0 {
		t.Errorf("a rival lists %s", got.raw)
	}
	for body, fault := range map[string]string{
		`{}`:                                    "value_of: is needed",
		`{"value_of":7}`:                        "value_of: must be a string",
		`{"value_of":""}`:                       "value_of: must be the change",
		`{"value_of":"xy"}`:                     "value_of: must be the change",
		strings.Replace(use, "}", `,"x":1}`, 1): "x: is unknown",
	} {
		got := s.want(422, s.do(mia, "POST", entry+"/use", body))
		if !strings.Contains(strings.Join(got.faults(), "\n"), fault) {
			t.Errorf("%s: faults %q, want %q", body, got.faults(), fault)
		}
	}
	for query, field := range map[string]string{"status=pending": "status", "client_id=x": "client_id", "limit=x": "limit", "cursor=" + strings.Repeat("x", 5000): "cursor"} {
		if got := s.want(400, s.do(mia, "GET", "/api/merged?"+query, "")); got.text("errors", 0, "field") != field {
			t.Errorf("%.40s: %s", query, got.raw)
		}
	}
}
