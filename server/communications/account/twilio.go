package account

import (
	"context"
	"errors"
	"regexp"

	"wedsync/conflicts"
	"wedsync/server/communications/source"
)

// What Twilio's ids and tokens look like.
var (
	twilioID    = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	twilioToken = regexp.MustCompile(`^[!-~]{16,128}$`)
)

// ConnectTwilio connects an account of Twilio by its id and auth token, once Twilio
// takes them. The error is a *FaultsError about sid, token or the wish if they are
// wrong.
func (k *Keeper) ConnectTwilio(ctx context.Context, who conflicts.Principal, sid, token string, w Wish) (Account, error) {
	faults := w.Check()
	if !twilioID.MatchString(sid) {
		faults = append(faults, Fault{"sid", "must be the id of a Twilio account: AC and 32 hexadecimal digits"})
	}
	if !twilioToken.MatchString(token) {
		faults = append(faults, Fault{"token", "must be the account's auth token"})
	}
	if len(faults) > 0 {
		return Account{}, &FaultsError{faults}
	}
	if err := k.ready(ctx); err != nil {
		return Account{}, err
	}
	state, err := k.twilio(ctx, sid, token)
	switch {
	case errors.Is(err, source.ErrReconnect), errors.Is(err, source.ErrGone), errors.Is(err, source.ErrForbidden):
		return Account{}, &FaultsError{[]Fault{{"token", "is not what Twilio has for this account"}}}
	case err != nil:
		return Account{}, err
	case state != "active":
		return Account{}, &FaultsError{[]Fault{{"sid", "is of an account that is not active at Twilio"}}}
	}
	return k.save(ctx, who, Twilio, sid, w, secret{Password: token})
}
