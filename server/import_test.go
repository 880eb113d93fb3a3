package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// load sends a table.
func (s *site) load(who conflicts.Principal, query, table string, headers ...string) reply {
	s.t.Helper()
	return s.do(who, "POST", "/api/clients/import"+query, table, append(headers, "Content-Type", "text/csv; charset=utf-8")...)
}

// faultCells are the errors of an import's report, "row line column cell: wrong".
func faultCells(report any) (all []string) {
	m, _ := report.(map[string]any)
	list, _ := m["errors"].([]any)
	for _, e := range list {
		f := e.(map[string]any)
		text := func(name string) string { s, _ := f[name].(string); return s }
		all = append(all, fmt.Sprintf("%v %v %s [%s]: %s", f["row"], f["line"], text("column"), text("cell"), text("wrong")))
		if text("right") == "" {
			all = append(all, "says not what would be right")
		}
	}
	return all
}

func (s *site) export() string {
	s.t.Helper()
	return s.want(200, s.do(olga, "GET", "/api/clients/export", "")).raw
}

func TestFiveThousandClientsAreImportedWithProgress(t *testing.T) {
	const clients = 5000
	s := newRealSite(t)
	var table strings.Builder
	table.WriteString("name,wedding_date,budget,guests:number,vip:boolean,tags:json\r\n")
	for n := range clients {
		fmt.Fprintf(&table, "\"Ada & Ben, %d\",2027-06-%02d,%d.50,%d,true,\"[\"\"early\"\"]\"\r\n", n, n%30+1, n+1, n)
	}
	dry := s.want(200, s.load(mia, "?dry_run=true", table.String()))
	if dry.at("rows") != "5000" || dry.at("created") != "5000" || dry.at("bad_cells") != "0" {
		t.Fatalf("dry run: %s", dry.raw)
	}
	begun := time.Now()
	got := s.want(200, s.load(mia, "", table.String(), "Accept", "application/x-ndjson", "Idempotency-Key", "spring"))
	took := time.Since(begun)
	var phases []string
	var last struct {
		Phase       string
		Done, Total int
		Report      *struct{ Rows, Created, Failed, Done int }
	}
	lines := strings.Split(strings.TrimSpace(got.raw), "\n")
	for _, line := range lines {
		done := last.Done
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if last.Report != nil {
			break
		}
		if len(phases) == 0 || phases[len(phases)-1] != last.Phase {
			phases, done = append(phases, last.Phase), 0
		}
		if last.Done <= done || last.Total != clients {
			t.Fatalf("after %d: %s", done, line)
		}
	}
	if r := last.Report; r == nil || r.Created != clients || r.Done != clients || r.Failed != 0 || !slices.Equal(phases, []string{"checking", "writing"}) || len(lines) != 201 {
		t.Fatalf("%d lines, %v, ends %s", len(lines), phases, lines[len(lines)-1])
	}
	t.Logf("%d clients in %v", clients, took)
	first := s.export()
	if strings.Count(first, "\n") != clients+1 || !strings.Contains(first, `,2027-06-03,,3.5,2,"Ada & Ben, 2","[""early""]",true`+"\n") {
		t.Fatalf("export: %.500s", first)
	}
}

func TestImportSentAgainUnderItsKeyMakesNothingTwice(t *testing.T) {
	s := newRealSite(t)
	table := "name,guests:number\n" + strings.Repeat("Ada,3\n", 300)
	for range 2 {
		if got := s.want(200, s.load(mia, "", table, "Idempotency-Key", "spring")); got.at("created") != "300" {
			t.Errorf("%s", got.raw)
		}
	}
	all := s.export()
	if n := strings.Count(all, "\n"); n != 301 {
		t.Errorf("%d clients", n-1)
	}
	if same := s.want(200, s.load(mia, "", all)); same.at("unchanged") != "300" || s.export() != all {
		t.Errorf("its own export: %s", same.raw)
	}
	if new := s.want(200, s.load(mia, "", table)); new.at("created") != "300" || strings.Count(s.export(), "\n") != 601 {
		t.Errorf("without a key: %s", new.raw)
	}
}

