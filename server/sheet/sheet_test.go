package sheet_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/sheet"
)

var policy = &conflicts.Policy{Version: 1, Fields: []conflicts.FieldPolicy{
	{Path: "wedding_date", Kind: conflicts.Date}, {Path: "venue.name", Kind: conflicts.Text}, {Path: "budget", Kind: conflicts.Money}, {Path: "extra", Kind: conflicts.Any},
}}

func TestGuardedCellIsNoFormulaAndComesBack(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "x": "x", "'x": "'x", "'": "'", "=x": "'=x", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"'=x": "''=x", "''@": "'''@", "(empty)": "'(empty)", "'(clear)": "''(clear)", "(empty) ": "(empty) ", "\nx": "\nx", " =x": " =x",
	} {
		if got := sheet.Guard(text); got != want {
			t.Errorf("%q is guarded as %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		cell := sheet.Guard(text)
		if got := sheet.Unguard(cell); got != text {
			t.Fatalf("%q comes back from %q as %q", text, cell, got)
		}
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || cell == sheet.EmptyMarker || cell == sheet.ClearMarker {
			t.Fatalf("%q is written as %q", text, cell)
		}
	})
}

// hostile are texts that are hard to keep in a table.
func hostile() *rapid.Generator[string] {
	parts := []string{
		"'", "=", "+", "-", "@", "\t", "\r", "\n", "\r\n", `"`, `""`, ",", ";", ":", ":number", "(empty)", "(clear)", "\x00", "\ufeff", " ", "\u00a0",
		"é", "e\u0301", "👰🏽", "\u2028", "\ufffd", "<&>", "\\", "true", "12", "null", "client_id", strings.Repeat("long ", 2000),
	}
	piece := rapid.OneOf(rapid.SampledFrom(parts), rapid.String())
	return rapid.Map(rapid.SliceOfN(piece, 0, 5), func(p []string) string { return strings.ToValidUTF8(strings.Join(p, ""), "") })
}

// values are JSON as the API takes it.
func values(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Map(hostile(), func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-(1<<53-1), 1<<53-1), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any]("2027-06-12T10:00:00.000Z"),
	}
	if depth > 0 {
		below := rapid.OneOf(values(depth-1), rapid.Just[any](nil))
		kinds = append(kinds,
			rapid.Map(rapid.MapOfN(hostile(), below, 0, 3), func(m map[string]any) any { return m }),
			rapid.Map(rapid.SliceOfN(below, 0, 3), func(l []any) any { return l }))
	}
	return rapid.OneOf(kinds...)
}

// records are what the API shows of some records: critical fields as their kinds
// show them.
func records() *rapid.Generator[[]map[string]any] {
	return rapid.Custom(func(t *rapid.T) []map[string]any {
		type fieldType = *rapid.Generator[any]
		fields := make(map[string]fieldType)
		for _, name := range rapid.SliceOfNDistinct(hostile(), 0, 4, rapid.ID).Draw(t, "names") {
			if name == "" || len(name) > 200 || name == "venue" || strings.Contains(name, ".") {
				continue
			}
			fields[name] = rapid.SampledFrom([]fieldType{
				rapid.Map(hostile(), func(s string) any { return s }),
				rapid.Map(rapid.Bool(), func(b bool) any { return b }),
				rapid.Map(rapid.Float64(), func(f float64) any { return f }),
				values(2),
			}).Draw(t, "type of "+name)
		}
		fields["extra"] = values(1)
		all := make([]map[string]any, rapid.IntRange(1, 4).Draw(t, "records"))
		for i := range all {
			all[i] = make(map[string]any)
			for _, name := range slices.Sorted(mapsKeys(fields)) {
				if rapid.Bool().Draw(t, "has") {
					all[i][name] = fields[name].Draw(t, name)
				}
			}
			for path, texts := range map[string][]string{"wedding_date": {"2027-06-12", "2028-02-29"}, "budget": {"12500", "-0.5", "12345678901234567890.12"}, "venue.name": {"Old Barn", "=Mill", "(clear)"}} {
				if text := rapid.SampledFrom(append(texts, "")).Draw(t, path); text != "" {
					critical(all[i], path, text)
				}
			}
		}
		return all
	})
}

