package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// What a step does.
const (
	Trim     = "trim"     // takes white space off the ends of a text
	Text     = "text"     // makes a number or a truth value a text
	Date     = "date"     // reads a day and writes it as YYYY-MM-DD
	Number   = "number"   // reads an exact decimal
	Money    = "money"    // reads an exact decimal beside which a currency may stand
	Enum     = "enum"     // replaces words by others
	Split    = "split"    // makes a text a list, or takes one part of it
	Join     = "join"     // makes a list a text
	Default  = "default"  // stands in for an empty value
	Constant = "constant" // is the value, whatever the object says
)

// steps are all of them and the members that belong to each.
var steps = map[string][]string{
	Trim: nil, Text: nil, Date: {"format", "zone"}, Number: {"decimal"}, Money: {"decimal"}, Enum: {"values"},
	Split: {"separator", "item"}, Join: {"separator"}, Default: {"value"}, Constant: {"value"},
}

// A Step changes a value. Only the members that belong to what it does may be set.
type Step struct {
	Do string `json:"do"`
	// Format is how a date is written: iso (the default: a day, or a moment that
	// begins with one), unix, unix_ms, or YYYY, YY, MMMM, MMM, MM, M, DD, D, hh, mm
	// and ss among other characters.
	Format string `json:"format,omitempty"`
	// Zone is where the day of a moment counts, of the IANA list. Without one it
	// is the day as written.
	Zone string `json:"zone,omitempty"`
	// Decimal is what stands before the fraction, a point or a comma. Without it a
	// number is read if it reads in one way only.
	Decimal   string            `json:"decimal,omitempty"`
	Values    map[string]string `json:"values,omitempty"`    // what words become, whatever their case
	Separator string            `json:"separator,omitempty"` // of parts; of a join a space if empty
	Item      int               `json:"item,omitempty"`      // the part to take, 1 for the first, -1 for the last; 0 for the list
	Value     json.RawMessage   `json:"value,omitempty"`     // any JSON
}

// wrong says what is wrong with a step, with an empty reason for nothing.
func (s Step) wrong() (member, reason string) {
	belongs, known := steps[s.Do]
	if !known {
		return "do", fmt.Sprintf("is %q: it may be trim, text, date, number, money, enum, split, join, default or constant", s.Do)
	}
	for _, m := range []struct {
		name string
		set  bool
	}{
		{"format", s.Format != ""},
		{"zone", s.Zone != ""},
		{"decimal", s.Decimal != ""},
		{"values", len(s.Values) > 0},
		{"separator", s.Separator != ""},
		{"item", s.Item != 0},
		{"value", len(s.Value) > 0},
	} {
		if m.set && !slices.Contains(belongs, m.name) {
			return m.name, "does not belong to the step " + s.Do
		}
	}
	return s.wrongMember()
}

func (s Step) wrongMember() (member, reason string) {
	const maxSeparator = 16
	switch {
	case len(s.Separator) > maxSeparator:
		return "separator", fmt.Sprintf("is longer than %d bytes", maxSeparator)
	case s.Do == Split && s.Separator == "":
		return "separator", "is needed by a split"
	case s.Item > MaxText || s.Item < -MaxText:
		return "item", "is out of range"
	case s.Decimal != "" && s.Decimal != "." && s.Decimal != ",":
		return "decimal", `must be "." or ","`
	case s.Do == Enum && (len(s.Values) == 0 || len(s.Values) > MaxWords):
		return "values", fmt.Sprintf("must be 1 to %d words and what each becomes", MaxWords)
	}
	for from, to := range s.Values {
		if len(from) > MaxText || len(to) > MaxText {
			return "values", fmt.Sprintf("has a word longer than %d bytes", MaxText)
		}
	}
	if s.Do == Date {
		if _, err := layoutOf(s.Format); err != nil {
			return "format", err.Error()
		}
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
			return "zone", fmt.Sprintf("is %q, which is no time zone of the IANA list", s.Zone)
		}
	}
	if s.Do == Default || s.Do == Constant {
		if _, err := s.fixed(); err != nil {
			return "value", err.Error()
		}
	}
	return "", ""
}

// fixed is the value of a default or constant.
func (s Step) fixed() (crdt.Value, error) {
	if len(s.Value) == 0 || len(s.Value) > MaxText {
		return crdt.Value{}, fmt.Errorf("must be JSON of 1 to %d bytes", MaxText)
	}
	d := json.NewDecoder(strings.NewReader(string(s.Value)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.InputOffset() != int64(len(s.Value)) {
		return crdt.Value{}, errors.New("must be JSON")
	}
	return valueOf(v), nil
}

// change is what a step makes of a value. Where it makes nothing of it the value
// stays as it is, and why says why.
func (s Step) change(v crdt.Value) (changed crdt.Value, why string) {
	switch {
	case s.Do == Constant, s.Do == Default && empty(v):
		v, err := s.fixed()
		if err != nil {
			return crdt.Value{}, err.Error()
		}
		return v, ""
	case s.Do == Default, empty(v):
		return v, ""
	case s.Do == Join:
		return s.join(v)
	}
	words, ok := textOf(v)
	if !ok {
		return v, "is no single value"
	}
	switch s.Do {
	case Trim:
		if v.Kind == crdt.Text {
			return text(strings.TrimSpace(words)), ""
		}
		return v, ""
	case Text:
		return text(words), ""
	case Date:
		return s.date(v, words)
	case Number, Money:
		return s.number(v, words)
	case Enum:
		return s.word(v, words)
	case Split:
		return s.split(words), ""
	}
	return v, ""
}

// word replaces a word.
func (s Step) word(v crdt.Value, words string) (crdt.Value, string) {
	words = strings.TrimSpace(words)
	if to, ok := s.Values[words]; ok {
		return text(to), ""
	}
	for _, from := range sorted(s.Values) {
		if strings.EqualFold(from, words) {
			return text(s.Values[from]), ""
		}
	}
	return v, "is not among the values"
}

// split cuts a text.
func (s Step) split(words string) crdt.Value {
	parts := strings.Split(words, s.Separator)
	if s.Item == 0 {
		list := make([]crdt.Value, len(parts))
		for i, part := range parts {
			list[i] = text(strings.TrimSpace(part))
		}
		return crdt.Value{Kind: crdt.List, List: list}
	}
	at := s.Item - 1
	if s.Item < 0 {
		at = len(parts) + s.Item
	}
	if at < 0 || at >= len(parts) {
		return crdt.Value{}
	}
	return text(strings.TrimSpace(parts[at]))
}

// join makes a list of scalars one text. Empty ones are left out.
func (s Step) join(v crdt.Value) (crdt.Value, string) {
	if v.Kind != crdt.List {
		words, ok := textOf(v)
		if !ok {
			return v, "is no list"
		}
		return text(words), ""
	}
	separator := s.Separator
	if separator == "" {
		separator = " "
	}
	var parts []string
	size := 0
	for _, e := range v.List {
		words, ok := textOf(e)
		if !ok && !empty(e) {
			return v, "holds more than single values"
		}
		if words = strings.TrimSpace(words); words != "" {
			parts = append(parts, words)
			size += len(words) + len(separator)
		}
	}
	if size > MaxValue {
		return v, fmt.Sprintf("is longer than %d bytes joined", MaxValue)
	}
	return text(strings.Join(parts, separator)), ""
}