func TestBadCellsAreNamedExactlyAndNothingIsWritten(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben","guests":120,"budget":12500}`)
	gone := s.create(`{"name":"gone"}`)
	s.want(204, s.do(olga, "DELETE", "/api/clients/"+gone, ""))
	foreign := s.want(201, s.do(rival, "POST", "/api/clients", `{"fields":{"name":"theirs"}}`)).text("client_id")
	before := s.export()
	table := strings.Join([]string{
		"client_id,name,wedding_date,budget,guests,vip:boolean,first.name",
		",Zoe,12/06/2027,\"12,500\",,yes,",
		",\"two\nlines\",2027-06-12,1,,,x",
		"",
		",few",
		",caf\xe9,,,,,",
		foreign + ",x,,,,,",
		gone + ",x,,,,,",
		"not-an-id,x,,,,,",
		client + ",x,,,130,,",
		client + ",,,,,,",
		"0" + strings.Repeat("1", 25) + ",,,,,,",
		",good,2027-06-12,,,TRUE,",
	}, "\n")
	want := []string{
		"2 2 wedding_date [12/06/2027]: is no date as YYYY-MM-DD",
		"2 2 budget [12,500]: is no number",
		"2 2 vip:boolean [yes]: is neither true nor false",
		"3 3 first.name [x]: cannot be written: a field's name must not contain a dot, unless it is the path of a critical field",
		"5 6  []: has 2 cells, and the header 7",
		"6 7 name [caf\ufffd]: is not UTF-8: its byte 4 is 0xe9",
		"7 8 client_id [" + foreign + "]: names no client, and cannot be used for a new one",
		"8 9 client_id [" + gone + "]: names no client, and cannot be used for a new one",
		"9 10 client_id [not-an-id]: is no client id",
		"10 11 guests [130]: would make a text of what is number now",
		"11 12 client_id [" + client + "]: is that of row 10 too",
		"12 13  []: names a client that is not there, and no field",
	}
	got := s.want(422, s.load(mia, "", table))
	if cells := faultCells(got.at("import")); !slices.Equal(cells, want) || got.text("type") != "urn:wedsync:problem:bad-cells" {
		t.Errorf("%s\nwant\n%s", strings.Join(cells, "\n"), strings.Join(want, "\n"))
	}
	dry := s.want(200, s.load(mia, "?dry_run=true", table))
	if !slices.Equal(faultCells(map[string]any(dry.body)), want) || dry.at("bad_cells") != "12" || dry.at("rows") != "11" || dry.at("created") != "1" || dry.at("skipped") != "10" {
		t.Errorf("dry run: %s", dry.raw)
	}
	if s.export() != before {
		t.Error("something was written")
	}
	some := s.want(200, s.load(mia, "?skip_bad_rows=true", table))
	if some.at("created") != "1" || some.at("skipped") != "10" || some.at("bad_cells") != "12" || some.at("done") != "11" {
		t.Errorf("without bad rows: %s", some.raw)
	}
	if after := s.export(); strings.Count(after, "\n") != strings.Count(before, "\n")+1 || !strings.Contains(after, "good") {
		t.Errorf("export: %s", after)
	}
}

func TestRowsAreEditsThroughTheDoorOfPatch(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben","guests":120,"notes":"x","budget":12500,"venue_name":"Barn"}`)
	fresh := crdt.RecordID{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 1}
	table := "client_id,name,guests:number,notes,budget,venue_name\n" +
		client + ",,130,(clear),13000,  Barn \n" + fresh.DocumentID() + ",New,,,7,\n"
	dry := s.want(200, s.load(mia, "?dry_run=true", table))
	if dry.at("created") != "1" || dry.at("updated") != "1" || dry.at("critical_cells") != "1" {
		t.Errorf("dry run: %s", dry.raw)
	}
	got := s.want(200, s.load(mia, "", table, "Idempotency-Key", "k"))
	if got.at("created") != "1" || got.at("updated") != "1" || got.at("diverted") != "1" || got.text("queue", 0, "client_id") != client ||
		got.text("queue", 0, "field") != "budget" || got.text("queue", 0, "reason") != "needs_review" || got.at("queue", 0, "row") != "2" {
		t.Errorf("report: %s", got.raw)
	}
	item := s.want(200, s.do(mia, "GET", "/api/clients/"+client, ""))
	if item.at("fields", "guests") != "130" || item.at("fields", "notes") != nil || item.at("fields", "budget") != "12500" ||
		item.text("pending", "budget") != got.text("queue", 0, "conflict_id") || item.at("revisions", "venue_name") != "1" {
		t.Errorf("item: %s", item.raw)
	}
	if s.want(200, s.do(mia, "GET", "/api/clients/"+fresh.ClientID(), "")).text("fields", "name") != "New" {
		t.Error("no client was made under the id that was given")
	}
	again := s.want(200, s.load(mia, "", table, "Idempotency-Key", "k"))
	if again.raw != got.raw {
		t.Errorf("sent again under its key: %s, first %s", again.raw, got.raw)
	}
	other := s.want(422, s.load(mia, "", strings.Replace(table, "130", "140", 1), "Idempotency-Key", "k"))
	if other.text("type") != "urn:wedsync:problem:key-reused" {
		t.Errorf("another table under the same key: %s", other.raw)
	}
	if owner := s.want(200, s.load(olga, "", table)); owner.text("queue", 0, "reason") != "concurrent_pending" || owner.at("updated") != "1" || owner.at("unchanged") != "1" {
		t.Errorf("an owner's import: %s", owner.raw)
	}
}

