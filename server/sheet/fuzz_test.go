package sheet_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"wedsync/conflicts"
	"wedsync/server/sheet"
)

// FuzzOpen holds the reader to what encoding/csv reads, where that keeps what it
// reads, and to reading again what was written of it.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{
		"client_id,name\n,Ada\n", "a,b\r\n\"x\r\ny\",\"\"\"\"\r\n", "\ufeffa\n\n1\n", "a\rb\r", "a,\"b\nc\"d\n", "a\n\"", "\xff\xfea", "a,b\n1\n", "x\n" + strings.Repeat(",", 300),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := sheet.Open(data)
		if err != nil {
			fault, ok := err.(*sheet.BadCell)
			if !ok || fault.Row < 1 || fault.Line < 1 || fault.Wrong == "" || fault.Right == "" || !utf8.ValidString(fault.Cell+fault.Column) {
				t.Fatalf("%#v", err)
			}
			return
		}
		rows := [][]string{table.Header}
		good := true
		for n := range table.Len() {
			row := table.Row(n)
			if good = good && len(row.Faults) == 0 && !row.Blank; good {
				rows = append(rows, row.Cells)
			}
			if row.Line < row.Number {
				t.Fatalf("row %d begins on line %d", row.Number, row.Line)
			}
		}
		if !good || len(table.Header) == 1 || bytes.ContainsRune(data, '\r') {
			return
		}
		std := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
		std.FieldsPerRecord = -1
		if want, err := std.ReadAll(); err != nil || !same(rows, want) {
			t.Fatalf("%q, encoding/csv reads %q, %v", rows, want, err)
		}
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		again, err := sheet.Open(b.Bytes())
		if err != nil || again.Len() != table.Len() {
			t.Fatalf("%q: %v", b.Bytes(), err)
		}
	})
}

func same(a, b [][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if strings.Join(a[i], "\x01") != strings.Join(b[i], "\x01") {
			return false
		}
	}
	return true
}

// FuzzColumn holds that whatever a header and a cell say is written as it was
// read, and read alike again.
func FuzzColumn(f *testing.F) {
	for _, seed := range [][2]string{
		{"guests:number", "-0"},
		{"tags:json", `{"a":[1e400]}`},
		{"budget", "1e5"},
		{"wedding_date", " 2027-06-12"},
		{"\"\\u0000\":text", "'(empty)"},
		{"vip:boolean", "TRUE"},
		{"extra:json", "[-0]"},
		{"'=x", "''=1"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, header, cell string) {
		column, wrong := sheet.ParseColumn(header, policy)
		if wrong != nil || column.ID {
			return
		}
		again, wrong := sheet.ParseColumn(column.Header(), policy)
		if wrong != nil || again.Field != column.Field || again.Type != column.Type || again.Kind != column.Kind {
			t.Fatalf("%q is %+v, and its header %q %+v, %+v", header, column, column.Header(), again, wrong)
		}
		v, said, wrong := column.Read(cell)
		if wrong != nil || !said || !utf8.ValidString(cell) {
			return
		}
		written, ok := column.Write(v.JSON())
		if !ok {
			t.Fatalf("%s has no cell for %+v", header, v)
		}
		w, _, wrong := column.Read(written)
		if rewritten, _ := column.Write(w.JSON()); wrong != nil || rewritten != written {
			t.Fatalf("%s: %q is written %q and then %q, %+v", header, cell, written, rewritten, wrong)
		}
		if column.Kind == "" && column.Type == sheet.Text && said && cell != sheet.EmptyMarker && cell != sheet.ClearMarker && v.Str != sheet.Unguard(cell) {
			t.Fatalf("text %q was read as %q", cell, v.Str)
		}
		if column.Kind == conflicts.Date && v.Str != "" && len(v.Str) != len("2027-06-12") {
			t.Fatalf("%q is the date %q", cell, v.Str)
		}
	})
}