// critical sets a critical field as readers see it.
func critical(record map[string]any, path, text string) {
	for _, f := range policy.Fields {
		if string(f.Path) != path {
			continue
		}
		v, _ := f.Kind.Read(text)
		if path == "venue.name" {
			record["venue"] = map[string]any{"name": v.JSON()}
		} else {
			record[path] = v.JSON()
		}
	}
}

func mapsKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// export is the table of some records.
func export(t *rapid.T, all []map[string]any) []byte {
	census := sheet.NewCensus(policy, nil)
	for _, r := range all {
		if !census.Count(r) {
			t.Fatal("too many columns")
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	columns := census.Columns()
	var cells []string
	for _, c := range columns {
		cells = append(cells, c.Header())
	}
	_ = w.Write(cells)
	for _, r := range all {
		split := sheet.Split(r, policy)
		cells = cells[:0]
		for _, c := range columns {
			cell, ok := c.Write(split[c.Field])
			if c.ID {
				cell = "id"
			}
			if !ok {
				t.Fatalf("%+v has no cell for %#v", c, split[c.Field])
			}
			cells = append(cells, cell)
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return b.Bytes()
}

func TestExportImportExportIsByteEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := export(t, records().Draw(t, "records"))
		table, err := sheet.Open(first)
		if err != nil {
			t.Fatalf("%v in %q", err, first)
		}
		columns := make([]sheet.Column, len(table.Header))
		for i, header := range table.Header {
			var wrong *sheet.Wrong
			if columns[i], wrong = sheet.ParseColumn(header, policy); wrong != nil {
				t.Fatalf("header %q %+v", header, wrong)
			}
		}
		var again []map[string]any
		for n := range table.Len() {
			row := table.Row(n)
			if len(row.Faults) > 0 {
				t.Fatal(row.Faults)
			}
			record := make(map[string]any)
			for i, cell := range row.Cells {
				if columns[i].ID {
					continue
				}
				v, said, wrong := columns[i].Read(cell)
				if wrong != nil {
					t.Fatalf("%s %q %+v", table.Header[i], cell, wrong)
				}
				if !said {
					continue
				}
				if columns[i].Kind != "" {
					critical(record, string(columns[i].Field), v.Str+number(v))
				} else if v.Kind != crdt.Null {
					record[string(columns[i].Field)] = v.JSON()
				}
			}
			again = append(again, record)
		}
		if second := export(t, again); !bytes.Equal(first, second) {
			t.Fatalf("first  %q\nsecond %q", first, second)
		}
	})
}

// number is the text of a number, empty of another value.
func number(v crdt.Value) string {
	if v.Kind != crdt.Int && v.Kind != crdt.Float {
		return ""
	}
	b, _ := json.Marshal(v.JSON())
	return string(b)
}

func TestHeaderNamesFieldAndType(t *testing.T) {
	for header, want := range map[string]sheet.Column{
		" name ":             {Field: "name", Type: sheet.Text},
		"client_id":          {ID: true, Type: sheet.Text},
		"client_id:text":     {Field: "client_id", Type: sheet.Text, Typed: true},
		"guests:number":      {Field: "guests", Type: sheet.Number, Typed: true},
		"a:number:text":      {Field: "a:number", Type: sheet.Text, Typed: true},
		"a:b":                {Field: "a:b", Type: sheet.Text},
		"'=x:json":           {Field: "=x", Type: sheet.JSON, Typed: true},
		`" x":boolean`:       {Field: " x", Type: sheet.Boolean, Typed: true},
		"budget":             {Field: "budget", Type: sheet.Text, Kind: conflicts.Money},
		"venue.name":         {Field: "venue.name", Type: sheet.Text, Kind: conflicts.Text},
		"extra:json":         {Field: "extra", Type: sheet.JSON, Typed: true},
		"\u00a0wedding_date": {Field: "wedding_date", Type: sheet.Text, Kind: conflicts.Date},
	} {
		got, wrong := sheet.ParseColumn(header, policy)
		if wrong != nil || got != want {
			t.Errorf("%q is %+v, %+v, want %+v", header, got, wrong, want)
		}
	}
	for header, want := range map[string]string{
		"": "has no name", "  ": "has no name", `"x`: "is no JSON string", `"x"y`: "is no JSON string", "budget:number": "is a critical field of kind money", "caf\xe9": "byte 4 is 0xe9",
	} {
		if _, wrong := sheet.ParseColumn(header, policy); wrong == nil || !strings.Contains(wrong.Wrong, want) {
			t.Errorf("%q: %+v, want %q", header, wrong, want)
		}
	}
}

func TestWrongCellSaysWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct{ header, cell, wrong, right string }{
		{"wedding_date", "12/06/2027", "is no date", "2027-06-12 if the day comes first, 2027-12-06 if the month does"},
		{"wedding_date", "13.6.2027", "is no date", "2027-06-13"},
		{"wedding_date", "6/13/2027", "is no date", "2027-06-13"},
		{"wedding_date", "2027/6/1", "is no date", "2027-06-01"},
		{"wedding_date", "2027-02-30", "is no date", "a day that there is, as 2027-06-12"},
		{"wedding_date", "next June", "is no date", "as 2027-06-12"},
		{"wedding_date", "   ", "nothing but spaces", "(clear)"},
		{"budget", "12,500", "is no number", "12500 if the comma separates thousands, 12.500 if it is a decimal point"},
		{"budget", "12,500.50", "is no number", "12500.5"},
		{"budget", "12.500,50 €", "is no number", "12500.5"},
		{"budget", "€ 12 500", "is no number", "12500"},
		{"budget", "about ten", "is no number", "12500 or 12500.50"},
		{"guests:number", "120 or so", "is no number", "120"},
		{"guests:number", "007", "is no number", "7"},
		{"guests:number", "(empty)", "is no number", "12500 or"},
		{"guests:number", "9007199254740993", "JavaScript cannot hold", "9007199254740991"},
		{"vip:boolean", "yes", "neither true nor false", "true"},
		{"vip:boolean", "maybe", "neither true nor false", "true or false"},
		{"tags:json", "early", "is no JSON", `"a text"`},
		{"tags:json", "[1] [2]", "goes on behind", `"a text"`},
		{"tags:json", strings.Repeat("[", 80) + strings.Repeat("]", 80), "cannot hold", "deeper"},
	} {
		column, wrong := sheet.ParseColumn(c.header, policy)
		if wrong != nil {
			t.Fatal(wrong)
		}
		_, _, wrong = column.Read(c.cell)
		if wrong == nil || !strings.Contains(wrong.Wrong, c.wrong) || !strings.Contains(wrong.Right, c.right) {
			t.Errorf("%s %q: %+v, want %q, %q", c.header, c.cell, wrong, c.wrong, c.right)
		}
	}
}

