package api

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/server/communications/timeline"
	"wedsync/store"
)

// shownPeople is how many participants of an item a list names.
const shownPeople = 20

// A CommunicationRow is an item of a timeline in a list.
type CommunicationRow struct {
	ID           string            `json:"id"`
	Kind         string            `json:"kind" doc:"A scheduled_call is in a calendar; a call took place. A message was written in the app, a note entered by hand." enum:"email,sms,call,scheduled_call,meeting,message,note"`
	Direction    store.Direction   `json:"direction" doc:"Who began it; internal if it is among the supplier's own people." enum:"inbound,outbound,internal"`
	OccurredAt   time.Time         `json:"occurred_at"`
	Participants []participantItem `json:"participants" doc:"Those who took part; in lists the first 20."`
	Subject      string            `json:"subject"`
	Snippet      string            `json:"snippet" doc:"How the text begins."`
	Source       string            `json:"source" doc:"Where it was found first." enum:"gmail,outlook,twilio_sms,twilio_calls,google_calendar,outlook_calendar,in_app,manual"`
	Occurrences  []occurrenceItem  `json:"occurrences" doc:"Where it was found: a mail in two mailboxes is one item with two of them."`
}

// A participantItem is somebody who took part.
type participantItem struct {
	Role    string `json:"role" enum:"from,to,cc,bcc,caller,callee,organiser,attendee"`
	Name    string `json:"name" doc:"As they call themselves; may be empty."`
	Address string `json:"address" doc:"An e-mail address, or a phone number with the code of its country where that is known; may be empty."`
	Own     bool   `json:"own" doc:"Whether it is one of the supplier's own."`
}

// An occurrenceItem is an item as one source has it.
type occurrenceItem struct {
	Source  string `json:"source" enum:"gmail,outlook,twilio_sms,twilio_calls,google_calendar,outlook_calendar,in_app,manual"`
	Account string `json:"account_id" doc:"The account; empty for what was written in the app."`
	Level   string `json:"level" doc:"How much of it the account shows." enum:"metadata,subject,everything"`
}

var levels = map[store.Level]string{store.LevelMetadata: "metadata", store.LevelSubject: "subject", store.LevelEverything: "everything"}

// A communicationItem is an item with all that is known of it.
type communicationItem struct {
	CommunicationRow
	Body        string           `json:"body" doc:"Its text."`
	HTML        string           `json:"html,omitempty" doc:"Of a mail, as markup that was made safe: no scripts, no forms, nothing that is fetched from elsewhere."`
	State       string           `json:"state,omitempty" doc:"The provider's word for what became of it, such as delivered or no-answer."`
	Seconds     int              `json:"seconds,omitempty" doc:"That a call took."`
	EndsAt      *time.Time       `json:"ends_at,omitempty" doc:"Of a meeting or a scheduled call."`
	AllDay      bool             `json:"all_day,omitempty"`
	Location    string           `json:"location,omitempty"`
	Conference  string           `json:"conference,omitempty" doc:"The URL at which a meeting takes place."`
	Channel     string           `json:"channel,omitempty" doc:"Of a text message, if it is no SMS." example:"whatsapp"`
	Media       int              `json:"media,omitempty" doc:"Pictures and the like that came with a text message."`
	Attachments []attachmentItem `json:"attachments,omitempty" doc:"Files that came with a mail; their contents stay where they are."`
	Clients     []string         `json:"clients" doc:"In whose timelines it is."`
	Links       []linkItem       `json:"links" doc:"What people said."`
}

// An attachmentItem is a file that came with a mail.
type attachmentItem struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int    `json:"size,omitempty" doc:"In bytes."`
}

// A linkItem is what a person said about an item and a client.
type linkItem struct {
	Client string          `json:"client_id"`
	State  store.LinkState `json:"state" enum:"linked,unlinked"`
	By     string          `json:"by"`
	At     time.Time       `json:"at"`
}

// An unmatchedRow is an item that is nobody's.
type unmatchedRow struct {
	CommunicationRow
	Suggestions []suggestionItem `json:"suggestions" doc:"Whose it may be, the likeliest first."`
}

// A suggestionItem is a client whose an item may be.
type suggestionItem struct {
	Client string          `json:"client_id"`
	Name   string          `json:"name" doc:"What the client is called."`
	Reason timeline.Reason `json:"reason" doc:"Several clients have the contact; others of the conversation are this client's; the number is the client's but for the code of its country; the client's record names somebody who took part." enum:"contact,thread,number,name"`
}

