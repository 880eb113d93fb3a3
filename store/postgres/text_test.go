package postgres

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzEscapedTextsAreHeldAndReadBack(f *testing.F) {
	for _, s := range []string{"", "ada", `a\b`, "\x00", "\xff", `\0`, `\xff`, "\\\x00\xff", "é\u2028", `\`} {
		f.Add(s, s+"x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		held := escape(a)
		if !utf8.ValidString(held) || strings.ContainsRune(held, 0) {
			t.Fatalf("%q became %q, which PostgreSQL cannot hold", a, held)
		}
		if got := unescape(held); got != a {
			t.Fatalf("%q became %q and came back as %q", a, held, got)
		}
		if a != b && held == escape(b) {
			t.Fatalf("%q and %q both became %q", a, b, held)
		}
		unescape(b) // whatever it is
	})
}

func FuzzReadableJSONIsTheSameWithoutZeroCharacters(f *testing.F) {
	for _, s := range []string{`{"a":"\u0000"}`, `{"a":"\\u0000"}`, `{"a":"\\\u0000\u0000"}`, `["\u00000"]`, `"\\`, `\u000`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		got := readable(given)
		if !json.Valid(given) {
			return
		}
		var before, after any
		if err := json.Unmarshal(given, &before); err != nil {
			return // numbers that Go does not hold
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%s became %s: %v", given, got, err)
		}
		want, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(after)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(again), "\x00") || strings.ReplaceAll(unzero(before), "\x00", "\ufffd") != unzero(after) {
			t.Fatalf("%s became %s, which says %s and not %s", given, got, again, want)
		}
	})
}

// unzero is all texts of a value, one after another.
func unzero(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(unzero(e))
		}
		return b.String()
	}
	return ""
}
