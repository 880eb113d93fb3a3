package sheet

import (
	"bytes"
	"strings"
)

// A scanner takes CSV apart, row by row. Unlike encoding/csv it leaves the line
// ends within a cell as they are, and counts empty rows.
type scanner struct {
	data []byte
	at   int // in data
	line int // of at; the first is 1
}

// A syntaxError says which cell of a row is no CSV.
type syntaxError struct {
	cell         int // from 0
	text         string
	wrong, right string
}

func (e *syntaxError) Error() string { return e.wrong }

// more reports whether there is another row.
func (s *scanner) more() bool { return s.at < len(s.data) }

// row appends the cells of the next row.
func (s *scanner) row(cells []string) ([]string, *syntaxError) {
	first := len(cells)
	for {
		cell, err := s.cell()
		if err != nil {
			err.cell = len(cells) - first
			return cells, err
		}
		cells = append(cells, cell)
		if s.more() && s.data[s.at] == ',' {
			s.at++
			continue
		}
		s.endLine()
		return cells, nil
	}
}

// cell reads up to the comma or the end of the row behind a cell.
func (s *scanner) cell() (string, *syntaxError) {
	if s.more() && s.data[s.at] == '"' {
		return s.quoted()
	}
	rest := s.data[s.at:]
	n := bytes.IndexAny(rest, ",\r\n")
	if n < 0 {
		n = len(rest)
	}
	s.at += n
	if bytes.IndexByte(rest[:n], '"') >= 0 {
		return "", &syntaxError{
			text: string(rest[:n]), wrong: "has a quote within a cell that does not begin with one",
			right: `put the cell into quotes and write each quote in it twice: "5"" pipes"`,
		}
	}
	return string(rest[:n]), nil
}

func (s *scanner) quoted() (string, *syntaxError) {
	begun := s.at
	s.at++
	var cell strings.Builder
	for {
		n := bytes.IndexByte(s.data[s.at:], '"')
		if n < 0 {
			return "", &syntaxError{
				text: string(s.data[begun:min(len(s.data), begun+2*maxShown)]), wrong: "begins with a quote that is never closed",
				right: "close it, or write it twice if it belongs to the text",
			}
		}
		part := s.data[s.at : s.at+n]
		cell.Write(part)
		s.line += lines(part)
		s.at += n + 1
		switch {
		case !s.more() || strings.IndexByte(",\r\n", s.data[s.at]) >= 0:
			return cell.String(), nil
		case s.data[s.at] == '"':
			cell.WriteByte('"')
			s.at++
		default:
			return "", &syntaxError{
				text: string(s.data[begun:min(len(s.data), s.at+1)]), wrong: "goes on behind its closing quote",
				right: `write each quote in a cell twice: "the ""Old"" Barn"`,
			}
		}
	}
}

// endLine steps over the end of a row: LF, CR LF or CR.
func (s *scanner) endLine() {
	if !s.more() {
		return
	}
	if s.data[s.at] == '\r' && s.at+1 < len(s.data) && s.data[s.at+1] == '\n' {
		s.at++
	}
	s.at++
	s.line++
}

// lines counts the line ends within a cell: LF, CR LF or CR.
func lines(part []byte) int {
	return bytes.Count(part, []byte("\n")) + bytes.Count(part, []byte("\r")) - bytes.Count(part, []byte("\r\n"))
}
