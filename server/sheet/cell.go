package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A Wrong says what is wrong with a cell, and what would be right.
type Wrong struct{ Wrong, Right string }

// Write is a field's value as a cell, nil as an empty one. Values are those of
// decoded JSON, numbers in any form. Ok is false if the column's type has no
// cell for the value; a critical field that does not fit its kind has one.
func (c Column) Write(v any) (cell string, ok bool) {
	text, isText := v.(string)
	switch {
	case v == nil:
		return "", true
	case c.Type == JSON || c.Kind != "" && !isText:
		return Guard(encode(v)), true
	case isText:
		if text == "" {
			return EmptyMarker, c.Type == Text
		}
		return Guard(text), c.Type == Text
	}
	return Guard(encode(v)), TypeOf(v) == c.Type
}

// TypeOf is the narrowest type of a value that is there.
func TypeOf(v any) Type {
	switch v.(type) {
	case string:
		return Text
	case bool:
		return Boolean
	case json.Number, int, int64, uint64, float64:
		return Number
	}
	return JSON
}

// encode is a value's JSON, which is the same for the same value.
func encode(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain(v)); err != nil {
		return fmt.Sprint(v) // decoded JSON can always be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain is a value with each number as the hub would write it, had it been read
// from a table.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := crdt.FromJSON(v); err == nil {
			return plain(n.JSON())
		}
	case float64:
		if v == 0 {
			return 0 // without a sign
		}
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, below := range v {
			m[key] = plain(below)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, below := range v {
			l[i] = plain(below)
		}
		return l
	}
	return v
}

// Read is what a cell says: nothing at all if said is false, crdt.Null to take
// the field out. Without a wrong the value is good.
func (c Column) Read(cell string) (v crdt.Value, said bool, wrong *Wrong) {
	if cell == "" {
		return v, false, nil
	}
	v, wrong = c.read(cell)
	return v, true, wrong
}

func (c Column) read(cell string) (crdt.Value, *Wrong) {
	text := Unguard(cell)
	switch {
	case cell == ClearMarker, cell == EmptyMarker && c.Kind != "":
		return crdt.Value{Kind: crdt.Null}, nil
	case cell == EmptyMarker && (c.Type == Text || c.Type == JSON):
		return crdt.Value{Kind: crdt.Text}, nil
	case c.Kind != "":
		return readKind(c.Kind, text)
	}
	switch c.Type {
	case Number:
		return readNumber(text)
	case Boolean:
		return readBoolean(text)
	case JSON:
		return readJSON(text)
	}
	return crdt.Value{Kind: crdt.Text, Str: text}, nil
}

func readKind(kind conflicts.Kind, text string) (crdt.Value, *Wrong) {
	v, fits := kind.Read(text)
	switch {
	case fits && v.Kind == crdt.Missing:
		return v, &Wrong{"holds nothing but spaces", "leave the cell empty to leave the field as it is, or write " + ClearMarker}
	case fits && v.Kind == crdt.Str:
		return crdt.Value{Kind: crdt.Text, Str: v.Str}, nil
	case fits:
		return v, nil
	case kind == conflicts.Date:
		return v, &Wrong{"is no date as YYYY-MM-DD", rightDate(text)}
	case kind == conflicts.Money || kind == conflicts.Number:
		return v, &Wrong{"is no number", rightNumber(text)}
	}
	return v, &Wrong{"does not fit the kind " + string(kind), kind.Example()}
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func readNumber(text string) (crdt.Value, *Wrong) {
	bare := strings.TrimSpace(text)
	if !jsonNumber.MatchString(bare) {
		return crdt.Value{}, &Wrong{"is no number", rightNumber(text)}
	}
	v, err := crdt.FromJSON(held(json.Number(bare)))
	if err != nil {
		return v, &Wrong{"is a number that JavaScript cannot hold", "whole numbers up to 9007199254740991; keep longer ones in a column of texts"}
	}
	return v, nil
}

// held is decoded JSON in which whole numbers beyond 2^53 that a float holds are
// written as floats: that is how the hub wrote them.
func held(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.Trim(string(v), "-0123456789") == "" && encode(f) == string(v) {
			if _, err := crdt.FromJSON(v); err != nil {
				return v + ".0"
			}
		}
	case map[string]any:
		for key, below := range v {
			v[key] = held(below)
		}
	case []any:
		for i, below := range v {
			v[i] = held(below)
		}
	}
	return v
}