// A sourceItem is how far one source has been read.
type sourceItem struct {
	Source      string     `json:"source" enum:"gmail,outlook,twilio_sms,twilio_calls,google_calendar,outlook_calendar,in_app,manual"`
	Account     string     `json:"account" doc:"Its address or number; empty for what is written in the app."`
	AccountID   string     `json:"account_id"`
	State       string     `json:"state" doc:"What was found is complete only if it is up_to_date. Reading: go on asking. Resyncing: the provider forgot how far it was read, everything is read again. Limited: the provider wants to be left alone for a while. Failing: see error. Reconnect: the account's owner has to connect it again. Never: it was not read yet." enum:"up_to_date,reading,resyncing,limited,failing,reconnect,paused,never"`
	LastSuccess *time.Time `json:"last_success" doc:"When it was read to its end last; null for never."`
	Error       *string    `json:"error" doc:"Why it cannot be read; null if it can."`
	Left        int        `json:"left" doc:"About how many items are still to be read; -1 if nobody knows."`
	NextRetry   *time.Time `json:"next_retry" doc:"When it is tried again after a failure; null for none."`
	Pushed      bool       `json:"pushed" doc:"Whether the provider says at once when something has changed."`
	NoPush      *string    `json:"no_push" doc:"Why it does not; null if it does or cannot."`
	PollSeconds int        `json:"poll_seconds" doc:"How often it is read all the same; 0 for what the hub has itself."`
}

func showSources(sources []pulling.Source) []sourceItem {
	shown := make([]sourceItem, len(sources))
	for i, s := range sources {
		shown[i] = sourceItem{s.Name, s.Address, s.Account, string(s.State), showTime(s.LastSuccess), nil, s.Left, showTime(s.NextRetry), s.Pushed, nil, int(s.Poll.Seconds())}
		if s.Error != "" {
			shown[i].Error = &s.Error
		}
		if s.NoPush != "" {
			shown[i].NoPush = &s.NoPush
		}
	}
	return shown
}

// accountsByID are the accounts of a supplier.
func (a *API) accountsByID(ctx context.Context, supplier string) (map[string]store.Account, error) {
	all, err := a.timeline.Store.Accounts(ctx, supplier)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]store.Account, len(all))
	for _, account := range all {
		byID[account.ID] = account
	}
	return byID, nil
}

// showCommunication is an item as a list has it.
func showCommunication(it *store.Item, accounts map[string]store.Account) CommunicationRow {
	row := CommunicationRow{
		ID: it.ID, Kind: it.Kind, Direction: it.Direction, OccurredAt: it.At.UTC(), Subject: it.Subject, Snippet: it.Snippet,
		Participants: showPeople(it.Participants, shownPeople), Occurrences: []occurrenceItem{},
	}
	for _, o := range it.Occurrences {
		if !o.Removed {
			row.Occurrences = append(row.Occurrences, occurrenceItem{timeline.SourceOf(it, o, accounts), o.Account, levels[o.Level]})
		}
	}
	if len(row.Occurrences) > 0 {
		row.Source = row.Occurrences[0].Source
	}
	return row
}

func showPeople(people []store.Participant, most int) []participantItem {
	shown := make([]participantItem, min(len(people), most))
	for i := range shown {
		p := &people[i]
		shown[i] = participantItem{p.Role, p.Name, p.Value, p.Own}
	}
	return shown
}

// openCommunication is an item with all that is known of it.
func openCommunication(o *timeline.Opened, accounts map[string]store.Account) (communicationItem, error) {
	var d source.Detail
	if len(o.Detail) > 0 {
		if err := json.Unmarshal(o.Detail, &d); err != nil {
			return communicationItem{}, err
		}
	}
	item := communicationItem{
		CommunicationRow: showCommunication(&o.Item, accounts),
		Body:             o.Body, HTML: d.HTML, State: d.State, Seconds: d.Seconds, EndsAt: showTime(d.Ends), AllDay: d.AllDay,
		Location: d.Location, Conference: d.Conference, Channel: d.Channel, Media: d.Media,
		Clients: []string{}, Links: []linkItem{},
	}
	item.Participants = showPeople(o.Participants, len(o.Participants))
	for _, file := range d.Attachments {
		item.Attachments = append(item.Attachments, attachmentItem{file.Name, file.Type, file.Size})
	}
	for _, id := range o.Owners {
		item.Clients = append(item.Clients, id.ClientID())
	}
	for _, l := range o.Links {
		item.Links = append(item.Links, linkItem{l.Record.ClientID(), l.State, l.By, l.At.UTC()})
	}
	return item, nil
}

func showUnmatched(u *timeline.Unmatched, accounts map[string]store.Account) unmatchedRow {
	row := unmatchedRow{showCommunication(&u.Item, accounts), []suggestionItem{}}
	for _, s := range u.Suggestions {
		row.Suggestions = append(row.Suggestions, suggestionItem{s.Record.ClientID(), cmp.Or(s.Name, s.Record.ClientID()), s.Reason})
	}
	return row
}
