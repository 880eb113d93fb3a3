package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

// A Ticket opens one socket or event stream in place of a token.
type Ticket struct {
	Ticket    string    `json:"ticket" doc:"Goes into the URL of a socket or event stream as ?ticket=; good for one."`
	ExpiresAt time.Time `json:"expires_at" doc:"When it cannot be used any more. What it opened ends when the token does."`
}

// CreateTicketDoc describes POST /api/realtime/ticket.
var CreateTicketDoc = Doc{
	ID: "createTicket", Tag: "Realtime", Summary: "Get a ticket for one socket", May: Readers,
	Detail: "For sockets and event streams that a browser opens, which can send no header: a token in a URL is seen by whatever logs URLs, a ticket " +
		"may be. Put it there as `?ticket=`, on any node. Whoever redeems it acts as its maker does, until the maker's token ends: then what it " +
		"opened is closed with **4401**.",
	Answers: []Answer{{Status: http.StatusCreated, Body: Ticket{}, Says: "The ticket. It can be used once, within 30 seconds."}},
}

// CreateTicket answers POST /api/realtime/ticket. It needs no body, and no
// idempotency key: a ticket whose answer was lost is of no use to anybody.
func (a *API) CreateTicket(w http.ResponseWriter, r *http.Request, _ conflicts.Principal) error {
	// An endpoint is told who asks, but not until when: the token says so again.
	session, err := a.door.Tokens.Session(r.Context(), auth.FromRequest(r))
	if err != nil {
		return err
	}
	ticket, until, err := a.door.Tickets.Issue(r.Context(), session)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, Ticket{ticket, until.UTC()})
}
