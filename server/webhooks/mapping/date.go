package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wedsync/crdt"
)

// The formats that are words.
const (
	formatISO    = "iso"
	formatUnix   = "unix"
	formatUnixMS = "unix_ms"
)

// dateTokens are what a format is made of and what time.Parse calls it, longer
// ones before those that they begin with. MM and M take both widths.
var dateTokens = [][2]string{
	{"YYYY", "2006"},
	{"YY", "06"},
	{"MMMM", "January"},
	{"MMM", "Jan"},
	{"MM", "1"},
	{"M", "1"},
	{"DD", "2"},
	{"D", "2"},
	{"hh", "15"},
	{"mm", "04"},
	{"ss", "05"},
}

// isoLayouts are how moments and days are written that begin with a day.
var isoLayouts = []string{
	time.DateOnly, time.RFC3339, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04",
}

// layoutOf is the layout of time.Parse for a format, empty for one that is a word.
func layoutOf(format string) (string, error) {
	switch format {
	case "", formatISO, formatUnix, formatUnixMS:
		return "", nil
	}
	const maxFormat = 64
	if len(format) > maxFormat {
		return "", fmt.Errorf("is longer than %d bytes", maxFormat)
	}
	var layout strings.Builder
	seen := make(map[byte]bool)
	for rest := format; rest != ""; {
		token, means := dateToken(rest)
		switch {
		case token == "" && isAlphanumeric(rest[0]):
			return "", fmt.Errorf("has %q: it is iso, unix, unix_ms, or made of YYYY, YY, MMMM, MMM, MM, M, DD, D, hh, mm and ss", rest)
		case token == "":
			token, means = rest[:1], rest[:1]
		case seen[token[0]]:
			return "", fmt.Errorf("has %q after another of its kind", token)
		default:
			seen[token[0]] = true
		}
		layout.WriteString(means)
		rest = rest[len(token):]
	}
	if !seen['Y'] || !seen['M'] || !seen['D'] {
		return "", errors.New("needs a year, a month and a day")
	}
	return layout.String(), nil
}

func dateToken(s string) (token, means string) {
	for _, t := range dateTokens {
		if strings.HasPrefix(s, t[0]) {
			return t[0], t[1]
		}
	}
	return "", ""
}

// isAlphanumeric reports whether time.Parse might take the character for a part of
// a layout. So may it an underscore.
func isAlphanumeric(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// date reads a day.
func (s Step) date(v crdt.Value, words string) (crdt.Value, string) {
	t, moment, ok := s.moment(strings.TrimSpace(words))
	if !ok {
		return v, "is no date of that format"
	}
	if moment && s.Zone != "" {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			return v, err.Error()
		}
		t = t.In(zone)
	}
	if t.Year() < 0 || t.Year() > 9999 {
		return v, "is beyond the years that a date can name"
	}
	return text(t.Format(time.DateOnly)), ""
}

// moment reads a text as the format says. Unless it is a moment it is a day as
// somebody wrote it, wherever they were.
func (s Step) moment(words string) (t time.Time, moment, ok bool) {
	switch s.Format {
	case formatUnix, formatUnixMS:
		n, err := strconv.ParseInt(words, 10, 64)
		if err != nil {
			return t, false, false
		}
		if s.Format == formatUnix {
			return time.Unix(n, 0).UTC(), true, true
		}
		return time.UnixMilli(n).UTC(), true, true
	case "", formatISO:
		for _, layout := range isoLayouts {
			if t, err := time.Parse(layout, words); err == nil {
				return t, strings.Contains(layout, "Z07"), true
			}
		}
		return t, false, false
	}
	layout, err := layoutOf(s.Format)
	if err != nil {
		return t, false, false
	}
	t, err = time.Parse(layout, words)
	return t, false, err == nil
}