func readBoolean(text string) (crdt.Value, *Wrong) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return crdt.Value{Kind: crdt.Bool, Int: 1}, nil
	case "false":
		return crdt.Value{Kind: crdt.Bool}, nil
	case "yes", "y", "1", "x":
		return crdt.Value{}, &Wrong{"is neither true nor false", "true"}
	case "no", "n", "0":
		return crdt.Value{}, &Wrong{"is neither true nor false", "false"}
	}
	return crdt.Value{}, &Wrong{"is neither true nor false", "true or false"}
}

func readJSON(text string) (crdt.Value, *Wrong) {
	const right = `JSON: "a text", 12, true, ["a","list"], {"a":"map"}`
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var decoded any
	if err := dec.Decode(&decoded); err != nil {
		return crdt.Value{}, &Wrong{"is no JSON", right}
	}
	if _, err := dec.Token(); err != io.EOF {
		return crdt.Value{}, &Wrong{"goes on behind its JSON", right}
	}
	v, err := crdt.FromJSON(held(decoded))
	if err != nil {
		return v, &Wrong{"is JSON that a record cannot hold", err.Error()}
	}
	return v, nil
}

var (
	twoNumbersAndYear = regexp.MustCompile(`^\s*([0-9]{1,2})\s*[./-]\s*([0-9]{1,2})\s*[./-]\s*([0-9]{4})\s*$`)
	yearAndTwoNumbers = regexp.MustCompile(`^\s*([0-9]{4})\s*[./-]\s*([0-9]{1,2})\s*[./-]\s*([0-9]{1,2})`)
)

// rightDate is what somebody who wrote a date otherwise may have meant.
func rightDate(text string) string {
	if m := yearAndTwoNumbers.FindStringSubmatch(text); m != nil {
		if day, ok := date(m[1], m[2], m[3]); ok {
			return day
		}
	}
	if m := twoNumbersAndYear.FindStringSubmatch(text); m != nil {
		dayFirst, ok := date(m[3], m[2], m[1])
		monthFirst, also := date(m[3], m[1], m[2])
		switch {
		case ok && also && dayFirst != monthFirst:
			return fmt.Sprintf("%s if the day comes first, %s if the month does", dayFirst, monthFirst)
		case ok:
			return dayFirst
		case also:
			return monthFirst
		}
	}
	return "a day that there is, as 2027-06-12"
}

// date is a day as YYYY-MM-DD, if there is such a day.
func date(year, month, day string) (string, bool) {
	text := year + "-" + pad(month) + "-" + pad(day)
	_, fits := conflicts.Date.Read(text)
	return text, fits
}

func pad(n string) string {
	if len(n) == 1 {
		return "0" + n
	}
	return n
}

// rightNumber is what somebody who wrote a number otherwise may have meant.
func rightNumber(text string) string {
	const example = "12500 or 12500.50, without separators, spaces or currency"
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789.,-", r) {
			return r
		}
		return -1
	}, text)
	comma, point := strings.LastIndexByte(digits, ','), strings.LastIndexByte(digits, '.')
	switch {
	case comma >= 0 && point >= 0 && comma < point: // 12,500.50
		digits = strings.ReplaceAll(digits, ",", "")
	case comma >= 0 && point >= 0, comma >= 0 && len(digits)-comma-1 != 3: // 12.500,50 and 12,5
		digits = strings.ReplaceAll(strings.ReplaceAll(digits, ".", ""), ",", ".")
	case comma >= 0 && strings.Count(digits, ",") == 1:
		return fmt.Sprintf("%s if the comma separates thousands, %s if it is a decimal point",
			strings.Replace(digits, ",", "", 1), strings.Replace(digits, ",", ".", 1))
	case comma >= 0: // 1,250,000
		digits = strings.ReplaceAll(digits, ",", "")
	}
	number, fits := conflicts.Number.Read(digits)
	if !fits || number.Kind == crdt.Missing || number.Kind == crdt.Str {
		return example
	}
	if number.Kind == crdt.Int {
		return strconv.FormatInt(number.Int, 10)
	}
	return encode(number.JSON())
}