func TestCellSaysNothingEmptyOrClear(t *testing.T) {
	for _, c := range []struct {
		header, cell string
		said         bool
		want         crdt.Value
	}{
		{"name", "", false, crdt.Value{}},
		{"name", "(empty)", true, crdt.Value{Kind: crdt.Text}},
		{"name", "(clear)", true, crdt.Value{Kind: crdt.Null}},
		{"name", "'(clear)", true, crdt.Value{Kind: crdt.Text, Str: "(clear)"}},
		{"guests:number", "(clear)", true, crdt.Value{Kind: crdt.Null}},
		{"guests:number", "1E2", true, crdt.Value{Kind: crdt.Float, Float: 100}},
		{"vip:boolean", "TRUE", true, crdt.Value{Kind: crdt.Bool, Int: 1}},
		{"tags:json", "null", true, crdt.Value{Kind: crdt.Null}},
		{"tags:json", `""`, true, crdt.Value{Kind: crdt.Text}},
		{"budget", "'-5", true, crdt.Value{Kind: crdt.Int, Int: -5}},
		{"budget", "(empty)", true, crdt.Value{Kind: crdt.Null}},
		{"venue.name", "  Old   Barn ", true, crdt.Value{Kind: crdt.Text, Str: "Old Barn"}},
	} {
		column, _ := sheet.ParseColumn(c.header, policy)
		v, said, wrong := column.Read(c.cell)
		if wrong != nil || said != c.said || v.Kind != c.want.Kind || v.Str != c.want.Str || v.Int != c.want.Int || v.Float != c.want.Float {
			t.Errorf("%s %q: %+v, %v, %+v", c.header, c.cell, v, said, wrong)
		}
	}
}

