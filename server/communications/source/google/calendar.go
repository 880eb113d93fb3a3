package google

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

const (
	maxPages    = 100 // of the list of calendars
	eventsAtOne = 250 // of a page

	// Events are read until horizon from the day on which reading began; that moves
	// on once less than nearest of it is left.
	horizon = 2 * 365 * 24 * time.Hour
	nearest = 365 * 24 * time.Hour
)

// calendars are the scopes of the calendars that an account may write into: its
// own, not holidays or those of others.
func calendars(ctx context.Context, a source.Account) ([]string, error) {
	var scopes []string
	q := url.Values{"maxResults": {"250"}, "minAccessRole": {"writer"}}
	for range maxPages {
		var page struct {
			Items []struct {
				ID   id     `json:"id"`
				Role string `json:"accessRole"`
			} `json:"items"`
			Next string `json:"nextPageToken"`
		}
		if err := ask(ctx, a, question{path: "/calendar/v3/users/me/calendarList", query: q, cost: costEvents}, &page); err != nil {
			return nil, err
		}
		for _, c := range page.Items {
			if c.Role == "owner" || c.Role == "writer" {
				scopes = appendNew(scopes, calendarScope+string(c.ID))
			}
		}
		if page.Next == "" {
			return scopes, nil
		}
		q.Set("pageToken", page.Next)
	}
	return nil, fmt.Errorf("%w: a list of more than %d pages", source.ErrUnreadable, maxPages)
}

// A calendarPlace is where a calendar is to be read on.
type calendarPlace struct {
	Token string    `json:"token,omitempty"` // changes are read from there; empty while all is listed
	Page  string    `json:"page,omitempty"`
	Until time.Time `json:"until"`
	Again bool      `json:"again,omitempty"` // all is listed not for the first time

	// What was asked for when it began. If that changes, it begins again.
	Level store.Level `json:"level"`
	Since time.Time   `json:"since,omitzero"`
}

func calendarPlaceOf(a source.Account, from source.Place) (calendarPlace, error) {
	begin := calendarPlace{Until: a.Now.Add(horizon).UTC().Truncate(24 * time.Hour), Again: from.Again, Level: a.Level, Since: a.Since}
	if len(from.State) == 0 {
		return begin, nil
	}
	var at calendarPlace
	if err := json.Unmarshal(from.State, &at); err != nil {
		return calendarPlace{}, fmt.Errorf("%w: %w", source.ErrPlace, err)
	}
	if at.Level != a.Level || a.Since.Before(at.Since) || at.Page == "" && at.Until.Sub(a.Now) < nearest {
		begin.Again = true
		return begin, nil
	}
	return at, nil
}

// pullCalendar asks for the next page of a calendar.
func pullCalendar(ctx context.Context, a source.Account, id string, from source.Place) (source.Step, error) {
	at, err := calendarPlaceOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	q := url.Values{"singleEvents": {"true"}, "maxResults": {strconv.Itoa(eventsAtOne)}}
	if at.Page != "" {
		q.Set("pageToken", at.Page)
	}
	if at.Token != "" {
		q.Set("syncToken", at.Token)
	} else {
		q.Set("timeMax", at.Until.UTC().Format(time.RFC3339))
		if !at.Since.IsZero() {
			q.Set("timeMin", at.Since.UTC().Format(time.RFC3339))
		}
		if at.Again {
			q.Set("showDeleted", "true") // what was removed meanwhile
		}
	}
	var page struct {
		Items []event `json:"items"`
		Next  string  `json:"nextPageToken"`
		Token string  `json:"nextSyncToken"`
	}
	path := "/calendar/v3/calendars/" + url.PathEscape(id) + "/events"
	if err := ask(ctx, a, question{path: path, query: q, cost: costEvents, place: at.Page != "" || at.Token != ""}, &page); err != nil {
		return source.Step{}, fmt.Errorf("read a calendar: %w", err)
	}
	switch {
	case page.Next != "":
		at.Page = page.Next
	case page.Token != "":
		at.Page, at.Token, at.Again = "", page.Token, false
	default:
		return source.Step{}, fmt.Errorf("%w: a page of events does not say where to go on", source.ErrUnreadable)
	}
	step := source.Step{More: at.Page != "", Left: -1}
	if !step.More {
		step.Left = 0
	}
	if err := sortOut(a, id, page.Items, &step); err != nil {
		return source.Step{}, err
	}
	if step.State, err = json.Marshal(at); err != nil {
		return source.Step{}, fmt.Errorf("write down the place: %w", err)
	}
	return step, nil
}

// sortOut puts the events of a page into a step, each once.
func sortOut(a source.Account, calendar string, events []event, step *source.Step) error {
	seen := make(map[string]bool, len(events))
	for _, e := range events {
		provider := calendarScope + calendar + "/" + string(e.ID)
		if seen[provider] {
			continue
		}
		seen[provider] = true
		switch {
		case e.Status == "cancelled":
			step.Removed = append(step.Removed, provider)
		case e.ofNobody():
		default:
			item, err := e.item(a, provider)
			if err != nil {
				return err
			}
			step.Found = append(step.Found, item)
		}
	}
	return nil
}
