package server_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestQueueIsSearchedSortedAndPagedByWhatClientsAreCalled(t *testing.T) {
	s := newRealSite(t)
	phone := mia
	phone.Device = "phone"
	for _, name := range []string{"Zoe & Kim", "Ada & Ben Müller", "åsa"} {
		s.diverted(`{"name":"`+name+`","budget":1,"wedding_date":"2027-06-12"}`, `{"budget":2,"wedding_date":"2027-06-19"}`, phone)
	}
	names := func(query string) (all []string, last reply) {
		for cursor := ""; ; {
			last = s.want(200, s.do(vera, "GET", "/api/conflicts?limit=1&"+query+cursor, ""))
			for _, item := range last.at("items").([]any) {
				c := item.(map[string]any)
				all = append(all, fmt.Sprint(c["client_name"], " ", c["field"]))
			}
			if last.at("next") == nil {
				return all, last
			}
			cursor = "&cursor=" + last.text("next")
		}
	}
	for query, want := range map[string][]string{
		"sort=client&field=budget":                         {"Ada & Ben Müller budget", "åsa budget", "Zoe & Kim budget"},
		"sort=client&status=pending&search=z&field=budget": {"Zoe & Kim budget"},
		"sort=field&search=ben%20MULLER":                   {"Ada & Ben Müller budget", "Ada & Ben Müller wedding_date"},
		"sort=newest&field=budget":                         {"åsa budget", "Ada & Ben Müller budget", "Zoe & Kim budget"},
		"search=nobody":                                    nil,
		"device=phone&field=budget&search=asa":             {"åsa budget"},
		"device=tablet":                                    nil,
		"author=mia&search=kim&sort=field":                 {"Zoe & Kim budget", "Zoe & Kim wedding_date"},
		"older_than=1h":                                    nil,
		"source=api&field=wedding_date&sort=oldest":        {"Zoe & Kim wedding_date", "Ada & Ben Müller wedding_date", "åsa wedding_date"},
	} {
		if got, _ := names(query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	first := s.do(vera, "GET", "/api/conflicts?status=pending", "")
	if first.at("counts", "budget") != "3" || first.at("device_counts", 0, "device") != "phone" || first.at("device_counts", 0, "conflicts") != "6" {
		t.Errorf("counts %v, %v", first.at("counts"), first.at("device_counts"))
	}
}

func TestExportHoldsEveryProposalAndNoFormula(t *testing.T) {
	s := newRealSite(t)
	const clients = 205 // more than a page
	for n := range clients - 1 {
		s.want(200, s.do(mia, "PATCH", "/api/clients/"+s.create(fmt.Sprintf(`{"name":"%03d","budget":1}`, n)), `{"fields":{"budget":2}}`))
	}
	evil := s.diverted(`{"name":"=cmd()","venue_name":"@old\n\"x\""}`, `{"venue_name":"+1,2"}`, mia)
	ben := mia
	ben.User = "-ben"
	s.want(200, s.do(ben, "PATCH", "/api/clients/"+evil, `{"fields":{"venue_name":"\tx"}}`))
	got := s.want(200, s.do(vera, "GET", "/api/conflicts/export", ""))
	if kind := got.header.Get("Content-Type"); kind != "text/csv; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	rows, err := csv.NewReader(strings.NewReader(got.raw)).ReadAll()
	if err != nil || len(rows) != 1+clients+1 {
		t.Fatalf("%d rows, %v, want a head and %d", len(rows), err, clients+1)
	}
	column := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s is %q", rows[0][i], cell)
			}
		}
	}
	last := rows[len(rows)-2:]
	for i, want := range []map[string]string{
		{"client_name": "'=cmd()", "client_id": evil, "field": "venue_name", "current": "'@old \"x\"", "proposed": "'+1,2", "user": "mia", "source": "api", "state": "open"},
		{"client_name": "'=cmd()", "client_id": evil, "field": "venue_name", "proposed": "x", "user": "'-ben"},
	} {
		for name, value := range want {
			if got := column(last[i], name); got != value {
				t.Errorf("row %d: %s is %q, want %q", i, name, got, value)
			}
		}
	}
	some := s.want(200, s.do(vera, "GET", "/api/conflicts/export?field=venue_name&sort=client&search=cmd", ""))
	if n := strings.Count(some.raw, evil); n != 2 {
		t.Errorf("%d rows are selected: %s", n, some.raw)
	}
	if none := s.want(200, s.do(rival, "GET", "/api/conflicts/export", "")); strings.Count(none.raw, "\n") != 1 {
		t.Errorf("another supplier's export: %s", none.raw)
	}
}
