package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a table that is read.
const (
	MaxRows    = 50_000  // below the header
	MaxColumns = 200     //
	MaxCell    = 1 << 20 // bytes of a cell
)

// A Table is a CSV file in memory. It keeps the file as it came, and where each
// row begins; a row is taken apart when it is asked for. It may be read by many
// goroutines at once.
type Table struct {
	Header []string // as it stands in the file
	data   []byte
	rows   []place
}

// A place is where a row begins.
type place struct{ at, line int }

// Open reads the header and finds the rows. Its error is a *BadCell: the first
// place at which data is no table, behind which nothing can be trusted. The table
// keeps data.
func Open(data []byte) (*Table, error) {
	if fault := notUTF8(data); fault != nil {
		return nil, fault
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	t := &Table{data: data}
	s := &scanner{data: data, line: 1}
	cells, err := s.row(nil)
	if err != nil {
		return nil, t.broken(1, 1, err)
	}
	t.Header = slices.Clone(cells)
	if fault := t.checkHeader(); fault != nil {
		return nil, fault
	}
	for s.more() {
		here := place{s.at, s.line}
		if len(t.rows) == MaxRows {
			return nil, &BadCell{
				Row: MaxRows + 2, Line: here.line, Wrong: fmt.Sprintf("is one row too many: a table has at most %d below its header", MaxRows),
				Right: "split the file; each part needs the header",
			}
		}
		if cells, err = s.row(cells[:0]); err != nil {
			return nil, t.broken(len(t.rows)+2, here.line, err)
		}
		t.rows = append(t.rows, here)
	}
	return t, nil
}

// notUTF8 finds an encoding that cannot be read at all.
func notUTF8(data []byte) *BadCell {
	const right = `save the file as "CSV UTF-8", separated by commas`
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}),
		len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return &BadCell{Row: 1, Line: 1, Wrong: "the file is UTF-16", Right: right}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return &BadCell{Row: 1, Line: 1, Wrong: "the file is a workbook", Right: right}
	}
	return nil
}

func (t *Table) checkHeader() *BadCell {
	first := ""
	if len(t.Header) > 0 {
		first = t.Header[0]
	}
	switch {
	case len(t.Header) > MaxColumns:
		return &BadCell{
			Row: 1, Line: 1, Wrong: fmt.Sprintf("has %d columns, and a table at most %d", len(t.Header), MaxColumns),
			Right: "leave columns away; client_id in each of several files joins them",
		}
	case blank(t.Header):
		return &BadCell{Row: 1, Line: 1, Wrong: "has no headers", Right: "the first row names the fields, such as client_id,name,wedding_date"}
	case len(t.Header) == 1 && strings.ContainsAny(first, ";\t"):
		return &BadCell{
			Row: 1, Line: 1, Cell: Shorten(first), Wrong: "is not separated by commas",
			Right: `save the file as "CSV UTF-8", separated by commas`,
		}
	}
	return nil
}

func (t *Table) broken(row, line int, err *syntaxError) *BadCell {
	f := &BadCell{Row: row, Line: line, Cell: Shorten(err.text), Wrong: err.wrong, Right: err.right}
	if err.cell < len(t.Header) {
		f.Column = Shorten(t.Header[err.cell])
	} else {
		f.Column = fmt.Sprintf("column %d", err.cell+1)
	}
	return f
}

// Len is how many rows there are below the header, blank ones too.
func (t *Table) Len() int { return len(t.rows) }

// A Row is one row below the header.
type Row struct {
	Number int       // as a spreadsheet counts: the header is 1
	Line   int       // of the file, where it begins
	Cells  []string  // as many as there are headers
	Blank  bool      // nothing stands in it
	Faults []BadCell // if there are any, Cells cannot be used
}

// Row reads the nth row, from 0.
func (t *Table) Row(n int) Row {
	here := t.rows[n]
	s := &scanner{data: t.data, at: here.at, line: here.line}
	r := Row{Number: n + 2, Line: here.line}
	r.Cells, _ = s.row(make([]string, 0, len(t.Header))) // Open has read it without an error
	if r.Blank = blank(r.Cells); r.Blank {
		return r
	}
	if len(r.Cells) != len(t.Header) {
		r.Faults = append(r.Faults, BadCell{
			Row: r.Number, Line: r.Line, Wrong: fmt.Sprintf("has %d cells, and the header %d", len(r.Cells), len(t.Header)),
			Right: "give each row as many cells as there are headers; a cell with a comma or a line end in it needs quotes",
		})
		return r
	}
	for i, cell := range r.Cells {
		switch {
		case len(cell) > MaxCell:
			r.Faults = append(r.Faults, t.BadCell(r, i, fmt.Sprintf("has %d bytes", len(cell)), fmt.Sprintf("at most %d", MaxCell)))
		case !utf8.ValidString(cell):
			r.Faults = append(r.Faults, t.BadCell(r, i, notText(cell), `save the file as "CSV UTF-8"`))
		}
	}
	return r
}

// BadCell is what is wrong with the ith cell of a row.
func (t *Table) BadCell(r Row, i int, wrong, right string) BadCell {
	return BadCell{Row: r.Number, Line: r.Line, Column: Shorten(t.Header[i]), Cell: Shorten(r.Cells[i]), Wrong: wrong, Right: right}
}

// notText names the first byte of a cell that is no UTF-8.
func notText(cell string) string {
	for i := 0; i < len(cell); {
		r, size := utf8.DecodeRuneInString(cell[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("is not UTF-8: its byte %d is %#02x", i+1, cell[i])
		}
		i += size
	}
	return ""
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if cell != "" {
			return false
		}
	}
	return true
}
