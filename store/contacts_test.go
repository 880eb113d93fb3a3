package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

func TestAddressesAreComparedByWhatTheyReach(t *testing.T) {
	for given, want := range map[string]string{
		"ada@example.com":                    "ada@example.com",
		" Ada.Byron+crm@Example.COM ":        "ada.byron+crm@example.com",
		"Ada Byron <ada@example.com>":        "ada@example.com",
		"mailto:ada@example.com":             "ada@example.com",
		"ÄDA@exämple.com":                    "äda@exämple.com",
		"ada":                                "",
		"@example.com":                       "",
		"ada@":                               "",
		"ada@example@com":                    "",
		"ada byron@example.com":              "",
		"ada@example.com\x00":                "",
		strings.Repeat("a", 250) + "@ex.com": "",
		"":                                   "",
	} {
		if got := NormalEMail(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestNumbersAreComparedByTheirDigits(t *testing.T) {
	for given, want := range map[string]string{
		"+49 172 1234-5678":    "+4917212345678",
		"0049 172/1234.5678":   "+4917212345678",
		"+44 (0)20 7946 0958":  "+442079460958",
		"(0172) 1234 5678":     "017212345678",
		"tel:+1-415-555-2671":  "+14155552671",
		"415 555 2671 ext. 12": "4155552671",
		"+1 415 555 2671x12":   "+14155552671",
		"１２３４５６７":              "1234567",
		"call me":              "",
		"12345":                "",
		"1234567890123456":     "",
		"+":                    "",
		"":                     "",
	} {
		if got := NormalPhone(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestNumbersAreFoundWithAndWithoutTheCodeOfTheirCountry(t *testing.T) {
	for _, alike := range [][]string{{"+49 172 12345678", "0172 12345678"}, {"+1 415 555 2671", "(415) 555-2671"}, {"+47 21 23 45 67", "21234567"}} {
		one, other := Contact{Phone, NormalPhone(alike[0])}, Contact{Phone, NormalPhone(alike[1])}
		if one == other || one.Key() != other.Key() {
			t.Errorf("%q and %q: keys %q and %q", alike[0], alike[1], one.Key(), other.Key())
		}
	}
	if key := (Contact{EMail, "ada.byron@example.com"}).Key(); key != "ada.byron@example.com" {
		t.Errorf("an address is found by %q", key)
	}
}

func TestContactsAreThoseOfTheClient(t *testing.T) {
	got := ContactsIn([]byte(`{
		"email": "Ada@example.com; ben@example.com", "phone": "+49 172 12345678", "Mobile_Phone": ["0172 12345678", 7],
		"partner": {"contact": {"e_mail": {"work": "ben@example.com"}, "whatsapp": "0171 7654321"}},
		"venue_email": "barn@example.com", "venue": {"phone": "030 1234567"},
		"notes": "cem@example.com, 0171 7654321", "sync_conflicts": {"email": "dora@example.com"}
	}`))
	want := []Contact{
		{EMail, "ada@example.com"}, {EMail, "ben@example.com"}, {Phone, "+4917212345678"}, {Phone, "01717654321"}, {Phone, "017212345678"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := ContactsIn([]byte(`[]`)); got != nil {
		t.Errorf("no object has %v", got)
	}
}

func TestNameOfAFieldSaysWhetherItsTextsAreContacts(t *testing.T) {
	for field, want := range map[crdt.Path]bool{
		"email": true, "Mobile_Phone": true, "partner.e_mail": true, "email.work": true, "tel": true,
		"notes": false, "partner": false, "hotel": false, "venue_email": false, "venue.phone": false,
	} {
		text := ContactsIn(projectionOf(field, "ada@example.com, +49 172 12345678"))
		if got := NamesContacts(field); got != want || got != (len(text) > 0) {
			t.Errorf("%s names contacts: %t, and has %v", field, got, text)
		}
	}
}

// projectionOf has a text at a path.
func projectionOf(field crdt.Path, text string) []byte {
	keys := field.Keys()
	return fmt.Appendf(nil, `{"%s":%q%s`, strings.Join(keys, `":{"`), text, strings.Repeat("}", len(keys)))
}

func TestContactsAreBounded(t *testing.T) {
	var many []string
	for n := range 2 * MaxContacts {
		many = append(many, fmt.Sprintf("user%d@example.com", n))
	}
	if got := ContactsIn(fmt.Appendf(nil, `{"email":%q}`, strings.Join(many, ","))); len(got) != MaxContacts {
		t.Errorf("%d contacts, want %d", len(got), MaxContacts)
	}
	deep := strings.Repeat(`{"a":`, 20) + `{"email":"ada@example.com"}` + strings.Repeat(`}`, 20)
	if got := ContactsIn([]byte(deep)); len(got) != 0 {
		t.Errorf("%v found in the depth", got)
	}
}
