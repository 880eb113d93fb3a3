package sheet

import (
	"strings"
	"unicode/utf8"
)

// maxShown is how many bytes of a cell a fault shows.
const maxShown = 80

// A BadCell is something that is wrong with a table, and where.
type BadCell struct {
	Row    int    `json:"row" doc:"Row of the table as a spreadsheet counts it: the header is 1."`
	Line   int    `json:"line" doc:"Line of the file on which the row begins; a cell may go over several lines."`
	Column string `json:"column,omitempty" doc:"Header of the column; absent if the whole row is meant."`
	Cell   string `json:"cell,omitempty" doc:"What the cell says, its beginning if it is long."`
	Wrong  string `json:"wrong" doc:"What is wrong."`
	Right  string `json:"right" doc:"What would be right."`
}

func (f *BadCell) Error() string { return f.Wrong + ": " + f.Right }

// Shorten is the beginning of a cell, with what is no UTF-8 made visible.
func Shorten(cell string) string {
	if len(cell) > maxShown {
		cell = cell[:maxShown]
		for len(cell) > 0 && !utf8.RuneStart(cell[len(cell)-1]) {
			cell = cell[:len(cell)-1]
		}
		if r, size := utf8.DecodeLastRuneInString(cell); r == utf8.RuneError && size == 1 {
			cell = cell[:len(cell)-1] // a character that was cut
		}
		cell += "…"
	}
	return strings.ToValidUTF8(cell, "\uFFFD")
}
