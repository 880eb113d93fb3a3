package crdt

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
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
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Kind == Missing {
		return []byte("null"), nil
	}
	if int(v.Kind) >= len(kindNames) {
		return nil, fmt.Errorf("value of kind %d: %w", v.Kind, ErrInvalid)
	}
	content, err := json.Marshal(v.content())
	if err != nil {
		return nil, err
	}
	tagged := append(make([]byte, 0, len(content)+16), `{"`...)
	tagged = append(append(tagged, kindNames[v.Kind]...), `":`...)
	return append(append(tagged, content...), '}'), nil
}

func (v Value) content() any {
	switch v.Kind {
	case Bool:
		return v.Int != 0
	case Int, Counter, Timestamp:
		return v.Int
	case Uint:
		return v.Uint
	case Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) { // no JSON number: its bits
			return strconv.FormatUint(math.Float64bits(v.Float), 16)
		}
		return v.Float
	case Str, Text:
		return v.Str
	case Bytes:
		return v.Bytes
	case Map:
		return v.Map
	case List:
		return v.List
	case Unknown:
		return unknownScalar{v.Code, v.Bytes}
	}
	return nil
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
