package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"wedsync/server/communications/source"
)

// The scopes.
const (
	messages = "messages"
	calls    = "calls"
)

// Source reads accounts of Twilio.
type Source struct{}

var _ source.Source = Source{}

// Scopes implements [source.Source].
func (Source) Scopes(context.Context, source.Account) ([]string, error) {
	return []string{calls, messages}, nil
}

// Pull implements [source.Source].
func (Source) Pull(ctx context.Context, a source.Account, scope string, from source.Place) (source.Step, error) {
	switch scope {
	case messages:
		return pullMessages(ctx, a, from)
	case calls:
		return pullCalls(ctx, a, from)
	}
	return source.Step{}, fmt.Errorf("scope %q: %w", scope, source.ErrGone)
}

// listOf is where a list of the account begins.
func listOf(a source.Account, name string) string {
	return "/2010-04-01/Accounts/" + url.PathEscape(a.Address) + "/" + name + ".json"
}

// ask reads a page of a list.
func ask(ctx context.Context, a source.Account, path string, later bool, page any) error {
	r := source.Request{URL: path}
	if later {
		r.Judge = judge
	}
	answer, err := a.Caller.Call(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, page); err != nil {
		return fmt.Errorf("%w: %w", source.ErrUnreadable, err)
	}
	return nil
}

// judge knows that a page after the first one may be forgotten.
func judge(status int, _ http.Header, _ []byte) error {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone:
		return source.ErrPlace
	}
	return nil
}
