package source

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"wedsync/store"
)

// Phone is a phone number as store.NormalPhone writes it. One that does not say the
// code of its country is completed as if it were dialled in a region, an ISO 3166
// code ("DE"), and stays as it is without one, or if it cannot be dialled there.
func Phone(number, region string) string {
	plain := store.NormalPhone(number)
	if plain == "" || plain[0] == '+' {
		return plain
	}
	parsed, err := phonenumbers.Parse(number, strings.ToUpper(region))
	if err != nil || !phonenumbers.IsPossibleNumber(parsed) {
		return plain
	}
	return store.NormalPhone(phonenumbers.Format(parsed, phonenumbers.E164))
}

// dialled is what looks like a phone number in a text: with the code of a country,
// or with as many digits as those that people write have at least.
var dialled = regexp.MustCompile(`(?:\+|\b00)?\(?\d[\d \x{a0}().\-/]{5,24}\d`)

// dated is a date that looks like a phone number.
var dated = regexp.MustCompile(`^\d{1,4}[-./]\d{1,2}[-./]\d{2,4}(?:\s|$)`)

// maxSearched is how much of a text is searched for a phone number, in bytes.
const maxSearched = 4096

// HasPhone reports whether a text has a phone number that can be dialled in a
// region, or from everywhere.
func HasPhone(text, region string) bool {
	for _, found := range dialled.FindAllString(text[:min(len(text), maxSearched)], -1) {
		if dated.MatchString(found) {
			continue
		}
		parsed, err := phonenumbers.Parse(found, strings.ToUpper(region))
		if err == nil && phonenumbers.IsValidNumber(parsed) {
			return true
		}
	}
	return false
}
