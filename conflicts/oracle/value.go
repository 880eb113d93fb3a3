package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"wedsync/crdt"
)

// A meaning is what a value says, whatever its representation.
type meaning struct {
	cleared bool
	fits    bool
	text    string // what it compares by
}

func (m meaning) same(o meaning) bool {
	return m.cleared == o.cleared && m.text == o.text
}

// meaning is what a value says to a field.
func (f Field) meaning(v crdt.Value, zone *time.Location) meaning {
	if isCleared(v) {
		return meaning{cleared: true, fits: true}
	}
	if text, fits := f.canonical(v, zone); fits {
		return meaning{fits: true, text: text}
	}
	return meaning{text: collapse(asText(v))}
}

// isCleared: missing, null and empty text.
func isCleared(v crdt.Value) bool {
	switch v.Kind {
	case crdt.Missing, crdt.Null:
		return true
	case crdt.Str, crdt.Text:
		return collapse(v.Str) == ""
	}
	return false
}

func (f Field) canonical(v crdt.Value, zone *time.Location) (string, bool) {
	switch f.Kind {
	case "date":
		return date(v, zone)
	case "text":
		return collapse(v.Str), isString(v)
	case "money", "number":
		return decimal(v)
	}
	return collapse(asText(v)), true
}

func isString(v crdt.Value) bool { return v.Kind == crdt.Str || v.Kind == crdt.Text }

// date: YYYY-MM-DD from a string or text, or from a timestamp in the
// supplier's zone.
func date(v crdt.Value, zone *time.Location) (string, bool) {
	switch {
	case isString(v):
		day := collapse(v.Str)
		_, err := time.Parse(time.DateOnly, day)
		return day, err == nil
	case v.Kind == crdt.Timestamp:
		return time.UnixMilli(v.Int).In(zone).Format(time.DateOnly), true
	}
	return "", false
}

// number is what a decimal looks like; separators and currency signs do not fit.
var number = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

// decimal: exact, 12500, 12500.0 and "12500" are equal.
func decimal(v crdt.Value) (string, bool) {
	var text string
	switch v.Kind {
	case crdt.Int, crdt.Counter:
		text = strconv.FormatInt(v.Int, 10)
	case crdt.Uint:
		text = strconv.FormatUint(v.Uint, 10)
	case crdt.Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return "", false
		}
		text = strconv.FormatFloat(v.Float, 'f', -1, 64)
	case crdt.Str, crdt.Text:
		text = collapse(v.Str)
	default:
		return "", false
	}
	if !number.MatchString(text) {
		return "", false
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	return exact.RatString(), true
}

// collapse: NFC, trimmed, inner spaces collapsed, case kept.
func collapse(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// asText is a value that does not fit its kind, as text.
func asText(v crdt.Value) string {
	if isString(v) {
		return v.Str
	}
	b, err := json.Marshal(v.JSON())
	if err != nil {
		return fmt.Sprint(v.JSON())
	}
	return string(b)
}
