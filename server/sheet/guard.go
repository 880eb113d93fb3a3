package sheet

import "strings"

// What a cell says that a text could not.
const (
	EmptyMarker = "(empty)" // the empty text
	ClearMarker = "(clear)" // takes the field out
)

// Guard is a text as a cell that no spreadsheet takes for a formula, and no
// reader for a marker.
func Guard(text string) string {
	if guarded(text) {
		return "'" + text
	}
	return text
}

// Unguard is the text of a cell that [Guard] made. A cell that nobody guarded is
// its own text.
func Unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && guarded(cell) {
		return cell[1:]
	}
	return cell
}

// guarded reports whether a text needs an apostrophe: behind any number of them
// it begins like a formula or is a marker. Those with apostrophes are among them
// so that no two texts have one cell.
func guarded(text string) bool {
	bare := strings.TrimLeft(text, "'")
	return bare == EmptyMarker || bare == ClearMarker || bare != "" && strings.IndexByte("=+-@\t\r", bare[0]) >= 0
}
