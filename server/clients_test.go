package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt"
)

func TestItemShowsAcceptedValuesNeverTheDocuments(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"Ada & Ben","wedding_date":"2027-06-12","notes":null}`)
	got := s.want(200, s.do(vera, "GET", "/api/clients/"+client, ""))
	if date := got.text("fields", "wedding_date"); date != "2027-06-12" {
		t.Errorf("wedding_date %q: the document's value is shown", date)
	}
	fields := got.at("fields").(map[string]any)
	if _, shown := fields["budget"]; shown {
		t.Errorf("a budget that was never accepted is shown: %v", fields["budget"])
	}
	if _, shown := fields["sync_conflicts"]; shown {
		t.Error("sync_conflicts is shown as a field")
	}
	if city, seats := got.at("fields", "venue", "city"), got.text("fields", "venue", "seats"); city != nil || seats != "80" {
		t.Errorf("venue.city %v, want none; venue.seats %q, want 80", city, seats)
	}
	if got.text("fields", "name") != "Ada & Ben" || got.text("revision") != "1" || got.text("revisions", "wedding_date") != "1" || got.text("revisions", "budget") != "0" {
		t.Errorf("item %s", got.raw)
	}
}

func TestNestedCriticalFieldIsOverlaidWhereItStands(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x","venue.city":"Porto"}`)
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	if city := got.text("fields", "venue", "city"); city != "Porto" {
		t.Errorf("venue.city %q, want Porto: %s", city, got.raw)
	}
	if seats := got.text("fields", "venue", "seats"); seats != "80" {
		t.Errorf("its sibling venue.seats is %q, want 80", seats)
	}
}

func TestRecordIsNamedByEitherOfItsIDs(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	byClient := s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	document := byClient.text("document_id")
	byDocument := s.want(200, s.do(olga, "GET", "/api/clients/"+document, ""))
	if byClient.raw != byDocument.raw {
		t.Errorf("%s\nis not\n%s", byClient.raw, byDocument.raw)
	}
	id, err := crdt.ParseDocumentID(document)
	if err != nil || id.ClientID() != client {
		t.Errorf("document_id %s names %s, want %s (%v)", document, id.ClientID(), client, err)
	}
}

func TestAnothersRecordLooksLikeNone(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	none := crdt.RecordID{1}.ClientID()
	for _, pair := range [][2]string{
		{"/api/clients/" + client, "/api/clients/" + none},
		{"/api/conflicts/" + conflict, "/api/conflicts/" + none},
		{"/api/clients/" + client, "/api/clients/no-id-at-all"},
	} {
		real, unknown := s.do(rival, "GET", pair[0], ""), s.do(rival, "GET", pair[1], "")
		if real.status != 404 || real.raw != unknown.raw || fmt.Sprint(real.header) != fmt.Sprint(unknown.header) {
			t.Errorf("%s answers %d %s\n%s answers %d %s", pair[0], real.status, real.raw, pair[1], unknown.status, unknown.raw)
		}
	}
	s.want(404, s.do(rival, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"x"}}`))
	s.want(404, s.do(rival, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`))
	if got := s.do(rival, "GET", "/api/clients", ""); len(got.at("items").([]any)) != 0 {
		t.Errorf("a rival lists %s", got.raw)
	}
}

func TestPatchTellsWhatBecameOfCriticalFields(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x","budget":100}`)
	got := s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"budget":200,"notes":"soon"}}`))
	if got.text("verdicts", "budget", "outcome") != "diverted" || got.text("verdicts", "budget", "reason") != "needs_review" {
		t.Errorf("verdicts %v", got.at("verdicts"))
	}
	if got.text("fields", "budget") != "100" || got.text("fields", "notes") != "soon" {
		t.Errorf("fields %v, want the accepted budget and the new notes", got.at("fields"))
	}
	if got.text("pending", "budget") != got.text("verdicts", "budget", "conflict_id") || got.text("pending", "budget") == "" {
		t.Errorf("pending %v, verdicts %v", got.at("pending"), got.at("verdicts"))
	}
	got = s.want(200, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"venue_name":"Orchard Barn"}}`))
	if got.text("verdicts", "venue_name", "outcome") != "accepted" || !strings.HasPrefix(got.header.Get("ETag"), `"2.`) {
		t.Errorf("verdicts %v, ETag %s", got.at("verdicts"), got.header.Get("ETag"))
	}
}

func TestCreatedRecordIsAnsweredWithItsLocation(t *testing.T) {
	s := newSite(t)
	got := s.want(201, s.do(mia, "POST", "/api/clients", `{"fields":{"name":"x","budget":12500.50}}`))
	if got.header.Get("Location") != "/api/clients/"+got.text("client_id") || !strings.HasPrefix(got.header.Get("ETag"), `"1.`) {
		t.Errorf("Location %s, ETag %s", got.header.Get("Location"), got.header.Get("ETag"))
	}
	if got.text("fields", "budget") != "12500.5" {
		t.Errorf("budget %s", got.text("fields", "budget"))
	}
}

