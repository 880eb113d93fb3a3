package auth

import (
	"context"
	"net/http"
)

// A Door says who requests act for, by whatever they carry.
type Door struct {
	Tokens interface {
		Session(ctx context.Context, token string) (Session, error)
	}
	Tickets *Tickets // nil if there are none
	Limits  *Limits  // nil if there are none
}

// Session says who a request acts for. A ticket that it carries is redeemed. The
// error wraps one of this package, or is a *LimitError, or says what the store
// of tickets could not do.
func (d *Door) Session(r *http.Request) (Session, error) {
	s, err := d.session(r)
	if err != nil {
		return Session{}, d.Limits.Refused(r, err)
	}
	return s, nil
}

func (d *Door) session(r *http.Request) (Session, error) {
	token := FromRequest(r)
	if ticket := ticketFrom(r); token == "" && ticket != "" && d.Tickets != nil {
		return d.Tickets.Redeem(r.Context(), ticket)
	}
	return d.Tokens.Session(r.Context(), token)
}