func TestExportOfOneHubImportedIntoAnotherIsExportedAlike(t *testing.T) {
	from, to := newRealSite(t), newRealSite(t)
	for _, fields := range []string{
		`{"name":"=cmd()","notes":"a\r\nb","guests":120,"vip":true,"mixed":1,"venue":{"city":"Ulm","seats":[1,2.5,null]},"budget":12500.50,"wedding_date":"2027-06-12"}`,
		`{"name":"'=x","notes":"","guests":-3,"vip":false,"mixed":"1","venue_name":"-Barn","client_id":"mine","=key":"x"," spaced":"y","a:number":"z"}`,
		`{"name":"(empty)","notes":"\u0000\ufeff\"quote\", 👰🏽","guests":1e300,"mixed":[{"a":"=1"}],"long":"` + strings.Repeat("é", 5000) + `"}`,
	} {
		from.create(fields)
	}
	first := from.export()
	got := to.want(200, to.load(olga, "", first))
	if got.at("created") != "3" {
		t.Fatalf("%s", got.raw)
	}
	if second := to.export(); second != first {
		t.Errorf("first  %.2000s\nsecond %.2000s", first, second)
	}
	header, _, _ := strings.Cut(first, "\n")
	if want := `client_id,wedding_date,venue_name,budget,""" spaced""",'=key,a:number:text,client_id:text,guests:number,long,mixed:json,name,notes,venue:json,vip:boolean`; header != want {
		t.Errorf("header %s", header)
	}
	if same := from.want(200, from.load(mia, "", first)); same.at("unchanged") != "3" {
		t.Errorf("its own export: %s", same.raw)
	}
	if some := from.want(200, from.do(vera, "GET", "/api/clients/export?fields=guests,+budget", "")); !strings.HasPrefix(some.raw, "client_id,budget,guests:number\n") || strings.Count(some.raw, "\n") != 4 {
		t.Errorf("two fields: %s", some.raw)
	}
	if kind := from.do(vera, "HEAD", "/api/clients/export", "").header; kind.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(kind.Get("Content-Disposition"), `"clients.csv"`) {
		t.Errorf("headers %v", kind)
	}
}

func TestImportIsRefusedBeforeItIsRead(t *testing.T) {
	s := newSite(t)
	agent := mia
	agent.Role = conflicts.Integration
	for _, who := range []conflicts.Principal{vera, agent} {
		s.want(403, s.load(who, "", "name\nx\n"))
	}
	for kind, status := range map[string]int{"text/csv": 200, "text/csv; charset=UTF-8": 200, "text/csv; charset=latin1": 415, "application/json": 415, "": 200, "multipart/form-data": 415} {
		s.want(status, s.do(mia, "POST", "/api/clients/import?dry_run=true", "name\nx\n", "Content-Type", kind))
	}
	s.want(415, s.load(mia, "", "name\nx\n", "Content-Encoding", "gzip"))
	for query, field := range map[string]string{"?dry_run=yes": "dry_run", "?skip_bad_rows=1": "skip_bad_rows"} {
		if got := s.want(400, s.load(mia, query, "name\nx\n")); got.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", query, got.raw)
		}
	}
	s.want(400, s.load(mia, "", "name\nx\n", "Idempotency-Key", "schlüssel"))
	for table, want := range map[string]string{
		"":                             "1 1  []: has no headers",
		"\xff\xfen\x00":                "1 1  []: the file is UTF-16",
		"name,notes,name\n":            "1 1 name [name]: is there twice",
		"name, \n":                     "1 1   [ ]: has no name",
		"budget:number\n1\n":           "1 1 budget:number [budget:number]: is a critical field of kind money, and is read by that",
		"name\n\"a\nb\"\nx\"y\n":       "3 4 name [x\"y]: has a quote within a cell that does not begin with one",
		"sync_conflicts,name\nx,Ada\n": "2 2 sync_conflicts [x]: cannot be written: is kept by the hub",
		"venue:json\n{}\n":             "2 2 venue:json [{}]: cannot be written: the field contains the critical field venue.city, which needs a column of its own",
		"name\n" + strings.Repeat("x", 240_001) + "\n": "2 2  []: would write 240001 bytes",
	} {
		if got := s.want(422, s.load(mia, "?skip_bad_rows=false", table)); !slices.Equal(faultCells(got.at("import")), []string{want}) {
			t.Errorf("%.40q: %v, want %s", table, faultCells(got.at("import")), want)
		}
	}
	many := s.want(422, s.load(mia, "", "guests:number\n"+strings.Repeat("x\n", 1500)))
	if many.at("import", "bad_cells") != "1500" || len(faultCells(many.at("import"))) != 1000 {
		t.Errorf("%d of %s bad cells are listed", len(faultCells(many.at("import"))), many.at("import", "bad_cells"))
	}
}
