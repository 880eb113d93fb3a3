package source

import (
	"slices"

	"wedsync/store"
)

// maxName bounds a participant's name, in bytes.
const maxName = 256

// Mine reports whether a contact is the account's own, or another one of the
// supplier's.
func (a Account) Mine(c store.Contact) bool {
	return c.Value != "" && (c == store.Contact{Kind: store.EMail, Value: store.NormalEMail(a.Address)} || slices.Contains(a.Own, c))
}

// Person is somebody with an e-mail address.
func (a Account) Person(role, name, address string) store.Participant {
	return a.participant(role, name, store.Contact{Kind: store.EMail, Value: store.NormalEMail(address)})
}

// Number is somebody with a phone number.
func (a Account) Number(role, name, number string) store.Participant {
	return a.participant(role, name, store.Contact{Kind: store.Phone, Value: Phone(number, a.Region)})
}

func (a Account) participant(role, name string, c store.Contact) store.Participant {
	name = Line(name, maxName)
	if c.Value != "" && store.NormalEMail(name) == c.Value {
		name = "" // programs put the address where no name is known
	}
	return store.Participant{Role: role, Name: name, Contact: c, Own: a.Mine(c)}
}

// Together are participants as an item has them: nobody twice in a role, nobody of
// whom nothing is known, and not too many.
func Together(people []store.Participant) []store.Participant {
	kept := make([]store.Participant, 0, len(people))
	for _, p := range people {
		if p.Value == "" && p.Name == "" || len(kept) == store.MaxParticipants {
			continue
		}
		if !slices.ContainsFunc(kept, func(k store.Participant) bool {
			return k.Role == p.Role && k.Contact == p.Contact && (p.Value != "" || k.Name == p.Name)
		}) {
			kept = append(kept, p)
		}
	}
	return kept
}

// Way is the direction of what people told each other, those with a role of first
// having begun it: one's own people to others, others to one's own, or one's own
// among themselves.
func Way(people []store.Participant, first ...string) store.Direction {
	began, others := false, false
	for _, p := range people {
		began = began || p.Own && slices.Contains(first, p.Role)
		others = others || !p.Own
	}
	switch {
	case began && others:
		return store.Outbound
	case began:
		return store.Internal
	}
	return store.Inbound
}
