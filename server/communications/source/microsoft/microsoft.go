package microsoft

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"wedsync/server/communications/source"
)

// How scopes begin; the id of a folder or calendar follows.
const (
	folderScope   = "folder:"
	calendarScope = "calendar:"
)

// Source reads accounts of Microsoft.
type Source struct{}

var _ source.Source = Source{}

// Scopes implements [source.Source].
func (Source) Scopes(ctx context.Context, a source.Account) ([]string, error) {
	folders, err := folders(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("list mail folders: %w", err)
	}
	calendars, err := calendars(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("list calendars: %w", err)
	}
	return append(folders, calendars...), nil
}

// Pull implements [source.Source].
func (Source) Pull(ctx context.Context, a source.Account, scope string, from source.Place) (source.Step, error) {
	if id, ok := strings.CutPrefix(scope, folderScope); ok {
		return pullFolder(ctx, a, id, from)
	}
	if id, ok := strings.CutPrefix(scope, calendarScope); ok {
		return pullCalendar(ctx, a, id, from)
	}
	return source.Step{}, fmt.Errorf("scope %q: %w", scope, source.ErrGone)
}

// immutable makes ids stay the same when something moves between folders.
const immutable = `IdType="ImmutableId"`

// ask asks Graph and reads the answer's JSON into a value.
func ask(ctx context.Context, a source.Account, url string, value any, prefer ...string) error {
	answer, err := a.Caller.Call(ctx, source.Request{
		URL:    url,
		Header: http.Header{"Prefer": append(prefer, immutable)},
		Judge:  judge,
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, value); err != nil {
		return fmt.Errorf("%w: %w", source.ErrUnreadable, err)
	}
	return nil
}

// judge knows the errors that Graph has words of its own for.
func judge(status int, _ http.Header, body []byte) error {
	var said struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil {
		said.Error.Code = "" // an answer of something in between
	}
	switch strings.ToLower(said.Error.Code) {
	case "syncstatenotfound", "syncstateinvalid", "resyncrequired":
		return source.ErrPlace
	case "mailboxnotenabledforrestapi":
		return fmt.Errorf("%w: the account has no mailbox in Microsoft 365 or Outlook.com", source.ErrForbidden)
	}
	if status == http.StatusGone {
		return source.ErrPlace
	}
	return nil
}

// A page is one of a list, or of what has changed.
type page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"`
	Delta string `json:"@odata.deltaLink"`
}

// gone is set of what is no more where changes are asked for.
type gone struct {
	Removed *struct {
		Reason string `json:"reason"`
	} `json:"@removed"`
}

// maxPages bounds the pages of a list that is read at once.
const maxPages = 100

// list reads all pages of a list.
func list[T any](ctx context.Context, a source.Account, url string) (all []T, err error) {
	for range maxPages {
		var p page[T]
		if err := ask(ctx, a, url, &p, "odata.maxpagesize=100"); err != nil {
			return nil, err
		}
		all = append(all, p.Value...)
		if url = p.Next; url == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%w: a list of more than %d pages", source.ErrUnreadable, maxPages)
}
