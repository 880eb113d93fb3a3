package source

import (
	"wedsync/server/webhooks/connection"
)

// An Account is one whose communication is read, as its provider calls it.
type Account struct {
	Provider string
	Address  string // or id; empty for any account of the provider
}

// Changed is the account in which something has changed, if that is what a source's
// objects are about.
func (o Object) Changed(s connection.Source) (Account, bool) {
	switch s {
	case connection.Gmail:
		return Account{"google", o.ID}, true
	case connection.Graph: // which names users by ids of its own
		return Account{Provider: "microsoft"}, true
	case connection.Twilio:
		id, _ := o.Data["AccountSid"].(string) // empty if it is missing
		return Account{"twilio", id}, true
	}
	return Account{}, false
}
