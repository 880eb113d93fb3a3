package api

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
)

func TestEditTakesEachKindOfValueAsItIs(t *testing.T) {
	fields, err := parseEdit([]byte(`{"fields":{
		"s":"text","i":7,"f":0.5,"yes":true,"none":null,"m":{"a":"b"},"l":[1]
	}}`), conflicts.DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	want := map[crdt.Path]crdt.Value{
		"s":    {Kind: crdt.Text, Str: "text"},
		"i":    {Kind: crdt.Int, Int: 7},
		"f":    {Kind: crdt.Float, Float: 0.5},
		"yes":  {Kind: crdt.Bool, Int: 1},
		"none": {Kind: crdt.Null},
		"m":    {Kind: crdt.Map, Map: map[string]crdt.Value{"a": {Kind: crdt.Text, Str: "b"}}},
		"l":    {Kind: crdt.List, List: []crdt.Value{{Kind: crdt.Int, Int: 1}}},
	}
	for path, v := range want {
		if !fields[path].Equal(v) {
			t.Errorf("%s is %+v, want %+v", path, fields[path], v)
		}
	}
	if len(fields) != len(want) {
		t.Errorf("%d fields, want %d", len(fields), len(want))
	}
}

func TestPathOfACriticalFieldMayBeWrittenWithItsDot(t *testing.T) {
	policy := &conflicts.Policy{Fields: []conflicts.FieldPolicy{{Path: "venue.name", Kind: conflicts.Text, Review: conflicts.Locked}}}
	if _, err := parseEdit([]byte(`{"fields":{"venue.name":"x"}}`), policy); err != nil {
		t.Errorf("the critical path: %v", err)
	}
	_, err := parseEdit([]byte(`{"fields":{"venue.city":"x"}}`), policy)
	var invalid *invalidError
	if !errors.As(err, &invalid) || invalid.faults[0].Field != "fields.venue.city" {
		t.Errorf("another path with a dot: %v", err)
	}
}
