package pulling

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"wedsync/store"
)

// A State says how it stands with what is read.
type State string

// The states, the worst first.
const (
	Reconnect State = "reconnect"  // its owner has to connect the account again
	Failing   State = "failing"    // the last attempt failed, see Error
	Limited   State = "limited"    // the provider wants to be left alone until NextRetry
	Paused    State = "paused"     // by a person
	Resyncing State = "resyncing"  // all is read again, because the provider forgot how far it was read
	Reading   State = "reading"    // there is more to read
	Never     State = "never"      // nothing has been read yet
	UpToDate  State = "up_to_date" // at LastSuccess
)

// states is the order in which states count for what is made of several.
var states = []State{Reconnect, Failing, Limited, Paused, Resyncing, Reading, Never, UpToDate}

// A Source is how it stands with one kind of communication of one account.
type Source struct {
	Name     string // gmail, google_calendar, outlook, outlook_calendar, twilio_sms, twilio_calls
	Supplier string
	Account  string // its id
	Title    string // of the account, for people
	Address  string
	State    State
	// LastSuccess is since when all that there was is known; zero if it is not yet.
	LastSuccess time.Time
	Error       string    // why it fails, in words for anybody; empty if it does not
	NextRetry   time.Time // when it is tried again; zero if it does not fail
	Found       int       // items, since it began to read
	Left        int       // items to be read, about; -1 if nobody knows

	Pushed bool          // whether the provider says when something has changed
	NoPush string        // why it does not, in words for anybody; empty if it does or cannot
	Poll   time.Duration // how often it is read all the same
}

// Age is how old what is known is, 0 if nothing is.
func (s Source) Age(now time.Time) time.Duration {
	if s.LastSuccess.IsZero() {
		return 0
	}
	return max(0, now.Sub(s.LastSuccess))
}

// Sources says how it stands with all that is read for a supplier, in ascending
// order of account, then name.
func (e *Engine) Sources(ctx context.Context, supplier string) ([]Source, error) {
	accounts, err := e.Accounts.Accounts(ctx, supplier)
	if err != nil {
		return nil, err
	}
	var all []Source
	for _, a := range accounts {
		cursors, err := e.Store.Cursors(ctx, supplier, a.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, e.sources(a, cursors)...)
	}
	return all, nil
}

// sources are those of an account. What keeps its scopes from being found is the
// trouble of all.
func (e *Engine) sources(a Account, cursors []store.Cursor) []Source {
	now := e.Clock()
	var looked Source
	var watch progress
	of := make(map[string][]Source)
	for _, c := range cursors {
		p := progressOf(c)
		switch s := sourceOfScope(c, p, now); {
		case c.Scope == everyScope:
			looked = s
		case c.Scope == watchScope:
			watch = p
		case !p.Gone:
			name := sourceOf(a.Provider, c.Scope)
			of[name] = append(of[name], s)
		}
	}
	if looked.State == "" {
		looked.State = Never
	}
	all := make([]Source, 0, len(sources[a.Provider]))
	for _, named := range sources[a.Provider] {
		s := together(looked, of[named.source])
		s.Name, s.Supplier, s.Account, s.Title, s.Address = named.source, a.Supplier, a.ID, a.Name, a.Source.Address
		e.showPush(a, &s, named.scope, watch)
		if a.Held != "" {
			s.State, s.Error, s.NextRetry = a.Held, a.Why, time.Time{}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(s, t Source) int { return cmp.Compare(s.Name, t.Name) })
	return all
}

// showPush says how changes are heard of in a source whose scopes begin in some way.
func (e *Engine) showPush(a Account, s *Source, scope string, watch progress) {
	s.Poll = e.poll(a.Provider, scope, watch.Watched)
	w, _, whyNot := e.watcher(a)
	if w == nil || !w.Watches(scope) {
		return
	}
	s.Pushed = watch.Watched.After(e.Clock())
	if !s.Pushed {
		s.NoPush = cmp.Or(whyNot, watch.Error)
	}
}

// sourceOfScope is how it stands with one scope.
func sourceOfScope(c store.Cursor, p progress, now time.Time) Source {
	s := Source{State: p.State, LastSuccess: p.Success, Error: p.Error, Found: p.Found, Left: p.Left}
	switch {
	case p.State != "":
		s.NextRetry = c.Due
	case p.Again, p.Check:
		s.State = Resyncing
	case p.Success.IsZero() && p.Place == nil && !p.claimed(c, now):
		s.State, s.Left = Never, -1
	case p.Success.IsZero(), p.claimed(c, now), p.Found > 0:
		s.State = Reading
	default:
		s.State = UpToDate
	}
	if s.State == Reading && p.Place == nil {
		s.Left = -1
	}
	return s
}

// together is how it stands with several scopes: with the worst of them, and since
// when all are up to date. Of a source without scopes counts how they were looked for.
func together(looked Source, scopes []Source) Source {
	if len(scopes) == 0 {
		return looked
	}
	s := scopes[0]
	for _, other := range scopes[1:] {
		s = worse(s, other)
	}
	if slices.Contains([]State{Reconnect, Failing, Limited}, looked.State) {
		left, found, success := s.Left, s.Found, s.LastSuccess
		s = worse(s, looked)
		s.Left, s.Found, s.LastSuccess = left, found, success
	}
	return s
}

// worse joins two scopes into one.
func worse(s, t Source) Source {
	bad := s
	if slices.Index(states, t.State) < slices.Index(states, s.State) {
		bad = t
	}
	bad.Found = s.Found + t.Found
	if bad.Left = s.Left + t.Left; s.Left < 0 || t.Left < 0 {
		bad.Left = -1
	}
	if bad.LastSuccess = s.LastSuccess; t.LastSuccess.Before(s.LastSuccess) {
		bad.LastSuccess = t.LastSuccess
	}
	return bad
}

// named reports whether an account is one that somebody calls by its address.
func named(a Account, address string) bool {
	return strings.EqualFold(a.Source.Address, address) || a.ID == address
}
