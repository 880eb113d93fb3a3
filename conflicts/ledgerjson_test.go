package conflicts

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

// MarshalJSON has encoding/json write actors as the ledger does.
func (a actors) MarshalJSON() ([]byte, error) {
	text := make(map[string]*binding, len(a))
	for id, b := range a {
		text[id.String()] = b
	}
	return json.Marshal(text)
}

func TestLedgerIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{}
		fill(t, reflect.ValueOf(l).Elem())
		want, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.encode()
		if err != nil || string(got) != string(want) {
			t.Fatalf("got  %s, %v\nwant %s", got, err, want)
		}
	})
}

func TestLedgerWithATimeThatNoCalendarHoldsIsNotWritten(t *testing.T) {
	l := newLedger()
	l.Fields["budget"] = &field{Revisions: []Revision{{At: time.Unix(math.MaxInt32*1000, 0)}}}
	if b, err := l.encode(); err == nil {
		t.Errorf("it was written: %s", b)
	}
}

var ofAllKinds = []crdt.Value{
	{},
	{Kind: crdt.Null},
	{Kind: crdt.Bool, Int: 1},
	num(math.MinInt64), unsigned(math.MaxUint64), float(0.5), float(math.NaN()),
	str("<\x00é>"),
	{Kind: crdt.Bytes, Bytes: []byte{0, 255}},
	counter(-5), stamp(math.MaxInt64), text("a"),
	{Kind: crdt.Map, Map: map[string]crdt.Value{"b.c": text("&"), "": {}}},
	{Kind: crdt.List, List: []crdt.Value{num(1)}},
	{Kind: crdt.Unknown, Code: 12},
}

// fill draws any value of a type, every field and member of it, with nothing
// and something in each.
func fill(t *rapid.T, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(0, rapid.Int64Range(0, math.MaxInt64).Draw(t, "time")).UTC()
		if rapid.Bool().Draw(t, "no time") {
			*p = time.Time{}
		}
		return
	case *crdt.Value:
		*p = rapid.SampledFrom(ofAllKinds).Draw(t, "value")
		return
	case *crdt.Hash, *crdt.RecordID:
		v.Index(rapid.IntRange(0, v.Len()-1).Draw(t, "place")).SetUint(uint64(rapid.Byte().Draw(t, "byte")))
		return
	}
	n := rapid.IntRange(0, 2).Draw(t, "so many")
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(n > 0)
	case reflect.Int:
		v.SetInt(int64(rapid.Int().Draw(t, "int")) * int64(n))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint") * uint64(n))
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "b.c", "\"\\", "<&>", "é\u2028", "\x00\x7f", "\xff", "x\n"}).Draw(t, "string"))
	case reflect.Pointer:
		if n > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		if n > 0 || rapid.Bool().Draw(t, "not nil") {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range n {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key)
			if elem.Kind() == reflect.Pointer { // a stored ledger has no empty ones
				elem.Set(reflect.New(elem.Type().Elem()))
				fill(t, elem.Elem())
			} else {
				fill(t, elem)
			}
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("the ledger holds a %s, which this test does not fill", v.Type())
	}
}
