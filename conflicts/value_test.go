package conflicts

import (
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"wedsync/crdt"
)

func str(s string) crdt.Value      { return crdt.Value{Kind: crdt.Str, Str: s} }
func text(s string) crdt.Value     { return crdt.Value{Kind: crdt.Text, Str: s} }
func num(n int64) crdt.Value       { return crdt.Value{Kind: crdt.Int, Int: n} }
func float(f float64) crdt.Value   { return crdt.Value{Kind: crdt.Float, Float: f} }
func stamp(ms int64) crdt.Value    { return crdt.Value{Kind: crdt.Timestamp, Int: ms} }
func counter(n int64) crdt.Value   { return crdt.Value{Kind: crdt.Counter, Int: n} }
func unsigned(n uint64) crdt.Value { return crdt.Value{Kind: crdt.Uint, Uint: n} }
func boolean(n int64) crdt.Value   { return crdt.Value{Kind: crdt.Bool, Int: n} }

func TestValuesThatFitHaveOneCanonicalForm(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const evening = 1_812_837_600_000 // 2027-06-12T22:00:00Z, the 13th in Berlin
	for _, c := range []struct {
		kind  Kind
		zone  *time.Location
		value crdt.Value
		want  string
	}{
		{Date, time.UTC, str("2027-06-12"), "2027-06-12"},
		{Date, time.UTC, text(" 2027-06-12\n"), "2027-06-12"},
		{Date, time.UTC, stamp(evening), "2027-06-12"},
		{Date, berlin, stamp(evening), "2027-06-13"},
		{Date, time.UTC, str("2028-02-29"), "2028-02-29"},
		{Text, time.UTC, text("  The\t Grand \n Hotel "), "The Grand Hotel"},
		{Text, time.UTC, str("Cafe\u0301"), "Caf\u00e9"},
		{Text, time.UTC, str("GRAND"), "GRAND"},
		{Money, time.UTC, num(12500), "12500"},
		{Money, time.UTC, float(12500.0), "12500"},
		{Money, time.UTC, text("12500.00"), "12500"},
		{Money, time.UTC, counter(12500), "12500"},
		{Money, time.UTC, unsigned(math.MaxUint64), "18446744073709551615"},
		{Money, time.UTC, float(0.1), "0.1"},
		{Money, time.UTC, str("-0.50"), "-0.5"},
		{Money, time.UTC, str("+007"), "7"},
		{Money, time.UTC, str("-0"), "0"},
		{Money, time.UTC, float(math.Copysign(0, -1)), "0"},
		{Money, time.UTC, str("1.25e4"), "12500"},
		{Money, time.UTC, str("125E-1"), "12.5"},
		{Money, time.UTC, float(1e21), "1" + strings.Repeat("0", 21)},
		{Number, time.UTC, num(math.MinInt64), "-9223372036854775808"},
		{Number, time.UTC, str("9007199254740993.01"), "9007199254740993.01"},
		{Number, time.UTC, float(5e-324), "0." + strings.Repeat("0", 323) + "5"},
		{Any, time.UTC, num(1), "1"},
		{Any, time.UTC, text("1"), `"1"`},
		{Any, time.UTC, boolean(1), "true"},
	} {
		got := measure{c.kind, c.zone}.canon(c.value)
		if !got.fits || got.cleared || got.text != c.want {
			t.Errorf("%s of %+v is %+v, want %q", c.kind, c.value, got, c.want)
		}
	}
}

func TestValuesThatDoNotFitCompareAsText(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		value crdt.Value
		want  string
	}{
		{Date, str("12.06.2027"), "12.06.2027"},
		{Date, str("2027-02-30"), "2027-02-30"},
		{Date, str("2027-6-1"), "2027-6-1"},
		{Date, str("2027-06-12T00:00:00Z"), "2027-06-12T00:00:00Z"},
		{Date, text(" next\n summer "), "next summer"},
		{Date, num(2027), "2027"},
		{Date, stamp(math.MaxInt64), ""},
		{Text, num(5), "5"},
		{Text, boolean(0), "false"},
		{Money, str("12,500"), "12,500"},
		{Money, str("12 500"), "12 500"},
		{Money, str("$12500"), "$12500"},
		{Money, str("0x10"), "0x10"},
		{Money, str("1_000"), "1_000"},
		{Money, str("1.2.3"), "1.2.3"},
		{Money, str("."), "."},
		{Money, str("1e"), "1e"},
		{Money, str("--1"), "--1"},
		{Money, str("1e999999999999"), "1e999999999999"},
		{Money, str("1e401"), "1e401"},
		{Money, str("NaN"), "NaN"},
		{Money, float(math.NaN()), "NaN"},
		{Money, float(math.Inf(-1)), "-Inf"},
		{Money, str("١٢"), "١٢"},
		{Money, boolean(1), "true"},
		{Number, crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"b": num(1), "a": text("x")}}, `{"a":"x","b":1}`},
		{Number, crdt.Value{Kind: crdt.Bytes}, "bytes 0"},
	} {
		m := measure{c.kind, time.UTC}
		got := m.canon(c.value)
		if got.fits || got.cleared || c.want != "" && got.text != c.want {
			t.Errorf("%s of %+v is %+v, want unfit %q", c.kind, c.value, got, c.want)
		}
		if !m.shown(c.value).Equal(c.value) {
			t.Errorf("%+v is shown as %+v, not as it was written", c.value, m.shown(c.value))
		}
	}
}

