package crdt

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// JSON is the value as the API shows it: text and scalar strings as strings,
// timestamps as RFC 3339 in UTC with milliseconds, counters as numbers, bytes in
// base64. What JSON has no word for (nothing at all, and floats that are no
// number) is nil. A timestamp outside the years 0 to 9999, for which RFC 3339 has
// no word either, is as JavaScript writes a Date: "+010000-01-01T00:00:00.000Z", and
// nil beyond what a Date holds.
func (v Value) JSON() any {
	switch v.Kind {
	case Bool:
		return v.Int != 0
	case Int, Counter:
		return v.Int
	case Uint:
		return v.Uint
	case Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return nil
		}
		return v.Float
	case Str, Text:
		return v.Str
	case Bytes, Unknown:
		return base64.StdEncoding.EncodeToString(v.Bytes)
	case Timestamp:
		return dateJSON(v.Int)
	case Map:
		m := make(map[string]any, len(v.Map))
		for k, e := range v.Map {
			m[k] = e.JSON()
		}
		return m
	case List:
		l := make([]any, len(v.List))
		for i, e := range v.List {
			l[i] = e.JSON()
		}
		return l
	}
	return nil
}

// dateJSON is a moment as JavaScript's Date has it.
func dateJSON(ms int64) any {
	const most = 8_640_000_000_000_000 // milliseconds before and after 1970
	if ms < -most || ms > most {
		return nil
	}
	t := time.UnixMilli(ms).UTC()
	rest := t.Format("-01-02T15:04:05.000Z07:00")
	if year := t.Year(); year < 0 || year > 9999 {
		return fmt.Sprintf("%+07d%s", year, rest)
	}
	return fmt.Sprintf("%04d%s", t.Year(), rest)
}

// Bounds of API input.
const (
	maxJSONDepth = 64
	maxSafeInt   = 1<<53 - 1 // JavaScript has no larger integers
)

// FromJSON is the value that decoded JSON stands for. Numbers must have been
// decoded with UseNumber: those without fraction and exponent become Int, and
// must be integers that JavaScript can hold; the others become Float. Strings
// become Text.
func FromJSON(v any) (Value, error) { return fromJSON(v, maxJSONDepth) }

func fromJSON(v any, depth int) (Value, error) {
	switch v := v.(type) {
	case nil:
		return Value{Kind: Null}, nil
	case bool:
		if v {
			return Value{Kind: Bool, Int: 1}, nil
		}
		return Value{Kind: Bool}, nil
	case string:
		if !utf8.ValidString(v) {
			return Value{}, fmt.Errorf("string is not UTF-8: %w", ErrInvalid)
		}
		return Value{Kind: Text, Str: v}, nil
	case json.Number:
		return numberFromJSON(string(v))
	case map[string]any:
		return mapFromJSON(v, depth-1)
	case []any:
		return listFromJSON(v, depth-1)
	}
	return Value{}, fmt.Errorf("%T is no JSON value: %w", v, ErrInvalid)
}

func numberFromJSON(s string) (Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return Value{}, fmt.Errorf("number %.40s is out of range: %w", s, ErrInvalid)
		}
		return Value{Kind: Float, Float: f}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxSafeInt || n < -maxSafeInt {
		return Value{}, fmt.Errorf("integer %.40s is beyond 2^53: %w", s, ErrInvalid)
	}
	return Value{Kind: Int, Int: n}, nil
}

func mapFromJSON(v map[string]any, depth int) (Value, error) {
	if depth < 0 {
		return Value{}, fmt.Errorf("value nests deeper than %d: %w", maxJSONDepth, ErrLimit)
	}
	m := make(map[string]Value, len(v))
	for k, e := range v {
		if !utf8.ValidString(k) {
			return Value{}, fmt.Errorf("key is not UTF-8: %w", ErrInvalid)
		}
		x, err := fromJSON(e, depth)
		if err != nil {
			return Value{}, fmt.Errorf("%s: %w", k, err)
		}
		m[k] = x
	}
	return Value{Kind: Map, Map: m}, nil
}

func listFromJSON(v []any, depth int) (Value, error) {
	if depth < 0 {
		return Value{}, fmt.Errorf("value nests deeper than %d: %w", maxJSONDepth, ErrLimit)
	}
	l := make([]Value, len(v))
	for i, e := range v {
		x, err := fromJSON(e, depth)
		if err != nil {
			return Value{}, fmt.Errorf("%d: %w", i, err)
		}
		l[i] = x
	}
	return Value{Kind: List, List: l}, nil
}