func TestColumnsAreCriticalFieldsFirstAndThenSorted(t *testing.T) {
	record := map[string]any{"zoo": "x", "guests": json.Number("3"), "mixed": true, "venue": map[string]any{"name": "Barn", "seats": 80}, "none": nil, "client_id": "x"}
	headers := func(fields []crdt.Path) string {
		census := sheet.NewCensus(policy, fields)
		census.Count(record)
		census.Count(map[string]any{"mixed": "x", "venue": map[string]any{"name": "Mill"}})
		var all []string
		for _, c := range census.Columns() {
			all = append(all, c.Header())
		}
		return strings.Join(all, " ")
	}
	if got, want := headers(nil), "client_id wedding_date venue.name budget extra client_id:text guests:number mixed:json venue:json zoo"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := headers([]crdt.Path{"zoo", "new", "budget"}), "client_id budget new zoo"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if record["venue"].(map[string]any)["name"] != "Barn" {
		t.Error("splitting a record changed it")
	}
}

func TestBrokenTableIsRefusedWhereItBreaks(t *testing.T) {
	for _, c := range []struct {
		file, wrong, column string
		row, line           int
	}{
		{"", "has no headers", "", 1, 1},
		{"\n", "has no headers", "", 1, 1},
		{"\xff\xfen\x00", "UTF-16", "", 1, 1},
		{"\x00n\x00a", "UTF-16", "", 1, 1},
		{"PK\x03\x04", "workbook", "", 1, 1},
		{"name;notes\n", "not separated by commas", "", 1, 1},
		{strings.Repeat("x,", 200) + "x", "has 201 columns", "", 1, 1},
		{"name,notes\n\"a\nb\",x\nc,d\"e\n", "quote within a cell", "notes", 3, 4},
		{"name,notes\n\"a\"b,x\n", "goes on behind its closing quote", "name", 2, 2},
		{"name\r\n\r\n\"never\r\n\r\n", "never closed", "name", 3, 3},
		{"name\n1,2,\"3\n", "never closed", "column 3", 2, 2},
		{"n\n" + strings.Repeat("x\n", sheet.MaxRows+1), "one row too many", "", sheet.MaxRows + 2, sheet.MaxRows + 2},
	} {
		_, err := sheet.Open([]byte(c.file))
		f, ok := err.(*sheet.BadCell)
		if !ok || !strings.Contains(f.Wrong, c.wrong) || f.Row != c.row || f.Line != c.line || f.Column != c.column || f.Right == "" {
			t.Errorf("%.40q: %+v", c.file, f)
		}
	}
}

func TestBadRowLeavesTheOthersReadable(t *testing.T) {
	table, err := sheet.Open([]byte("\ufeffname,notes\r\n\r\na\r\n\"b\n\",caf\xe9\r\n" + strings.Repeat("x", sheet.MaxCell+1) + ",\r\nc,\"1\r\n2\"\r\n,\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if table.Header[0] != "name" || table.Len() != 6 {
		t.Fatalf("%q, %d rows", table.Header, table.Len())
	}
	var faults []sheet.BadCell
	for n := range table.Len() {
		row := table.Row(n)
		if row.Blank != (n == 0 || n == 5) {
			t.Errorf("row %d is blank: %v", row.Number, row.Blank)
		}
		faults = append(faults, row.Faults...)
	}
	want := []sheet.BadCell{
		{Row: 3, Line: 3, Wrong: "has 1 cells, and the header 2"},
		{Row: 4, Line: 4, Column: "notes", Cell: "caf\ufffd", Wrong: "is not UTF-8: its byte 4 is 0xe9"},
		{Row: 5, Line: 6, Column: "name", Cell: strings.Repeat("x", 80) + "…", Wrong: "has 1048577 bytes"},
	}
	for i := range faults {
		faults[i].Right = ""
	}
	if !slices.Equal(faults, want) {
		t.Errorf("%+v", faults)
	}
	if got := table.Row(4); got.Cells[1] != "1\r\n2" || got.Line != 7 {
		t.Errorf("%+v", got)
	}
}