func TestMissingNullAndEmptyTextAreCleared(t *testing.T) {
	for _, kind := range []Kind{Date, Text, Money, Number, Any} {
		m := measure{kind, time.UTC}
		for _, v := range []crdt.Value{{}, {Kind: crdt.Null}, str(""), text("")} {
			if got := m.canon(v); !got.cleared || !got.fits || !m.same(v, crdt.Value{}) {
				t.Errorf("%s of %+v is %+v", kind, v, got)
			}
			if m.shown(v).Kind != crdt.Missing {
				t.Errorf("%s shows %+v as %+v", kind, v, m.shown(v))
			}
		}
		for _, v := range []crdt.Value{num(0), float(0), boolean(0), {Kind: crdt.Bytes}, {Kind: crdt.List}} {
			if m.canon(v).cleared {
				t.Errorf("%s takes %+v for cleared", kind, v)
			}
		}
	}
}

func TestReadersSeeCanonicalValues(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		value crdt.Value
		want  crdt.Value
	}{
		{Money, text("12500.00"), num(12500)},
		{Money, str("12.50"), float(12.5)},
		{Money, str("9007199254740993.01"), str("9007199254740993.01")},
		{Money, str("1e30"), float(1e30)},
		{Date, stamp(1_812_801_600_000), str("2027-06-12")},
		{Text, text(" a  b "), str("a b")},
		{Any, text(" a  b "), text(" a  b ")},
	} {
		if got := (measure{c.kind, time.UTC}).shown(c.value); !got.Equal(c.want) {
			t.Errorf("%s shows %+v as %+v, want %+v", c.kind, c.value, got, c.want)
		}
	}
}

func TestHugeNumbersAreBounded(t *testing.T) {
	m := measure{Money, time.UTC}
	if got := m.canon(str(strings.Repeat("9", maxNumber))); !got.fits || len(got.text) != maxNumber {
		t.Errorf("%d digits: fits %v", maxNumber, got.fits)
	}
	if m.canon(str(strings.Repeat("9", maxNumber+1))).fits {
		t.Errorf("%d digits fit", maxNumber+1)
	}
	if got := m.canon(str("1e-400")); !got.fits || len(got.text) > maxNumber {
		t.Errorf("1e-400 is %+v", got)
	}
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"12500", "-1.50e3", "1e400", ".5", "5.", "+0", "1e-400", "0x1", "１２"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseDecimal(s)
		if !ok {
			return
		}
		if len(got) > maxNumber+maxExponent+2 {
			t.Fatalf("%q became %d characters", s, len(got))
		}
		again, ok := parseDecimal(got)
		if len(got) <= maxNumber && (!ok || again != got) {
			t.Fatalf("%q is %q, which is %q", s, got, again)
		}
		if shown := number(got); shown.Kind == crdt.Missing {
			t.Fatalf("%q is shown as nothing", s)
		}
	})
}

func TestPolicyCheck(t *testing.T) {
	field := func(p crdt.Path) FieldPolicy { return FieldPolicy{Path: p, Kind: Any, Review: EveryEdit} }
	for _, c := range []struct {
		name   string
		policy Policy
		ok     bool
	}{
		{"the default", *DefaultPolicy(), true},
		{"nested", Policy{Fields: []FieldPolicy{field("venue.name"), field("venue.city")}}, true},
		{"a zone", Policy{Zone: "Pacific/Auckland"}, true},
		{"no zone of that name", Policy{Zone: "Mars/Olympus"}, false},
		{"the hub's map", Policy{Fields: []FieldPolicy{field("sync_conflicts")}}, false},
		{"within the hub's map", Policy{Fields: []FieldPolicy{field("sync_conflicts.budget")}}, false},
		{"an empty path", Policy{Fields: []FieldPolicy{field("")}}, false},
		{"an empty key", Policy{Fields: []FieldPolicy{field("venue..name")}}, false},
		{"a field twice", Policy{Fields: []FieldPolicy{field("budget"), field("budget")}}, false},
		{"a field within another", Policy{Fields: []FieldPolicy{field("venue"), field("venue.name")}}, false},
		{"an unknown kind", Policy{Fields: []FieldPolicy{{Path: "a", Kind: "colour", Review: Locked}}}, false},
		{"an unknown review", Policy{Fields: []FieldPolicy{{Path: "a", Kind: Any, Review: "never"}}}, false},
	} {
		if err := c.policy.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPlainIsNFCWithSingleInnerSpaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{" ", "a", "Z", "\t", "\n", "\x00", "\x7f", "é", "e\u0301", "\u00a0", "\xff"})).Draw(t, "parts"), "")
		if got, want := plain(s), strings.Join(strings.Fields(norm.NFC.String(s)), " "); got != want {
			t.Fatalf("plain(%q) is %q, want %q", s, got, want)
		}
	})
}
