package mapping

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"wedsync/crdt"
)

// maxSafe is the largest integer that JavaScript holds.
const maxSafe = 1<<53 - 1

// valueOf is the value that decoded JSON stands for. Numbers that no record can
// hold exactly stay texts, and what nests too deep is its own JSON.
func valueOf(v any) crdt.Value {
	if n, ok := v.(json.Number); ok {
		return numberOf(string(n))
	}
	value, err := crdt.FromJSON(v)
	if err == nil {
		return value
	}
	text, err := json.Marshal(v)
	if err != nil {
		return crdt.Value{} // nothing that was decoded
	}
	return crdt.Value{Kind: crdt.Text, Str: string(text)}
}

// numberOf is the number that a text of digits names, or that text if none names
// it exactly.
func numberOf(s string) crdt.Value {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n <= maxSafe && n >= -maxSafe {
		return crdt.Value{Kind: crdt.Int, Int: n}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, ".eE") && math.Abs(f) <= maxSafe && digitsOf(s) <= 15 {
		return crdt.Value{Kind: crdt.Float, Float: f}
	}
	return crdt.Value{Kind: crdt.Text, Str: s}
}

// digitsOf counts the digits before an exponent. Of 15 a float holds every one.
func digitsOf(s string) (n int) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		s = s[:i]
	}
	for _, r := range strings.TrimLeft(s, "-0.") {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

func text(s string) crdt.Value { return crdt.Value{Kind: crdt.Text, Str: s} }

// textOf is a scalar as a text.
func textOf(v crdt.Value) (string, bool) {
	switch v.Kind {
	case crdt.Text:
		return v.Str, true
	case crdt.Int:
		return strconv.FormatInt(v.Int, 10), true
	case crdt.Float:
		return strconv.FormatFloat(v.Float, 'f', -1, 64), true
	case crdt.Bool:
		return strconv.FormatBool(v.Int != 0), true
	}
	return "", false
}

// empty reports whether a value says nothing.
func empty(v crdt.Value) bool {
	switch v.Kind {
	case crdt.Missing, crdt.Null:
		return true
	case crdt.Text:
		return strings.TrimSpace(v.Str) == ""
	case crdt.Map:
		return len(v.Map) == 0
	case crdt.List:
		return len(v.List) == 0
	}
	return false
}
