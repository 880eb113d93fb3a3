package google

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"wedsync/server/communications/source"
	"wedsync/server/outbound"
	"wedsync/store"
)

const (
	pageSize = 500 // messages of a list, records of a history: the most that Gmail gives
	atOnce   = 100 // messages that a step looks at
	askers   = 8   // that ask for messages side by side
)

// me is the path of the account's mailbox.
const me = "/gmail/v1/users/me"

// pullMail makes the next step in the mailbox: it asks for a page of the list or of
// the history, unless there is something left of the last one, and looks at
// messages that it names.
func pullMail(ctx context.Context, a source.Account, from source.Place) (source.Step, error) {
	at, err := mailPlaceOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	if at.History == "" {
		if err := at.begin(ctx, a); err != nil {
			return source.Step{}, fmt.Errorf("read the profile: %w", err)
		}
	}
	if len(at.Seen) == 0 && len(at.Gone) == 0 {
		if at.Filling {
			err = at.list(ctx, a)
		} else {
			err = at.follow(ctx, a)
		}
		if err != nil {
			return source.Step{}, err
		}
	}
	seen, removed := at.take()
	found, hidden, err := look(ctx, a, seen)
	if err != nil {
		return source.Step{}, err
	}
	return at.step(found, append(slices.Clone(removed), hidden...))
}

// begin takes the history id from which changes will be read.
func (p *mailPlace) begin(ctx context.Context, a source.Account) error {
	var profile struct {
		History  string `json:"historyId"`
		Messages int    `json:"messagesTotal"`
	}
	if err := ask(ctx, a, question{path: me + "/profile", cost: costProfile}, &profile); err != nil {
		return err
	}
	if profile.History == "" {
		return fmt.Errorf("%w: a mailbox without a history", source.ErrUnreadable)
	}
	p.History = profile.History
	if p.Since.IsZero() {
		p.Left = profile.Messages
	}
	return nil
}

// A reference names a message.
type reference struct {
	ID id `json:"id"`
}

// list asks for the next page of what is there. The trash is listed too if
// everything is read again: what came there meanwhile is to be removed.
func (p *mailPlace) list(ctx context.Context, a source.Account) error {
	q := url.Values{"maxResults": {strconv.Itoa(pageSize)}, "q": {"-in:drafts -in:chats"}}
	if p.Page != "" {
		q.Set("pageToken", p.Page)
	}
	if !p.Since.IsZero() {
		q.Set("q", q.Get("q")+" after:"+strconv.FormatInt(p.Since.Unix(), 10))
	}
	if p.Again {
		q.Set("includeSpamTrash", "true")
	}
	var page struct {
		Messages []reference `json:"messages"`
		Next     string      `json:"nextPageToken"`
	}
	if err := ask(ctx, a, question{path: me + "/messages", query: q, cost: costList, place: p.Page != ""}, &page); err != nil {
		return fmt.Errorf("list messages: %w", err)
	}
	for _, m := range page.Messages {
		p.see(string(m.ID))
	}
	if p.Left >= 0 {
		p.Left = max(0, p.Left-len(p.Seen))
	}
	if p.Page, p.Filling = page.Next, page.Next != ""; !p.Filling {
		p.Left, p.Again = 0, false
	}
	return nil
}

// A record is a change in the history of a mailbox.
type record struct {
	Added   []change `json:"messagesAdded"`
	Deleted []change `json:"messagesDeleted"`
	Labels  []change `json:"labelsAdded"`
	Unlabel []change `json:"labelsRemoved"`
}

type change struct {
	Message reference `json:"message"`
	Labels  []string  `json:"labelIds"` // that were added or removed
}

// hiding are the labels of messages that are left out.
var hiding = []string{"TRASH", "SPAM", "DRAFT", "CHAT"}

// hides reports whether messages with some of the labels are left out.
func hides(labels []string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(hiding, l) })
}

// follow asks for the next page of what has changed.
func (p *mailPlace) follow(ctx context.Context, a source.Account) error {
	q := url.Values{
		"startHistoryId": {p.History}, "maxResults": {strconv.Itoa(pageSize)},
		"historyTypes": {"messageAdded", "messageDeleted", "labelAdded", "labelRemoved"},
	}
	if p.Page != "" {
		q.Set("pageToken", p.Page)
	}
	var page struct {
		History []record `json:"history"`
		Next    string   `json:"nextPageToken"`
		ID      string   `json:"historyId"`
	}
	if err := ask(ctx, a, question{path: me + "/history", query: q, cost: costHistory, place: true}, &page); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	for _, r := range page.History {
		for _, c := range r.Added {
			p.see(string(c.Message.ID))
		}
		for _, c := range append(r.Labels, r.Unlabel...) {
			if hides(c.Labels) {
				p.see(string(c.Message.ID))
			}
		}
		for _, c := range r.Deleted {
			p.Gone = append(p.Gone, string(c.Message.ID))
		}
	}
	slices.Sort(p.Gone)
	p.Gone = slices.Compact(p.Gone)
	p.Seen = slices.DeleteFunc(p.Seen, func(id string) bool {
		_, gone := slices.BinarySearch(p.Gone, id)
		return gone
	})
	if p.Page = page.Next; p.Page == "" {
		if page.ID == "" {
			return fmt.Errorf("%w: a history that does not say where to go on", source.ErrUnreadable)
		}
		p.History, p.Behind = page.ID, false
	}
	return nil
}

// look asks what messages are now. Hidden are the ids of those that are gone, or
// where nobody looks for them.
func look(ctx context.Context, a source.Account, ids []string) (found []store.Item, hidden []string, err error) {
	messages := make([]*message, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askers)
	for i, id := range ids {
		g.Go(func() (err error) {
			messages[i], err = get(ctx, a, id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, fmt.Errorf("read a message: %w", err)
	}
	for i, m := range messages {
		switch {
		case m == nil:
			hidden = append(hidden, ids[i])
		case slices.Contains(m.Labels, "TRASH"), slices.Contains(m.Labels, "SPAM"):
			hidden = append(hidden, ids[i])
		case hides(m.Labels), m.at().Before(a.Since):
		default:
			found = append(found, m.item(a))
		}
	}
	return found, hidden, nil
}

// The headers that are asked for where not everything is.
var (
	metadataHeaders = []string{"Message-ID", "References", "In-Reply-To", "Date", "From", "To", "Cc", "Bcc"}
	subjectHeaders  = append([]string{"Subject"}, metadataHeaders...)
)

// get reads a message as far as the account shows it, nil if it is gone. Of one that
// is too long its headers are read.
func get(ctx context.Context, a source.Account, id string) (*message, error) {
	q := url.Values{"format": {"full"}, "fields": {"id,labelIds,internalDate,payload"}}
	short := url.Values{"format": {"metadata"}, "fields": q["fields"], "metadataHeaders": subjectHeaders}
	switch a.Level {
	case store.LevelMetadata:
		short["metadataHeaders"] = metadataHeaders
		q = short
	case store.LevelSubject:
		q = short
	}
	m := new(message)
	path := me + "/messages/" + url.PathEscape(id)
	err := ask(ctx, a, question{path: path, query: q, cost: costGet}, m)
	if errors.Is(err, outbound.ErrTooLong) {
		m = new(message)
		err = ask(ctx, a, question{path: path, query: short, cost: costGet}, m)
	}
	switch {
	case errors.Is(err, source.ErrGone):
		return nil, nil
	case err != nil:
		return nil, err
	case m.ID != id:
		return nil, fmt.Errorf("%w: another message than the one that was asked for", source.ErrUnreadable)
	}
	return m, nil
}
