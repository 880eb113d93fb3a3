package store

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"wedsync/crdt"
)

// A ContactKind is a way to reach somebody.
type ContactKind string

// The kinds of contacts.
const (
	EMail ContactKind = "email"
	Phone ContactKind = "phone"
)

// A Contact is where a client can be reached, normalised.
type Contact struct {
	Kind  ContactKind
	Value string // as NormalEMail or NormalPhone gives it
}

// A ContactMatch is a record and which of its contacts was found.
type ContactMatch struct {
	Record  crdt.RecordID
	Contact Contact // as the record has it
}

// Contacts finds records by the contacts in their projections (ContactsIn),
// which are kept beside these and go with them.
type Contacts interface {
	// ByContact finds listed records of a supplier that have one of some contacts:
	// e-mail addresses that are the same, phone numbers whose Key is, which may be
	// other numbers: the caller compares Contact. In ascending order of record,
	// then contact, at most limit.
	ByContact(ctx context.Context, supplier string, contacts []Contact, limit int) ([]ContactMatch, error)
}

// Bounds of what is kept of a record's contacts.
const (
	MaxContacts = 32
	maxEMail    = 254 // bytes
	minPhone    = 6   // digits
	maxPhone    = 15
	phoneKey    = 8 // digits by which numbers are found
)

// Key is what the contact is found by: all of an e-mail address, the last digits
// of a phone number, which are the same with and without the code of a country.
func (c Contact) Key() string {
	if c.Kind == Phone && len(c.Value) > phoneKey {
		return c.Value[len(c.Value)-phoneKey:]
	}
	return c.Value
}

// ContactsIn finds the contacts in the JSON object of a projection: e-mail
// addresses and phone numbers in texts whose key says so, and in all below such a
// key, in ascending order. A venue's contacts are no client's. What is no JSON
// object has none, and of more than MaxContacts the first ones are found.
func ContactsIn(projection []byte) []Contact {
	var fields map[string]any
	if json.Unmarshal(projection, &fields) != nil {
		return nil
	}
	delete(fields, "sync_conflicts") // the hub's own, by names of fields
	found := contactsIn(nil, fields, nameDepth)
	slices.SortFunc(found, func(a, b Contact) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	found = slices.Compact(found)
	return found[:min(len(found), MaxContacts)]
}

// contactsIn appends the contacts that a map holds.
func contactsIn(found []Contact, fields map[string]any, depth int) []Contact {
	if depth == 0 {
		return found
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		kind, foreign := kindIn(key)
		below, isMap := fields[key].(map[string]any)
		switch {
		case foreign:
		case kind != "":
			found = contactsOf(found, kind, textsOf(nil, fields[key], depth))
		case isMap:
			found = contactsIn(found, below, depth-1)
		}
	}
	return found
}

// kindIn is the kind of contacts that a key says its texts are, empty if it says
// nothing of it; foreign if whatever is below it is no client's.
func kindIn(key string) (kind ContactKind, foreign bool) {
	name := fold(key)
	switch {
	case strings.Contains(name, "venue"):
		return "", true
	case strings.Contains(name, "mail"):
		return EMail, false
	case containsAny(name, "phone", "mobile", "whatsapp") || name == "tel":
		return Phone, false
	}
	return "", false
}

// NamesContacts reports whether the name of a field says that its texts are a
// client's contacts. Maps have contacts also where it does not.
func NamesContacts(field crdt.Path) bool {
	for _, key := range field.Keys() {
		if kind, foreign := kindIn(key); kind != "" || foreign {
			return !foreign
		}
	}
	return false
}

func containsAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// contactsOf appends the contacts of a kind that texts hold, one or more each.
func contactsOf(found []Contact, kind ContactKind, texts []string) []Contact {
	for _, text := range texts {
		for one := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
			value := NormalPhone(one)
			if kind == EMail {
				value = NormalEMail(one)
			}
			if value != "" {
				found = append(found, Contact{kind, value})
			}
		}
	}
	return found
}

// NormalEMail is an e-mail address as addresses are compared, without the name
// before it, or empty if s is none.
func NormalEMail(s string) string {
	if _, after, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(after, ">")
	}
	s = strings.TrimPrefix(fold(norm.NFKC.String(strings.TrimSpace(s))), "mailto:")
	user, domain, ok := strings.Cut(s, "@")
	if !ok || user == "" || domain == "" || len(s) > maxEMail || strings.Contains(domain, "@") {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return ""
	}
	return s
}

// NormalPhone is a phone number as numbers are compared: its digits, after a plus
// if it says the code of its country; or empty if s is none. A number without that
// code is never completed, because nothing says where it is dialled.
func NormalPhone(s string) string {
	s = strings.TrimPrefix(norm.NFKC.String(strings.ToLower(strings.TrimSpace(s))), "tel:")
	for _, extension := range []string{"ext", "x", "#"} {
		s, _, _ = strings.Cut(s, extension)
	}
	abroad := strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00")
	if abroad {
		s = strings.Replace(s, "(0)", "", 1) // dialled within the country alone
	}
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune(" +-./()\u00a0\u2010\u2011\u2012\u2013", r):
			return ""
		}
	}
	number := digits.String()
	if abroad {
		number = strings.TrimLeft(number, "0")
	}
	switch {
	case len(number) < minPhone || len(number) > maxPhone:
		return ""
	case abroad:
		return "+" + number
	}
	return number
}
