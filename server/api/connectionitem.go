package api

import (
	"net/http"
	"time"

	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// A connectionItem is a connection as owners see it.
type connectionItem struct {
	ID            string       `json:"id"`
	Name          string       `json:"name" doc:"What people call it."`
	Source        string       `json:"source" doc:"The kind of sender." example:"client-integrations"`
	Version       uint64       `json:"version" doc:"Rises with each change."`
	URL           string       `json:"url" doc:"Where the sender is to send its events. Where it is secret, its token is shown with the secret alone."`
	Secret        string       `json:"secret,omitempty" doc:"What the sender signs with or shows; only in the answer that it was made or named for."`
	Secrets       []secretItem `json:"secrets" doc:"The secrets that are in use, the newest first."`
	Paused        bool         `json:"paused" doc:"Whether its sender is told 410, Gone."`
	CreateUnknown bool         `json:"create_unknown" doc:"Whether events of clients that nobody knows create a record."`
	Sources       []string     `json:"sources,omitempty" doc:"What the member source of its events may be, * for anything; events of others are kept as unrouted."`
	Header        string       `json:"header,omitempty" doc:"The header that has the signature or the secret."`
	Audience      string       `json:"audience,omitempty" doc:"Of the token that Pub/Sub sends."`
	Account       string       `json:"account,omitempty" doc:"The service account that Pub/Sub sends as."`
	APIURL        string       `json:"api_url,omitempty" doc:"Where the sender's API is."`
	HasAPIKey     bool         `json:"has_api_key" doc:"Whether there is a key for that API; it is never shown."`
	Paths         *pathsBody   `json:"paths,omitempty" doc:"Where an event's body has what is needed."`
	Mapping       any          `json:"mapping,omitempty" doc:"From the sender's fields to those of a record; that of the source if there is none."`
	Sender        senderItem   `json:"sender" doc:"How it stands with the sender's API, where events are fetched from one, on the node that answers."`
	Created       time.Time    `json:"created_at"`
	Changed       time.Time    `json:"changed_at"`
	// Events counts those of the connection that are not done.
	Events map[store.InboxState]int `json:"events,omitempty" doc:"How many events of it are not done, by their state; where a connection is read."`
	Last   *EventItem               `json:"last_event,omitempty" doc:"The latest event of it, if there is one; where a connection is read."`
	Usual  any                      `json:"usual_mapping,omitempty" doc:"What holds if it has no mapping of its own; where one connection is read."`
}

// A senderItem is how it stands with a sender's API.
type senderItem struct {
	State    string     `json:"state" enum:"closed,open,half_open" doc:"Of the circuit breaker: closed as long as the sender answers, open while it is left alone, half_open when it is asked once."`
	Failures int        `json:"failures" doc:"In a row."`
	Until    *time.Time `json:"until" doc:"When it is asked again, null unless it is left alone."`
}

// A secretItem is a secret that is in use, without itself.
type secretItem struct {
	ID      string     `json:"id"`
	Created time.Time  `json:"created_at"`
	Until   *time.Time `json:"until" doc:"From when on it is not in use; null for never."`
}

func (a *API) showConnection(r *http.Request, c store.Connection) (connectionItem, error) {
	s, err := connection.Of(c)
	if err != nil {
		return connectionItem{}, err
	}
	source := connection.Source(c.Source)
	item := connectionItem{
		ID: c.ID, Name: s.Name, Source: c.Source, Version: c.Version,
		URL:     connection.Base(a.publicURL, r) + connection.Path + "/" + c.ID,
		Secrets: []secretItem{}, Paused: s.Paused, CreateUnknown: s.CreateUnknown, Sources: s.Params.Sources,
		Header: s.Header(source), Audience: s.Params.Audience, Account: s.Params.Account,
		APIURL: s.Params.APIURL, HasAPIKey: s.Params.APIKey != "",
		Created: c.Created, Changed: c.Changed,
	}
	b := a.events.Breaker(c.ID)
	item.Sender = senderItem{b.State, b.Failures, showTime(b.Until)}
	for _, secret := range s.Secrets {
		if secret.Active(a.now()) {
			item.Secrets = append(item.Secrets, secretItem{secret.ID, secret.Created, showTime(secret.Until)})
		}
	}
	if len(s.Mapping) > 0 {
		item.Mapping = s.Mapping
	}
	if source.HasPaths() {
		paths := pathsBody(s.Paths(source))
		item.Paths = &paths
	}
	return item, nil
}

// readConnection shows a connection with how it does.
func (a *API) readConnection(r *http.Request, c store.Connection, counts map[string]map[store.InboxState]int) (connectionItem, error) {
	item, err := a.showConnection(r, c)
	if err != nil {
		return item, err
	}
	item.Events = counts[c.ID]
	latest, err := a.inbox.InboxEvents(r.Context(), c.Supplier, store.InboxQuery{Connection: c.ID, Limit: 1, Brief: true})
	if err != nil || len(latest) == 0 {
		return item, err
	}
	last, err := showHookEvent(latest[0])
	item.Last = &last
	return item, err
}

// replyWithSecret answers with a connection and the secret that was made, or told,
// for it.
func (a *API) replyWithSecret(w http.ResponseWriter, r *http.Request, status int, c store.Connection, secret string) error {
	item, err := a.showConnection(r, c)
	if err != nil {
		return err
	}
	item.Secret = secret
	item.URL = connection.URL(connection.Base(a.publicURL, r), c.ID, connection.Source(c.Source), secret)
	return reply(w, status, item)
}