func TestNumbersKeepTheirPrecision(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"guests":9007199254740991,"share":0.1,"negative":-3}`)
	got := s.do(olga, "GET", "/api/clients/"+client, "")
	for field, want := range map[string]string{"guests": "9007199254740991", "share": "0.1", "negative": "-3"} {
		if n := got.text("fields", field); n != want {
			t.Errorf("%s is %s, want %s", field, n, want)
		}
	}
	for _, number := range []string{"9007199254740993", "1e999", "-9223372036854775809"} {
		got := s.want(422, s.do(olga, "POST", "/api/clients", `{"fields":{"guests":`+number+`}}`))
		if f := got.faults(); len(f) != 1 || !strings.HasPrefix(f[0], "fields.guests: ") {
			t.Errorf("%s: %v", number, f)
		}
	}
}

func TestListMarksWhatItDidNotReadAnew(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	id, err := crdt.ParseRecordID(client)
	if err != nil {
		t.Fatal(err)
	}
	s.hub.records[id].lags = true
	if stale := s.do(olga, "GET", "/api/clients", "").at("items", 0, "stale"); stale != true {
		t.Errorf("a list says stale %v of an older projection", stale)
	}
	if stale := s.do(olga, "GET", "/api/clients/"+client, "").at("stale"); stale != false {
		t.Errorf("reading the record itself says stale %v", stale)
	}
}

func TestPagesLeaveNothingOutAndRepeatNothing(t *testing.T) {
	s := newSite(t)
	var made []string
	for i := range 7 {
		made = append(made, s.create(fmt.Sprintf(`{"name":"client %d"}`, i)))
	}
	slices.Sort(made)
	for _, path := range []string{"/api/clients", "/api/clients/sync-status"} {
		for _, limit := range []int{1, 3, 7, 200} {
			var seen []string
			cursor := ""
			for {
				got := s.want(200, s.do(olga, "GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, cursor), ""))
				items := got.at("items").([]any)
				if len(items) > limit {
					t.Fatalf("%s: %d items, at most %d were asked for", path, len(items), limit)
				}
				for i := range items {
					seen = append(seen, got.text("items", i, "client_id"))
				}
				if cursor = got.text("next"); cursor == "" {
					break
				}
			}
			if !slices.Equal(seen, made) {
				t.Errorf("%s in pages of %d: %v, want %v", path, limit, seen, made)
			}
		}
	}
}

func TestSyncStatusHasItsShape(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	got := s.want(200, s.do(vera, "GET", "/api/clients/sync-status", ""))
	if got.text("items", 0, "client_id") != client || got.text("items", 0, "digest") != "d1" || got.text("totals", "in_sync") != "1" {
		t.Errorf("%s", got.raw)
	}
	if got.at("items", 0, "stale") != false || got.text("items", 0, "document_id") == "" || got.at("totals", "never_seen") == nil {
		t.Errorf("%s", got.raw)
	}
	device := got.at("items", 0, "devices", 0).(map[string]any)
	for _, member := range []string{"device", "state", "missing_on_device", "missing_on_hub", "last_contact", "explanation", "action"} {
		if _, ok := device[member]; !ok {
			t.Errorf("a device has no %s", member)
		}
	}
	if never := got.at("items", 0, "devices", 1, "last_contact"); never != nil {
		t.Errorf("a device that was never heard of was last heard of at %v", never)
	}
	if got.text("items", 0, "notice", "state") != "recovered" || got.at("items", 0, "notice", "at") == nil || got.text("items", 0, "notice", "action") == "" {
		t.Errorf("notice in %s", got.raw)
	}
	if got.text("items", 0, "devices", 2, "reason") != "equivocation" || got.text("items", 0, "devices", 2, "reenter", 0, "field") != "budget" ||
		got.text("items", 0, "devices", 2, "reenter", 0, "value") != "7" || got.at("items", 0, "devices", 2, "reenter", 0, "edited_at") == nil {
		t.Errorf("what is to be entered again in %s", got.raw)
	}
	for _, member := range []string{"reason", "reenter"} {
		if _, ok := device[member]; ok {
			t.Errorf("a device that is not refused has %s", member)
		}
	}
	if heads := got.at("items", 0, "heads").([]any); len(heads) != 1 || len(heads[0].(string)) != 64 {
		t.Errorf("heads %v", heads)
	}
}

func TestEveryPageNamesTheSuppliersDirectory(t *testing.T) {
	s := newSite(t)
	for range 3 {
		s.create(`{"name":"x"}`)
	}
	first := s.want(200, s.do(vera, "GET", "/api/clients?limit=2", ""))
	second := s.want(200, s.do(vera, "GET", "/api/clients?limit=2&cursor="+first.text("next"), ""))
	want := s.hub.DirectoryID("barn").DocumentID()
	for i, got := range []string{first.text("directory"), second.text("directory")} {
		if got != want {
			t.Errorf("page %d names directory %q, want %s", i, got, want)
		}
	}
	if other := s.do(rival, "GET", "/api/clients", "").text("directory"); other == want || other == "" {
		t.Errorf("another supplier is told directory %q", other)
	}
}

func TestRepairSaysWhatWasFoundAndDone(t *testing.T) {
	s := newSite(t)
	path := "/api/clients/" + s.create(`{"name":"x"}`) + "/repair"
	got := s.want(200, s.do(olga, "POST", path, "{}"))
	if got.text("done", 0) == "" || got.at("found", 0, "mended") != true || got.text("found", 0, "action") != "" ||
		got.at("found", 1, "mended") != false || got.text("found", 1, "action") != "Ask." {
		t.Errorf("%s", got.raw)
	}
	if _, named := got.at().(map[string]any)["device"]; named {
		t.Errorf("a device that nobody named: %s", got.raw)
	}
	for device, connections := range map[string]string{"mia/phone": "1", "mia/other": "0"} {
		got := s.want(200, s.do(olga, "POST", path, `{"device":"`+device+`"}`))
		if got.text("device", "connections") != connections || got.text("device", "explanation") == "" {
			t.Errorf("%s: %s", device, got.raw)
		}
	}
	for _, bad := range []string{`{"device":"phone"}`, `{"device":"/"}`, `{"device":7}`, `{"devise":"mia/phone"}`, `[`, `{"device":"mia/` + strings.Repeat("x", 600) + `"}`} {
		if got := s.do(olga, "POST", path, bad); got.status != 400 && got.status != 422 {
			t.Errorf("%.60s: %d %s", bad, got.status, got.raw)
		}
	}
}
