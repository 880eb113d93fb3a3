package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// The scopes: all mail, and calendars, whose id follows.
const (
	mailScope     = "mail"
	calendarScope = "calendar:"
)

// What requests cost, in units of Gmail's quota; those of Calendar are counted.
const (
	costProfile = 1
	costHistory = 2
	costList    = 5
	costGet     = 5
	costEvents  = 1
)

// Source reads accounts of Google.
type Source struct{}

var _ source.Source = Source{}

// Scopes implements [source.Source].
func (Source) Scopes(ctx context.Context, a source.Account) ([]string, error) {
	calendars, err := calendars(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("list calendars: %w", err)
	}
	return append([]string{mailScope}, calendars...), nil
}

// Pull implements [source.Source].
func (Source) Pull(ctx context.Context, a source.Account, scope string, from source.Place) (source.Step, error) {
	if scope == mailScope {
		return pullMail(ctx, a, from)
	}
	if id, ok := strings.CutPrefix(scope, calendarScope); ok {
		return pullCalendar(ctx, a, id, from)
	}
	return source.Step{}, fmt.Errorf("scope %q: %w", scope, source.ErrGone)
}

// A question is a path below Google's API, what is asked there, and what it costs.
type question struct {
	path  string
	query url.Values
	cost  int
	// place is set if it goes on from a place, which may be forgotten.
	place bool
}

// ask asks Google and reads the answer's JSON into a value.
func ask(ctx context.Context, a source.Account, q question, value any) error {
	r := source.Request{URL: q.path, Cost: q.cost, Judge: judge}
	if len(q.query) > 0 {
		r.URL += "?" + q.query.Encode()
	}
	if q.place {
		r.Judge = judgePlace
	}
	answer, err := a.Caller.Call(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, value); err != nil {
		return fmt.Errorf("%w: %w", source.ErrUnreadable, err)
	}
	return nil
}

// A refusal is what Google says in place of an answer.
type refusal struct {
	Error struct {
		Message string `json:"message"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
	} `json:"error"`
}

// because reports whether one of some reasons is given.
func (r refusal) because(reasons ...string) bool {
	return slices.ContainsFunc(reasons, func(reason string) bool {
		for _, e := range r.Error.Errors {
			if e.Reason == reason {
				return true
			}
		}
		return false
	})
}

// An id is what Google calls something.
type id string

// UnmarshalText implements [encoding.TextUnmarshaler]. It refuses what cannot be kept.
func (i *id) UnmarshalText(text []byte) error {
	if *i = id(text); source.OddID(string(text)) {
		return errors.New("an odd id")
	}
	return nil
}

// judge knows the refusals about which somebody can do something.
func judge(status int, _ http.Header, body []byte) error {
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		return nil // of something in between
	}
	switch {
	case status == http.StatusForbidden && r.because("insufficientPermissions"):
		return fmt.Errorf("%w: its owner did not permit it; connect the account again and permit all that is asked for", source.ErrForbidden)
	case status == http.StatusForbidden && r.because("accessNotConfigured"):
		return fmt.Errorf("%w: the project of the OAuth client has not enabled the Gmail API or the Google Calendar API", source.ErrForbidden)
	case status == http.StatusBadRequest && r.because("failedPrecondition"):
		return fmt.Errorf("%w: the account has no mailbox at Gmail", source.ErrForbidden)
	}
	return nil
}

// judgePlace is judge for requests that go on from a place.
func judgePlace(status int, h http.Header, body []byte) error {
	if err := judge(status, h, body); err != nil {
		return err
	}
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone:
		return source.ErrPlace
	}
	return nil
}

// narrow takes from an item what its account does not show.
func narrow(item *store.Item, level store.Level) {
	if level < store.LevelEverything {
		item.Snippet, item.Body, item.Detail = "", "", nil
	}
	if level < store.LevelSubject {
		item.Subject = ""
	}
	item.Occurrences[0].Level = level
}
