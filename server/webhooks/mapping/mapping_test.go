package mapping_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt"
	"wedsync/server/webhooks/mapping"
)

// decoded is JSON as an event's object comes.
func decoded(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// shown are edits as JSON.
func shown(t testing.TB, edits map[crdt.Path]crdt.Value) string {
	t.Helper()
	plain := make(map[string]any, len(edits))
	for path, v := range edits {
		plain[string(path)] = v.JSON()
	}
	text, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRuleSetsItsField(t *testing.T) {
	for _, c := range []struct{ name, rule, object, want string }{
		{"a member", `{"from":["a.b"],"to":"x"}`, `{"a":{"b":" v "}}`, `{"x":" v "}`},
		{"a place in a list", `{"from":["a[1].b"],"to":"x"}`, `{"a":[{},{"b":7}]}`, `{"x":7}`},
		{"an element by what it says", `{"from":["f[label=venue].value"],"to":"x"}`, `{"f":[1,{"label":"Date"},{"label":"Venue ","value":"Barn"}]}`, `{"x":"Barn"}`},
		{"a quoted key", `{"from":["[\"a.b\"].c"],"to":"x"}`, `{"a.b":{"c":true}}`, `{"x":true}`},
		{"the first that holds something", `{"from":["a","b","c"],"to":"x"}`, `{"a":"","b":"B","c":"C"}`, `{"x":"B"}`},
		{"nothing there", `{"from":["a.b[0]"],"to":"x"}`, `{"a":{"b":"text"}}`, `{}`},
		{"empty says nothing", `{"from":["a"],"to":"x"}`, `{"a":" "}`, `{}`},
		{"null says nothing", `{"from":["a"],"to":"x"}`, `{"a":null}`, `{}`},
		{"null clears if so set", `{"from":["a"],"to":"x","clear":true}`, `{"a":null}`, `{"x":null}`},
		{"absence never clears", `{"from":["a"],"to":"x","clear":true}`, `{}`, `{}`},
		{"trim", `{"from":["a"],"to":"x","do":[{"do":"trim"}]}`, `{"a":"  v\n"}`, `{"x":"v"}`},
		{"text", `{"from":["a"],"to":"x","do":[{"do":"text"}]}`, `{"a":12.50}`, `{"x":"12.5"}`},
		{"a day", `{"from":["a"],"to":"x","do":[{"do":"date"}]}`, `{"a":"2027-06-12"}`, `{"x":"2027-06-12"}`},
		{"a moment's day as written", `{"from":["a"],"to":"x","do":[{"do":"date"}]}`, `{"a":"2027-06-12T00:00:00Z"}`, `{"x":"2027-06-12"}`},
		{"a moment's day somewhere", `{"from":["a"],"to":"x","do":[{"do":"date","zone":"America/New_York"}]}`, `{"a":"2027-06-12T00:00:00.000Z"}`, `{"x":"2027-06-11"}`},
		{"a day is the same everywhere", `{"from":["a"],"to":"x","do":[{"do":"date","zone":"America/New_York"}]}`, `{"a":"2027-06-12"}`, `{"x":"2027-06-12"}`},
		{"a German day", `{"from":["a"],"to":"x","do":[{"do":"date","format":"DD.MM.YYYY"}]}`, `{"a":" 2.6.2027"}`, `{"x":"2027-06-02"}`},
		{"an American day", `{"from":["a"],"to":"x","do":[{"do":"date","format":"MMMM D, YYYY"}]}`, `{"a":"June 12, 2027"}`, `{"x":"2027-06-12"}`},
		{"seconds", `{"from":["a"],"to":"x","do":[{"do":"date","format":"unix","zone":"Asia/Tokyo"}]}`, `{"a":1812844799}`, `{"x":"2027-06-13"}`},
		{"milliseconds", `{"from":["a"],"to":"x","do":[{"do":"date","format":"unix_ms"}]}`, `{"a":"1812758400000"}`, `{"x":"2027-06-12"}`},
		{"no date stays", `{"from":["a"],"to":"x","do":[{"do":"date"}]}`, `{"a":"summer 2027"}`, `{"x":"summer 2027"}`},
		{"a day that does not exist stays", `{"from":["a"],"to":"x","do":[{"do":"date","format":"DD.MM.YYYY"}]}`, `{"a":"31.06.2027"}`, `{"x":"31.06.2027"}`},
		{"enum", `{"from":["a"],"to":"x","do":[{"do":"enum","values":{"BOOKED":"booked"}}]}`, `{"a":" Booked"}`, `{"x":"booked"}`},
		{"no word of the enum stays", `{"from":["a"],"to":"x","do":[{"do":"enum","values":{"a":"b"}}]}`, `{"a":"c"}`, `{"x":"c"}`},
		{"split", `{"from":["a"],"to":"x","do":[{"do":"split","separator":","}]}`, `{"a":"p, q"}`, `{"x":["p","q"]}`},
		{"a part", `{"from":["a"],"to":"x","do":[{"do":"split","separator":"&","item":-1}]}`, `{"a":"Ada & Ben"}`, `{"x":"Ben"}`},
		{"a part that is not there", `{"from":["a"],"to":"x","do":[{"do":"split","separator":"&","item":2}]}`, `{"a":"Ada"}`, `{}`},
		{"join of paths", `{"from":["f","m","l"],"to":"x","do":[{"do":"join"}]}`, `{"f":"Ada","m":"","l":" Byron"}`, `{"x":"Ada Byron"}`},
		{"join of a list", `{"from":["a"],"to":"x","do":[{"do":"join","separator":" & "}]}`, `{"a":["Ada",null,"Ben"]}`, `{"x":"Ada \u0026 Ben"}`},
		{"default", `{"from":["a"],"to":"x","do":[{"do":"default","value":"new"}]}`, `{}`, `{"x":"new"}`},
		{"no need of a default", `{"from":["a"],"to":"x","do":[{"do":"default","value":"new"}]}`, `{"a":"old"}`, `{"x":"old"}`},
		{"constant", `{"to":"x","do":[{"do":"constant","value":{"crm":1}}]}`, `[]`, `{"x":{"crm":1}}`},
		{"steps in order", `{"from":["a"],"to":"x","do":[{"do":"split","separator":" ","item":1},{"do":"date","format":"DD/MM/YY"}]}`, `{"a":"12/06/27 14:00"}`, `{"x":"2027-06-12"}`},
		{"a large integer stays exact", `{"from":["a"],"to":"x"}`, `{"a":12345678901234567890}`, `{"x":"12345678901234567890"}`},
		{"a long fraction stays exact", `{"from":["a"],"to":"x"}`, `{"a":0.12345678901234567891}`, `{"x":"0.12345678901234567891"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := mapping.Parse(fmt.Appendf(nil, `{"rules":[%s]}`, c.rule), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(t, m.Apply(decoded(t, c.object)).Edits); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestNumberIsReadIfItReadsInOneWay(t *testing.T) {
	for _, c := range []struct{ decimal, written, want string }{
		{"", `12500`, `12500`},
		{"", `"12500"`, `12500`},
		{"", `"12500.50"`, `12500.5`},
		{"", `"$12,500.00"`, `12500`},
		{"", `"12.500,50 €"`, `12500.5`},
		{"", `"EUR 12 500"`, `12500`},
		{"", `"CHF 12'500.75"`, `12500.75`},
		{"", `"1,234,567"`, `1234567`},
		{"", `"1.234.567"`, `1234567`},
		{"", `"12,50"`, `12.5`},
		{"", `"-€5"`, `-5`},
		{"", `"12,500"`, `12500`},
		{"", `"$12,500"`, `12500`},
		{".", `"12,500"`, `12500`},
		{",", `"12,500"`, `12.5`},
		{",", `"12.500"`, `12500`},
		{".", `"12.500"`, `12.5`},
		{"", `"12,50,0"`, `"12,50,0"`},
		{"", `"10k to 15k"`, `"10k to 15k"`},
		{"", `"about 12500"`, `"about 12500"`},
		{"", `"10k"`, `"10k"`},
		{"", `"US$ 1,000.00"`, `1000`},
		{"", `"12.500,00 kr."`, `12500`},
		{"", `"Rs. 500"`, `500`},
		{"", `".50"`, `".50"`},
		{"", `"--5"`, `"--5"`},
		{"", `"5 pounds"`, `"5 pounds"`},
		{"", `"1,2345.00"`, `"1,2345.00"`},
		{"", `"0.1234567890123456789"`, `"0.1234567890123456789"`},
		{"", `"$"`, `"$"`},
		{"", `true`, `true`},
	} {
		rule := mapping.Rule{From: []string{"a"}, To: "x", Do: []mapping.Step{{Do: mapping.Money, Decimal: c.decimal}}}
		got := shown(t, mapping.Mapping{Rules: []mapping.Rule{rule}}.Apply(decoded(t, `{"a":`+c.written+`}`)).Edits)
		if want := `{"x":` + c.want + `}`; got != want {
			t.Errorf("%s with the decimal %q: got %s, want %s", c.written, c.decimal, got, want)
		}
	}
}

func TestNumberThatReadsInTwoWaysStays(t *testing.T) {
	for _, c := range []struct{ decimal, want string }{{"", `"12,500"`}, {".", `12500`}, {",", `12.5`}} {
		rule := mapping.Rule{From: []string{"a"}, To: "x", Do: []mapping.Step{{Do: mapping.Number, Decimal: c.decimal}}}
		got := shown(t, mapping.Mapping{Rules: []mapping.Rule{rule}}.Apply(decoded(t, `{"a":"12,500"}`)).Edits)
		if want := `{"x":` + c.want + `}`; got != want {
			t.Errorf("with the decimal %q: got %s, want %s", c.decimal, got, want)
		}
	}
}

func TestBadRuleIsNamed(t *testing.T) {
	for _, c := range []struct{ rules, field, says string }{
		{`{}`, "rules[0].to", "is needed"},
		{`{"to":"x"}`, "rules[0].from", "is needed"},
		{`{"from":["a"],"to":"x"},{"from":["a.[0]"],"to":"y"}`, "rules[1].from[0]", "empty key"},
		{`{"from":["a[b]"],"to":"x"}`, "rules[0].from[0]", "in brackets"},
		{`{"from":["a[0"],"to":"x"}`, "rules[0].from[0]", "not closed"},
		{`{"from":["a[0]b"],"to":"x"}`, "rules[0].from[0]", "needs a dot"},
		{`{"from":[""],"to":"x"}`, "rules[0].from[0]", "is empty"},
		{`{"from":["a"],"to":"sync_conflicts.x"}`, "rules[0].to", "the hub alone"},
		{`{"from":["a"],"to":"x."}`, "rules[0].to", "empty key"},
		{`{"from":["a"],"to":"x"},{"from":["a"],"to":"x.y"}`, "rules[1].to", "overlaps"},
		{`{"from":["a"],"to":"x","do":[{"do":"shout"}]}`, "rules[0].do[0].do", "shout"},
		{`{"from":["a"],"to":"x","do":[{"do":"trim"},{"do":"date","format":"DD.MM"}]}`, "rules[0].do[1].format", "a year"},
		{`{"from":["a"],"to":"x","do":[{"do":"date","format":"2006-01-02"}]}`, "rules[0].do[0].format", "made of"},
		{`{"from":["a"],"to":"x","do":[{"do":"date","format":"YYYY-MM-DD MM"}]}`, "rules[0].do[0].format", "another of its kind"},
		{`{"from":["a"],"to":"x","do":[{"do":"date","zone":"Mars"}]}`, "rules[0].do[0].zone", "Mars"},
		{`{"from":["a"],"to":"x","do":[{"do":"trim","zone":"UTC"}]}`, "rules[0].do[0].zone", "does not belong"},
		{`{"from":["a"],"to":"x","do":[{"do":"money","decimal":"c"}]}`, "rules[0].do[0].decimal", "must be"},
		{`{"from":["a"],"to":"x","do":[{"do":"enum"}]}`, "rules[0].do[0].values", "words"},
		{`{"from":["a"],"to":"x","do":[{"do":"split"}]}`, "rules[0].do[0].separator", "is needed"},
		{`{"from":["a"],"to":"x","do":[{"do":"default"}]}`, "rules[0].do[0].value", "must be JSON"},
		{`{"from":["a"],"to":"x","do":[{"do":"trim"},{"do":"constant","value":1}]}`, "rules[0].do[1].do", "come first"},
		{`{"from":["a"],"to":"x","does":[]}`, "rules[0]", "does"},
		{`{"from":"a","to":"x"}`, "rules[0]", "from"},
		{strings.Repeat(`{"from":["a"],"to":"x"},`, mapping.MaxRules) + `{"from":["a"],"to":"x"}`, "rules", "too many"},
	} {
		_, err := mapping.Parse(fmt.Appendf(nil, `{"rules":[%s]}`, c.rules), "")
		var wrong *mapping.RuleError
		if !errors.As(err, &wrong) {
			t.Errorf("%.60s: %v", c.rules, err)
			continue
		}
		if wrong.Field() != c.field || !strings.Contains(wrong.Error(), c.says) {
			t.Errorf("%.60s: %s, want %s to say %q", c.rules, wrong, c.field, c.says)
		}
	}
}

func TestSourcesHaveMappingsByThemselves(t *testing.T) {
	for _, c := range []struct{ source, object, want string }{
		{
			"client-integrations",
			`{"id":"c1","first_name":"Ada","last_name":"Byron","email":"ada@example.com","event_date":"2027-06-12","venue":{"name":"Old Barn"},"budget":"$12,500.00","notes":" vegan ","stage":"booked"}`,
			`{"budget":12500,"email":"ada@example.com","name":"Ada Byron","notes":" vegan ","status":"booked","venue_name":"Old Barn","wedding_date":"2027-06-12"}`,
		},
		{"zapier", `{"name":"Ada","full_name":"other","first_name":"Eve"}`, `{"name":"Ada"}`},
		{
			"vsco",
			`{"id":"j","name":null,"title":"Ada & Ben","stage":"job","eventDate":"2027-06-12","leadMaxBudget":9000,"clients":[{"displayAs":"Ada Byron","email":"ada@example.com","cellPhone":"0171 5550123"}]}`,
			`{"budget":9000,"email":"ada@example.com","name":"Ada Byron","phone":"0171 5550123","status":"job","wedding_date":"2027-06-12"}`,
		},
		{"twilio", `{"From":"+49171"}`, `{}`},
	} {
		m, err := mapping.Parse(nil, c.source)
		if err == nil {
			err = m.Check()
		}
		if err != nil {
			t.Fatalf("%s: %v", c.source, err)
		}
		if got := shown(t, m.Apply(decoded(t, c.object)).Edits); got != c.want {
			t.Errorf("%s: got %s, want %s", c.source, got, c.want)
		}
	}
}

func TestTraceSaysWhatEachRuleDid(t *testing.T) {
	m, err := mapping.Parse([]byte(`{"rules":[
		{"from":["when","date"],"to":"wedding_date","do":[{"do":"trim"},{"do":"date","format":"DD.MM.YYYY"}]},
		{"from":["date"],"to":"wedding_date"},
		{"from":["phone"],"to":"phone"},
		{"from":["mail"],"to":"email"}
	]}`), "")
	if err != nil {
		t.Fatal(err)
	}
	traces := m.Apply(decoded(t, `{"date":" in June ","phone":""}`)).Traces
	var left []string
	for _, trace := range traces {
		left = append(left, trace.Left)
	}
	if want := []string{"", mapping.LeftSet, mapping.LeftEmpty, mapping.LeftAbsent}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	first := traces[0]
	if first.From != "date" || first.Found.Str != " in June " || len(first.Steps) != 2 ||
		first.Steps[0].Why != "" || first.Steps[0].Value.Str != "in June" || first.Steps[1].Why == "" || first.Steps[1].Value.Str != "in June" {
		t.Errorf("trace %+v", first)
	}
}
