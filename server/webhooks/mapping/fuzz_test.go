package mapping_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"wedsync/crdt"
	"wedsync/server/webhooks/mapping"
)

// FuzzApply holds that a mapping which is taken makes edits that a record can
// hold, of its own fields alone and bounded, whatever the object is.
func FuzzApply(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"rules":[{"from":["a[x=y].b","[\"c.d\"][0]"],"to":"x","do":[{"do":"split","separator":","},{"do":"join","separator":"; "}]}]}`, `{"a":[{"x":"y","b":"1,2"}],"c.d":[1e400]}`},
		{`{"rules":[{"from":["a"],"to":"x","clear":true,"do":[{"do":"money"},{"do":"default","value":[1]}]}]}`, `{"a":"$ 1'000.50"}`},
		{`{"rules":[{"from":["a"],"to":"x","do":[{"do":"date","format":"YYYY MMM D hh:mm:ss","zone":"Asia/Tokyo"}]}]}`, `{"a":"2027 Jun 1 10:00:00"}`},
		{`{"rules":[{"from":["a"],"to":"x","do":[{"do":"date","format":"unix"},{"do":"text"},{"do":"enum","values":{"a":"b"}}]}]}`, `{"a":-62135596801}`},
		{`{"rules":[{"to":"x.y","do":[{"do":"constant","value":{"a":null}},{"do":"trim"}]}]}`, `0`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, rules, object []byte) {
		m, err := mapping.Parse(rules, "")
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(object))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return
		}
		r := m.Apply(v)
		if len(r.Traces) != len(m.Rules) {
			t.Fatalf("%d traces of %d rules", len(r.Traces), len(m.Rules))
		}
		set := make(map[crdt.Path]bool)
		for i, trace := range r.Traces {
			if trace.Rule != i || trace.To != m.Rules[i].To || len(trace.Steps) > mapping.MaxSteps {
				t.Fatalf("trace %+v of rule %d", trace, i)
			}
			set[trace.To] = set[trace.To] || trace.Left == ""
		}
		for path, value := range r.Edits {
			text, err := json.Marshal(value.JSON())
			if !set[path] || err != nil || !utf8.Valid(text) || len(text) > 8*(mapping.MaxValue+len(object)+len(rules)) {
				t.Fatalf("%s is set to %d bytes, %v", path, len(text), err)
			}
		}
		if again, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		} else if _, err := mapping.Parse(again, ""); err != nil {
			t.Fatalf("%s is not taken again: %v", again, err)
		}
	})
}
