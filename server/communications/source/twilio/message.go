package twilio

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// A message is a text message.
type message struct {
	SID       string `json:"sid"`
	From      string `json:"from"`
	To        string `json:"to"`
	Body      string `json:"body"`
	Direction string `json:"direction"`
	Status    string `json:"status"`
	Media     string `json:"num_media"`
	Created   date   `json:"date_created"`
	Sent      date   `json:"date_sent"`
}

type messagePage struct {
	Messages []message `json:"messages"`
	Next     string    `json:"next_page_uri"`
}

func (p *messagePage) next() string { return p.Next }
func (p *messagePage) size() int    { return len(p.Messages) }

// progress are the states of a message in the order in which it can have them.
var progress = []string{
	"scheduled", "accepted", "queued", "sending", "sent", "receiving", "received",
	"partially_delivered", "delivered", "undelivered", "failed", "canceled", "read",
}

// pullMessages makes the next step in the messages.
func pullMessages(ctx context.Context, a source.Account, from source.Place) (source.Step, error) {
	r, err := roundOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	var p messagePage
	if err := r.page(ctx, a, "Messages", "DateSent", &p); err != nil {
		return source.Step{}, err
	}
	step, err := r.step()
	if err != nil {
		return source.Step{}, err
	}
	for _, m := range furthest(p.Messages) {
		if odd(m.SID) || m.at().IsZero() {
			return source.Step{}, fmt.Errorf("%w: a message with an odd id or without a date", source.ErrUnreadable)
		}
		if !m.at().Before(a.Since) {
			step.Found = append(step.Found, m.item(a))
		}
	}
	return step, nil
}

// furthest are messages, each once: as it was furthest on its way, whatever came
// last.
func furthest(all []message) []message {
	at := make(map[string]int, len(all))
	kept := make([]message, 0, len(all))
	for _, m := range all {
		i, ok := at[m.SID]
		switch {
		case !ok:
			at[m.SID] = len(kept)
			kept = append(kept, m)
		case slices.Index(progress, m.Status) > slices.Index(progress, kept[i].Status):
			kept[i] = m
		}
	}
	return kept
}

func (m message) at() time.Time {
	if m.Sent.IsZero() {
		return m.Created.Time
	}
	return m.Sent.Time
}

// item is the message as the store has it.
func (m message) item(a source.Account) store.Item {
	sender, channel := party(a, "from", m.From)
	receiver, _ := party(a, "to", m.To)
	own, other, direction := &sender, &receiver, store.Outbound
	if m.Direction == "inbound" {
		own, other, direction = &receiver, &sender, store.Inbound
	}
	own.Own = true
	item := store.Item{
		Kind: "sms", At: m.at(), Direction: direction,
		Key:    source.Key("sms", m.SID),
		Thread: source.Key("thread", named(*own), named(*other)),
		Body:   source.Plain(m.Body), Snippet: source.Line(m.Body, maxSnippet),
		Detail:       source.Detail{State: source.Line(m.Status, maxSnippet), Channel: channel, Media: number(m.Media)}.JSON(),
		Participants: source.Together([]store.Participant{sender, receiver}),
		Occurrences:  []store.Occurrence{{Provider: m.SID, Level: a.Level}},
	}
	if a.Level < store.LevelEverything {
		item.Body, item.Snippet, item.Detail = "", "", nil
	}
	return item
}

// maxSnippet is how much of a text is shown in a list, in bytes.
const maxSnippet = 200

// party is a side of a message or call, and by which channel it is reached: "" for
// the telephone, else "whatsapp" or what else stands before an address. One that is
// no phone number, as a sender that is a word, is known by its name.
func party(a source.Account, role, address string) (p store.Participant, channel string) {
	if before, after, ok := strings.Cut(address, ":"); ok {
		channel, address = source.Line(before, maxSnippet), after
	}
	user, _, _ := strings.Cut(address, "@") // a telephone on the Internet
	p = a.Number(role, "", user)
	if p.Value == "" {
		p.Name = source.Line(address, maxSnippet)
	}
	return p, channel
}

// named is what a side of a conversation is called in it.
func named(p store.Participant) string {
	if p.Value != "" {
		return p.Value
	}
	return p.Name
}
