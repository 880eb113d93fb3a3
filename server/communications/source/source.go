package source

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wedsync/store"
)

// A Source reads one kind of provider. It keeps nothing: its methods may be called
// from any goroutine, for any account.
type Source interface {
	// Scopes lists the parts of an account that are read apart, each with a
	// cursor of its own: folders, calendars. They are looked for again now and then.
	Scopes(ctx context.Context, a Account) ([]string, error)
	// Pull makes the next step in a scope. It begins with the zero Place.
	Pull(ctx context.Context, a Account, scope string, from Place) (Step, error)
}

// A Checker is a Source that can be asked whether something is still there. After
// a provider has forgotten the place nobody tells what went for good meanwhile.
type Checker interface {
	Source
	// Gone are those ids of a scope, of all that an account has, that are not in the
	// scope any more. Ids of other scopes are left out.
	Gone(ctx context.Context, a Account, scope string, ids []string) ([]string, error)
}

// An Account is what a source needs to know of one.
type Account struct {
	Address string // of its owner: an e-mail address, the id of a Twilio account
	Own     []store.Contact
	Level   store.Level // how much is to be read
	Region  string      // ISO 3166 code of the country in which local numbers are dialled; may be empty
	Since   time.Time   // communication of before is left alone
	Now     time.Time
	Caller  Caller
}

// A Place is where a scope is to be read on. What State says is the source's own.
type Place struct {
	State json.RawMessage // nil at the very beginning
	// Again is set after the provider has forgotten the place: State is nil, and
	// what is found was mostly found before.
	Again bool
}

// A Step is what one step of reading found.
type Step struct {
	Found   []store.Item // each with one occurrence, of which Provider, Level and Removed are set
	Removed []string     // the provider's ids of what is gone
	State   json.RawMessage
	// More is set if there is more to read at once; else the scope is up to date.
	More bool
	// Left is about how many items are still to be read, -1 if nobody knows.
	Left int
}

// A Caller asks a provider in an account's name: it authenticates, keeps to the
// provider's quota, and asks again what may be asked again.
type Caller interface {
	// Call asks. The answer has a status of 200 to 299, and its body is read whole.
	// Errors wrap those of this package.
	Call(ctx context.Context, r Request) (Answer, error)
}

// A Request is a question to a provider.
type Request struct {
	Method string // GET if empty
	URL    string // absolute, or a path below the provider's API
	Header http.Header
	Body   []byte
	Cost   int // quota units that it costs, 1 if 0
	// Judge is asked about answers that are no success before anybody else; nil
	// errors are left to the caller.
	Judge func(status int, h http.Header, body []byte) error
}

// An Answer is what a provider says.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}
