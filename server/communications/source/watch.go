package source

import (
	"context"
	"time"
)

// A Watcher is a Source whose provider says by itself that something has changed
// in an account.
type Watcher interface {
	Source
	// Watch has the provider say so until some time, from now on or for longer
	// than before. Done again it changes nothing else.
	Watch(ctx context.Context, a Account, to Push) (until time.Time, err error)
	// Unwatch has it say nothing any more. Nothing to end is no error.
	Unwatch(ctx context.Context, a Account, to Push) error
	// Watches reports whether it says so of changes in a scope.
	Watches(scope string) bool
}

// A Push says where a provider is to say that something has changed in an account.
type Push struct {
	Topic  string // of Google's Pub/Sub, which sends on what it is told
	URL    string // of the hub, for this account alone: its last part names the account
	Secret string // which the provider repeats each time
}
