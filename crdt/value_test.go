package crdt

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyValue draws values of every kind.
func anyValue(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		v := Value{Kind: Kind(rapid.IntRange(int(Missing), int(Unknown)).Draw(t, "kind"))}
		switch v.Kind {
		case Bool:
			v.Int = rapid.Int64Range(0, 1).Draw(t, "bool")
		case Int, Counter, Timestamp:
			v.Int = rapid.Int64().Draw(t, "int")
		case Uint:
			v.Uint = rapid.Uint64().Draw(t, "uint")
		case Float:
			v.Float = math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		case Str, Text:
			v.Str = rapid.String().Draw(t, "str")
		case Bytes:
			v.Bytes = rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		case Unknown:
			v.Code = rapid.Uint8Range(10, 15).Draw(t, "code")
			v.Bytes = rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		case Map:
			if depth > 0 {
				v.Map = rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 4).Draw(t, "map")
			}
		case List:
			if depth > 0 {
				v.List = rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "list")
			}
		}
		return v
	})
}

func TestTaggedJSONLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "value")
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got := Value{Kind: List, List: []Value{{Kind: Int, Int: 1}}}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !got.Equal(v) || !v.Equal(got) {
			t.Fatalf("got %+v, want %+v through %s", got, v, b)
		}
	})
}

func TestTaggedJSONIsWhatEncodingJSONWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "value")
		if s := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"); v.Kind == Str || v.Kind == Text {
			v.Str += string(s) // UTF-8 or not
		}
		want, err := json.Marshal(tagged(v))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.AppendTagged([]byte("[")); err != nil || string(got) != "["+string(want) {
			t.Fatalf("got  %s, %v\nwant [%s", got, err, want)
		}
	})
}

// tagged is what encoding/json has to be given for the tagged form of a value.
func tagged(v Value) any {
	var content any
	switch v.Kind {
	case Missing:
		return nil
	case Bool:
		content = v.Int != 0
	case Int, Counter, Timestamp:
		content = v.Int
	case Uint:
		content = v.Uint
	case Float:
		content = v.Float
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			content = strconv.FormatUint(math.Float64bits(v.Float), 16)
		}
	case Str, Text:
		content = v.Str
	case Bytes:
		content = v.Bytes
	case Map:
		var m map[string]any
		if v.Map != nil {
			m = make(map[string]any)
		}
		for k, e := range v.Map {
			m[k] = tagged(e)
		}
		content = m
	case List:
		var l []any
		if v.List != nil {
			l = make([]any, len(v.List))
		}
		for i, e := range v.List {
			l[i] = tagged(e)
		}
		content = l
	case Unknown:
		content = struct {
			Code  uint8  `json:"code"`
			Bytes []byte `json:"bytes"`
		}{v.Code, v.Bytes}
	}
	return map[string]any{kindNames[v.Kind]: content}
}

func TestTaggedJSONIsStable(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Value{}, `null`},
		{Value{Kind: Null}, `{"null":null}`},
		{Value{Kind: Bool, Int: 1}, `{"bool":true}`},
		{Value{Kind: Int, Int: math.MinInt64}, `{"int":-9223372036854775808}`},
		{Value{Kind: Uint, Uint: math.MaxUint64}, `{"uint":18446744073709551615}`},
		{Value{Kind: Float, Float: 0.5}, `{"float":0.5}`},
		{Value{Kind: Float, Float: math.Inf(-1)}, `{"float":"fff0000000000000"}`},
		{Value{Kind: Text, Str: "a"}, `{"text":"a"}`},
		{Value{Kind: Bytes, Bytes: []byte{1}}, `{"bytes":"AQ=="}`},
		{Value{Kind: Unknown, Code: 12, Bytes: []byte{1}}, `{"unknown":{"code":12,"bytes":"AQ=="}}`},
		{Value{Kind: Map, Map: map[string]Value{"k": {Kind: Timestamp, Int: 7}}}, `{"map":{"k":{"timestamp":7}}}`},
	} {
		got, err := json.Marshal(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%+v: got %s, %v, want %s", c.v, got, err, c.want)
		}
	}
}

