package store_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"wedsync/store"
)

func TestClientIsCalledByItsNameElseByItsPartners(t *testing.T) {
	for fields, want := range map[string]string{
		`{"name":"Ada & Ben","partner_name":"Cem"}`:                               "Ada & Ben",
		`{"client_name":" Ada\n  Ben "}`:                                          "Ada Ben",
		`{"names":["Ada","Ben"],"bride_name":"x"}`:                                "Ada Ben",
		`{"partner_a_name":"Ada","partner_b_name":"Ben","vendor_name":"Flowers"}`: "Ada & Ben",
		`{"couple":{"first":{"name":"Ada"},"second":{"name":"Ben"}}}`:             "Ada & Ben",
		`{"venue_name":"Barn"}`:                                                   "",
		`{"venue":{"name":"Barn"}}`:                                               "",
		`{"venue":{"name":"Barn"},"Bride_Name":"Ada"}`:                            "Ada",
		`{"name":""}`: "",
		`{"name":null,"names":{"a":"Ada","b":7}}`: "Ada",
		`{"sync_conflicts":{"name":"01J"}}`:       "",
		`[]`:                                      "",
		``:                                        "",
		`{"name":"` + strings.Repeat("ä", 150) + `"}`:                        strings.Repeat("ä", 100),
		`{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"name":"x"}}}}}}}}}}`: "",
	} {
		if got := store.NamesIn([]byte(fields)).Client; got != want {
			t.Errorf("%.60s: %q, want %q", fields, got, want)
		}
	}
}

func TestNamesAreFoldedAlikeHoweverTheyAreWritten(t *testing.T) {
	for _, same := range [][]string{
		{"Müller", "MU\u0308LLER", "muller"},
		{"Straße", "STRASSE"},
		{"ﬁnn", "FINN"},
		{" Ada \t Ben\n", "ada ben", "A\x00da ben"},
	} {
		for _, s := range same {
			if got, want := store.FoldName(s), store.FoldName(same[0]); got != want {
				t.Errorf("%q is folded to %q, %q to %q", s, got, same[0], want)
			}
		}
	}
}

func FuzzNamesIn(f *testing.F) {
	f.Add([]byte(`{"name":"Ada","names":["B",{"c":"C"}],"venue":{"name":"Barn"}}`))
	f.Add([]byte("{\"name\":\"\u0130\ufdfa\xff\"}"))
	f.Fuzz(func(t *testing.T, projection []byte) {
		n := store.NamesIn(projection)
		if len(n.Client) > 200 || len(n.Search) > 2<<10 || !utf8.ValidString(n.Client+n.Sort+n.Search) {
			t.Errorf("names %q of %q", n, projection)
		}
		if again := store.FoldName(n.Sort); again != n.Sort {
			t.Errorf("folded %q, again %q", n.Sort, again)
		}
	})
}
