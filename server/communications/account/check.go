package account

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// Bounds of settings.
const (
	MaxOwn  = 50  // addresses of an account's owner
	maxName = 100 // bytes
)

// A Wish is what a person may set of an account; nil is left as it is.
type Wish struct {
	Name   *string
	Level  *store.Level
	Region *string
	Since  *time.Time
	Own    *[]string // e-mail addresses and phone numbers of the account's owner, beside Address
	Paused *bool
}

// A Fault is one thing that is wrong with a wish.
type Fault struct{ Field, Rule string }

// A FaultsError means a wish that cannot be fulfilled.
type FaultsError struct{ Faults []Fault }

func (e *FaultsError) Error() string {
	return fmt.Sprintf("%s %s (%d faults)", e.Faults[0].Field, e.Faults[0].Rule, len(e.Faults))
}

// Check says what is wrong with a wish.
func (w Wish) Check() (faults []Fault) {
	fault := func(field, rule string, args ...any) {
		faults = append(faults, Fault{field, fmt.Sprintf(rule, args...)})
	}
	if w.Name != nil && (*w.Name == "" || len(*w.Name) > maxName || !utf8.ValidString(*w.Name) || strings.ContainsFunc(*w.Name, unicode.IsControl)) {
		fault("name", "must have 1 to %d bytes, without control characters", maxName)
	}
	if w.Level != nil && (*w.Level < store.LevelMetadata || *w.Level > store.LevelEverything) {
		fault("level", "must be metadata, subject or everything")
	}
	if w.Region != nil && !isRegion(*w.Region) {
		fault("region", "must be the ISO 3166 code of a country, such as DE, or empty")
	}
	if w.Own != nil && len(*w.Own) > MaxOwn {
		fault("own", "must not be more than %d", MaxOwn)
	} else if w.Own != nil {
		for i, text := range *w.Own {
			if _, ok := contact(text, ""); !ok {
				fault(fmt.Sprintf("own[%d]", i), "must be an e-mail address or a phone number")
			}
		}
	}
	return faults
}

// apply changes settings as a wish says, which must be without faults. The name of
// an account that has none is its address.
func (w Wish) apply(s *Settings) {
	before := *s
	set(&s.Name, w.Name)
	set(&s.Level, w.Level)
	set(&s.Since, w.Since)
	if w.Region != nil {
		s.Region = strings.ToUpper(*w.Region)
	}
	if w.Own != nil {
		s.Own = nil
		for _, text := range append([]string{s.Address}, *w.Own...) {
			if c, ok := contact(text, s.Region); ok && !slices.Contains(s.Own, c) {
				s.Own = append(s.Own, c)
			}
		}
	}
	if w.Paused != nil {
		s.Pause(*w.Paused)
	}
	if s.Name == "" {
		s.Name = s.Address
	}
	if s.Level != before.Level || s.Region != before.Region || !s.Since.Equal(before.Since) || !slices.Equal(s.Own, before.Own) {
		s.Reading++
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// contact is the address that a text has.
func contact(text, region string) (store.Contact, bool) {
	if address := store.NormalEMail(text); address != "" {
		return store.Contact{Kind: store.EMail, Value: address}, true
	}
	number := source.Phone(text, region)
	return store.Contact{Kind: store.Phone, Value: number}, number != ""
}

func isRegion(code string) bool {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	return code == "" || len(code) == 2 && !strings.ContainsFunc(code, func(r rune) bool { return !letter(r) })
}
