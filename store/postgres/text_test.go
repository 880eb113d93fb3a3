package postgres

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
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
		if strings.Contains(string(given), `\ufffd`) || strings.Contains(string(given), "\ufffd") || !utf8.Valid(given) {
			return // two keys may become the same
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%s became %s: %v", given, got, err)
		}
		if want := replaced(before); !cmp.Equal(want, after) {
			t.Fatalf("%s became %s, which says %v and not %v", given, got, after, want)
		}
	})
}

// replaced is a JSON value with replacement characters for zero characters.
func replaced(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "\ufffd")
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = replaced(v[i])
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for key := range v {
			all[strings.ReplaceAll(key, "\x00", "\ufffd")] = replaced(v[key])
		}
		return all
	}
	return v
}
