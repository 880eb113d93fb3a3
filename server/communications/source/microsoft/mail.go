package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// What of a mail is asked for, at each level.
const (
	metadataOfMail = "internetMessageId,receivedDateTime,sentDateTime,from,sender,toRecipients,ccRecipients,bccRecipients,isDraft"
	subjectOfMail  = metadataOfMail + ",subject"
	allOfMail      = subjectOfMail + ",body"
)

// The properties of Outlook that have what stands in References and In-Reply-To.
// Unlike internetMessageHeaders they are small, and mails that were sent from
// Outlook have them too.
const (
	references = "String 0x1039"
	inReplyTo  = "String 0x1042"
)

// query is what of mails is asked for.
func query(level store.Level) string {
	fields, expand := metadataOfMail, "singleValueExtendedProperties($filter=id eq '"+references+"' or id eq '"+inReplyTo+"')"
	switch level {
	case store.LevelEverything:
		fields = allOfMail
		expand += ",attachments($select=name,contentType,size,isInline)"
	case store.LevelSubject:
		fields = subjectOfMail
	}
	return "?$select=" + fields + "&$expand=" + url.QueryEscape(expand)
}

// A message is a mail.
type message struct {
	gone
	ID        string      `json:"id"`
	MessageID string      `json:"internetMessageId"`
	Received  time.Time   `json:"receivedDateTime"`
	Sent      time.Time   `json:"sentDateTime"`
	From      recipient   `json:"from"`
	Sender    recipient   `json:"sender"`
	To        []recipient `json:"toRecipients"`
	Cc        []recipient `json:"ccRecipients"`
	Bcc       []recipient `json:"bccRecipients"`
	Draft     bool        `json:"isDraft"`
	Subject   string      `json:"subject"`
	Body      body        `json:"body"`
	Files     []file      `json:"attachments"`
	Extended  []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	} `json:"singleValueExtendedProperties"`
}

type recipient struct {
	Address struct {
		Name    string `json:"name"`
		Address string `json:"address"`
	} `json:"emailAddress"`
}

type file struct {
	Name   string `json:"name"`
	Type   string `json:"contentType"`
	Size   int    `json:"size"`
	Inline bool   `json:"isInline"`
}

// part reports whether it only says that something has changed, as Graph does of
// mails of which it told before.
func (m message) part() bool { return m.Received.IsZero() && m.Sent.IsZero() }

// pullFolder makes the next step in a mail folder.
func pullFolder(ctx context.Context, a source.Account, id string, from source.Place) (source.Step, error) {
	at, err := placeOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	if at.Link == "" {
		if at.Left, err = itemsIn(ctx, a, id); err != nil {
			return source.Step{}, fmt.Errorf("count the mails of a folder: %w", err)
		}
		// No filter by time: with one Graph would end after 5,000 mails.
		at.Link = "/v1.0/me/mailFolders/" + url.PathEscape(id) + "/messages/delta" + query(a.Level)
	}
	p, err := changes[message](ctx, a, &at)
	if err != nil {
		return source.Step{}, fmt.Errorf("read the changes of a mail folder: %w", err)
	}
	step, err := at.step(p.Next != "")
	if err != nil {
		return source.Step{}, err
	}
	for _, m := range last(p.Value, func(m message) string { return m.ID }) {
		if err := m.into(ctx, a, id, &step); err != nil {
			return source.Step{}, err
		}
	}
	return step, nil
}

// into puts a mail among what a step found, or what is gone.
func (m message) into(ctx context.Context, a source.Account, folder string, step *source.Step) error {
	if source.OddID(m.ID) {
		return fmt.Errorf("%w: a mail with an odd id", source.ErrUnreadable)
	}
	provider := folder + "/" + m.ID
	if m.Removed == nil && m.part() {
		id := m.ID
		switch err := ask(ctx, a, "/v1.0/me/messages/"+url.PathEscape(id)+query(a.Level), &m); {
		case errors.Is(err, source.ErrGone):
			step.Removed = append(step.Removed, provider)
			return nil
		case err != nil:
			return fmt.Errorf("read a mail: %w", err)
		}
	}
	switch {
	case m.Removed != nil:
		step.Removed = append(step.Removed, provider)
	case m.part():
		return fmt.Errorf("%w: a mail without a date", source.ErrUnreadable)
	case m.Draft || m.at().Before(a.Since):
	default:
		step.Found = append(step.Found, m.item(a, provider))
	}
	return nil
}

func (m message) at() time.Time {
	if m.Received.IsZero() {
		return m.Sent
	}
	return m.Received
}

// item is the mail as the store has it.
func (m message) item(a source.Account, provider string) store.Item {
	if m.From.Address.Address == "" {
		m.From = m.Sender
	}
	people := persons(a, "from", m.From)
	people = append(people, persons(a, "to", m.To...)...)
	people = append(people, persons(a, "cc", m.Cc...)...)
	people = append(people, persons(a, "bcc", m.Bcc...)...)
	people = source.Together(people)

	text := m.Body.text()
	detail := source.Detail{HTML: text.HTML}
	for _, f := range m.Files {
		if !f.Inline {
			detail.Attachments = append(detail.Attachments, source.Attachment{Name: source.Line(f.Name, maxName), Type: source.Line(f.Type, maxName), Size: f.Size})
		}
	}
	item := store.Item{
		Kind: "email", At: m.at(), Direction: source.Way(people, "from"),
		Subject: source.Line(m.Subject, maxSubject), Snippet: text.Snippet, Body: text.Body,
		Participants: people, Occurrences: []store.Occurrence{{Provider: provider}},
	}
	item.Detail = detail.JSON()
	item.Key, item.Thread = source.MailKeys(m.MessageID, m.extended(references), m.extended(inReplyTo), a, m.ID)
	narrow(&item, a.Level)
	return item
}

func (m message) extended(id string) string {
	for _, p := range m.Extended {
		if p.ID == id {
			return p.Value
		}
	}
	return ""
}

func persons(a source.Account, role string, all ...recipient) []store.Participant {
	people := make([]store.Participant, len(all))
	for i, r := range all {
		people[i] = a.Person(role, r.Address.Name, r.Address.Address)
	}
	return people
}

// last is what was said last of each thing, in the order in which they came first.
func last[T any](all []T, id func(T) string) []T {
	at := make(map[string]int, len(all))
	kept := make([]T, 0, len(all))
	for _, one := range all {
		i, ok := at[id(one)]
		if ok {
			kept[i] = one
			continue
		}
		at[id(one)] = len(kept)
		kept = append(kept, one)
	}
	return kept
}
