package server_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt"
)

func TestExportHoldsEachClientOnceInOrderOfIds(t *testing.T) {
	s := newRealSite(t)
	const clients = 450 // several pages
	var table strings.Builder
	table.WriteString("client_id,name\n")
	for n := range clients {
		id := crdt.RecordID{byte(n * 89), byte(n >> 8), 1, 2, 3, 4, 0x40, 5, 0x80, byte(n)}
		fmt.Fprintf(&table, "%s,%d\n", id.ClientID(), n)
	}
	s.want(200, s.load(mia, "", table.String()))
	rows, err := csv.NewReader(strings.NewReader(s.export())).ReadAll()
	if err != nil || len(rows) != clients+1 || !slices.IsSortedFunc(rows[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) }) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if none := s.want(200, s.do(rival, "GET", "/api/clients/export", "")); strings.Count(none.raw, "\n") != 1 {
		t.Errorf("another supplier's export: %s", none.raw)
	}
}

func TestExportSaysHowManyRecordsAreOlder(t *testing.T) {
	s := newSite(t)
	s.create(`{"name":"x"}`)
	if got := s.want(200, s.do(vera, "GET", "/api/clients/export", "")); got.header.Get("Wedsync-Stale-Records") != "" {
		t.Errorf("%v", got.header)
	}
	for _, r := range s.hub.records {
		r.lags = true
	}
	got := s.want(200, s.do(vera, "GET", "/api/clients/export", ""))
	if got.header.Get("Wedsync-Stale-Records") != "1" || strings.Contains(got.raw, "1999") {
		t.Errorf("%v: %s", got.header, got.raw)
	}
}

func TestExportOfTooManyFieldsAsksForSome(t *testing.T) {
	s := newSite(t)
	for part := range 2 {
		var fields []string
		for n := range 120 {
			fields = append(fields, fmt.Sprintf(`"f%d":1`, part*120+n))
		}
		s.create("{" + strings.Join(fields, ",") + "}")
	}
	if got := s.want(422, s.do(vera, "GET", "/api/clients/export", "")); !strings.Contains(got.text("detail"), "200 columns. Name the fields with ?fields=") {
		t.Errorf("%s", got.raw)
	}
	s.want(200, s.do(vera, "GET", "/api/clients/export?fields=f1,f200", ""))
	if got := s.want(400, s.do(vera, "GET", "/api/clients/export?fields="+strings.Repeat("f,", 200), "")); got.text("errors", 0, "field") != "fields" {
		t.Errorf("%s", got.raw)
	}
}

func TestExportThatCannotHoldARecordBreaksOff(t *testing.T) {
	for what, change := range map[string]func(*fakeRecord){
		"another type": func(r *fakeRecord) { r.fields["guests"] = crdt.Value{Kind: crdt.Text, Str: "many"} },
		"a new field":  func(r *fakeRecord) { r.fields["late"] = crdt.Value{Kind: crdt.Text, Str: "x"} },
	} {
		s := newSite(t)
		s.create(`{"guests":1}`)
		passes := 0
		s.hub.onList = func(after crdt.RecordID) {
			if after != (crdt.RecordID{}) {
				return
			}
			if passes++; passes == 2 {
				for _, r := range s.hub.records {
					change(r)
				}
			}
		}
		server := httptest.NewServer(s.handler)
		defer server.Close()
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/clients/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.token(olga))
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil || !strings.Contains(s.log.String(), "during the export") {
			t.Errorf("%s: %v, log %s", what, err, s.log.String())
		}
	}
}
