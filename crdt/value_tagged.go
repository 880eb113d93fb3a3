package crdt

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// kindNames are the tags of values, by kind. They stand in stored ledgers, so
// they never change.
var kindNames = [...]string{
	Null: "null", Bool: "bool", Int: "int", Uint: "uint", Float: "float", Str: "str", Bytes: "bytes",
	Counter: "counter", Timestamp: "timestamp", Text: "text", Map: "map", List: "list", Unknown: "unknown",
}

// unknownScalar is how a scalar of an unknown type is stored.
type unknownScalar struct {
	Code  uint8  `json:"code"`
	Bytes []byte `json:"bytes"`
}

// MarshalJSON writes v without loss, as an object whose one member is named
// after the kind: {"int":5}, {"text":"hello"}, {"list":[{"null":null}]}.
// Missing is null.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendTagged(nil) }

// AppendTagged appends what MarshalJSON writes.
func (v Value) AppendTagged(b []byte) ([]byte, error) {
	if v.Kind == Missing {
		return append(b, "null"...), nil
	}
	if int(v.Kind) >= len(kindNames) {
		return b, fmt.Errorf("value of kind %d: %w", v.Kind, ErrInvalid)
	}
	b = append(append(append(b, `{"`...), kindNames[v.Kind]...), `":`...)
	b, err := v.appendContent(b)
	return append(b, '}'), err
}

func (v Value) appendContent(b []byte) ([]byte, error) {
	switch v.Kind {
	case Null:
		return append(b, "null"...), nil
	case Bool:
		return strconv.AppendBool(b, v.Int != 0), nil
	case Int, Counter, Timestamp:
		return strconv.AppendInt(b, v.Int, 10), nil
	case Uint:
		return strconv.AppendUint(b, v.Uint, 10), nil
	case Str, Text:
		return AppendJSONString(b, v.Str), nil
	}
	content, err := json.Marshal(v.content())
	return append(b, content...), err
}

// content is the content of a kind that is written seldom.
func (v Value) content() any {
	switch v.Kind {
	case Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) { // no JSON number: its bits
			return strconv.FormatUint(math.Float64bits(v.Float), 16)
		}
		return v.Float
	case Bytes:
		return v.Bytes
	case Map:
		return v.Map
	case List:
		return v.List
	}
	return unknownScalar{v.Code, v.Bytes}
}

// AppendJSONString appends s as the JSON string that encoding/json makes of it.
func AppendJSONString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '&' || c == '<' || c == '>' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // fails for no string
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	var tagged map[string]json.RawMessage
	if err := json.Unmarshal(b, &tagged); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	*v = Value{}
	if tagged == nil {
		return nil
	}
	if len(tagged) != 1 {
		return fmt.Errorf("value with %d tags: %w", len(tagged), ErrInvalid)
	}
	for name, content := range tagged {
		i := slices.Index(kindNames[:], name)
		if i <= int(Missing) {
			return fmt.Errorf("value with tag %q: %w", name, ErrInvalid)
		}
		v.Kind = Kind(i)
		if err := v.readContent(content); err != nil {
			return fmt.Errorf("value with tag %q: %w", name, err)
		}
	}
	return nil
}

func (v *Value) readContent(b json.RawMessage) error {
	switch v.Kind {
	case Bool:
		var is bool
		if err := json.Unmarshal(b, &is); err != nil {
			return err
		}
		if is {
			v.Int = 1
		}
		return nil
	case Int, Counter, Timestamp:
		return json.Unmarshal(b, &v.Int)
	case Uint:
		return json.Unmarshal(b, &v.Uint)
	case Float:
		return v.readFloat(b)
	case Str, Text:
		return json.Unmarshal(b, &v.Str)
	case Bytes:
		return json.Unmarshal(b, &v.Bytes)
	case Map:
		return json.Unmarshal(b, &v.Map)
	case List:
		return json.Unmarshal(b, &v.List)
	case Unknown:
		var u unknownScalar
		err := json.Unmarshal(b, &u)
		v.Code, v.Bytes = u.Code, u.Bytes
		return err
	}
	return nil
}

func (v *Value) readFloat(b json.RawMessage) error {
	var bits string
	if json.Unmarshal(b, &bits) != nil {
		return json.Unmarshal(b, &v.Float)
	}
	n, err := strconv.ParseUint(bits, 16, 64)
	v.Float = math.Float64frombits(n)
	return err
}