func TestTaggedJSONRefusesWhatItNeverWrote(t *testing.T) {
	for _, s := range []string{`{}`, `{"int":1,"uint":1}`, `{"integer":1}`, `{"":1}`, `{"int":"1"}`, `{"float":"x"}`, `[1]`, `7`, `{"int":9223372036854775808}`} {
		var v Value
		if err := json.Unmarshal([]byte(s), &v); err == nil {
			t.Errorf("%s became %+v", s, v)
		}
	}
}

func TestValuesOfTwoKindsAreNeverEqual(t *testing.T) {
	values := []Value{{}, {Kind: Null}, {Kind: Bool}, {Kind: Int}, {Kind: Uint}, {Kind: Float}, {Kind: Str}, {Kind: Bytes}, {Kind: Counter}, {Kind: Timestamp}, {Kind: Text}, {Kind: Map}, {Kind: List}, {Kind: Unknown}}
	for i, a := range values {
		for j, b := range values {
			if a.Equal(b) != (i == j) {
				t.Errorf("%+v equal to %+v: %t", a, b, a.Equal(b))
			}
		}
	}
}

func TestJSONShapes(t *testing.T) {
	v := Value{Kind: Map, Map: map[string]Value{
		"text": {Kind: Text, Str: "é"}, "str": {Kind: Str, Str: "s"}, "at": {Kind: Timestamp, Int: 1_500},
		"count": {Kind: Counter, Int: 3}, "bytes": {Kind: Bytes, Bytes: []byte("hi")}, "nan": {Kind: Float, Float: math.NaN()},
		"list": {Kind: List, List: []Value{{Kind: Int, Int: 1}, {Kind: Float, Float: 1.5}, {Kind: Null}, {Kind: Bool, Int: 1}, {Kind: Uint, Uint: 9}}},
	}}
	got, err := json.Marshal(v.JSON())
	want := `{"at":"1970-01-01T00:00:01.500Z","bytes":"aGk=","count":3,"list":[1,1.5,null,true,9],"nan":null,"str":"s","text":"é"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func decodeJSON(t *testing.T, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFromJSONKeepsIntegersApartFromFloats(t *testing.T) {
	got, err := FromJSON(decodeJSON(t, `{"a":"x","b":[1,-2,1.0,1e2,true,false,null],"c":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Value{Kind: Map, Map: map[string]Value{
		"a": {Kind: Text, Str: "x"},
		"b": {Kind: List, List: []Value{{Kind: Int, Int: 1}, {Kind: Int, Int: -2}, {Kind: Float, Float: 1}, {Kind: Float, Float: 100}, {Kind: Bool, Int: 1}, {Kind: Bool}, {Kind: Null}}},
		"c": {Kind: Map, Map: map[string]Value{}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestFromJSONRefusesWhatDevicesCouldNotHold(t *testing.T) {
	deep := strings.Repeat("[", maxJSONDepth+1) + strings.Repeat("]", maxJSONDepth+1)
	for _, c := range []struct {
		v    any
		want error
	}{
		{json.Number("9007199254740992"), ErrInvalid},
		{json.Number("-9007199254740992"), ErrInvalid},
		{json.Number("99999999999999999999"), ErrInvalid},
		{json.Number("1e999"), ErrInvalid},
		{"\xff", ErrInvalid},
		{map[string]any{"\xff": nil}, ErrInvalid},
		{[]any{1.5}, ErrInvalid},
		{decodeJSON(t, deep), ErrLimit},
	} {
		if v, err := FromJSON(c.v); !errors.Is(err, c.want) {
			t.Errorf("%.60v: got %+v, %v, want %v", c.v, v, err, c.want)
		}
	}
	if _, err := FromJSON(decodeJSON(t, deep[1:len(deep)-1])); err != nil {
		t.Errorf("at the bound: %v", err)
	}
}
