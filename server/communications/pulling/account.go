package pulling

import (
	"context"
	"strings"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// An Account is one that is read.
type Account struct {
	Supplier, ID string
	Provider     string
	Name         string // for people
	// Held says why it is not read: Reconnect or Paused. Else it is empty.
	Held State
	Why  string // why it has to be connected again, in words for anybody
	// Reading is another one once everything has to be read again.
	Reading uint64
	Source  source.Account // without Own, Now and Caller
}

// Accounts knows the accounts.
type Accounts interface {
	// Account reads an account of whatever supplier, or returns store.ErrNotFound.
	Account(ctx context.Context, id string) (Account, error)
	// Accounts reads those of a supplier in ascending order of id.
	Accounts(ctx context.Context, supplier string) ([]Account, error)
	// Own are the addresses that are the own of any account of a supplier: a copy of a
	// mail that a colleague sent is no mail that came in.
	Own(ctx context.Context, supplier string) ([]store.Contact, error)
}

// sources are the names of what the accounts of a provider are read as, by the
// beginning of their scopes.
var sources = map[string][]struct{ scope, source string }{
	"google":    {{"mail", "gmail"}, {"calendar:", "google_calendar"}},
	"microsoft": {{"folder:", "outlook"}, {"calendar:", "outlook_calendar"}},
	"twilio":    {{"messages", "twilio_sms"}, {"calls", "twilio_calls"}},
}

// sourceOf is the name of what a scope is read as.
func sourceOf(provider, scope string) string {
	for _, s := range sources[provider] {
		if strings.HasPrefix(scope, s.scope) {
			return s.source
		}
	}
	return provider
}

// Cursors that are of no scope: which scopes there are, and until when the provider
// says that something has changed.
const (
	everyScope = "*"
	watchScope = "*watch"
)

func isScope(c store.Cursor) bool { return c.Scope != everyScope && c.Scope != watchScope }
