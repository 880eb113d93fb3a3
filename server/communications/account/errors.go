package account

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"wedsync/server/communications/source"
)

// Why an account cannot be connected or read, beside the errors of source.
var (
	// ErrPaused means an account that is not to be read for now.
	ErrPaused = errors.New("the account is paused")
	// ErrState means a connection that nobody began here, or too long ago, or that
	// was ended before.
	ErrState = errors.New("the connection was not begun here, or too long ago: begin it again")
	// ErrBusy means that others change the account all the time.
	ErrBusy = errors.New("the account is being changed by others")
)

// A SetupError means that whoever runs the hub has something to do first.
type SetupError struct{ Todo string }

func (e *SetupError) Error() string { return e.Todo }

// A RefusedError means that a provider does not let the account in.
type RefusedError struct {
	Provider Provider
	Reason   string // in words for anybody
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %s", e.Provider, e.Reason) }

// Is makes what is refused a thing that only its owner can help.
func (e *RefusedError) Is(target error) bool { return target == source.ErrReconnect }

// grantError is what an endpoint for tokens said, without anything that it was
// sent: answers may repeat that.
func (k *Keeper) grantError(p Provider, err error) error {
	var said *oauth2.RetrieveError
	var unreached *url.Error
	switch {
	case errors.As(err, &unreached):
		return fmt.Errorf("%w: %s: %w", source.ErrTemporary, p, unreached.Err)
	case !errors.As(err, &said):
		return fmt.Errorf("%w: that of %s about a token", source.ErrUnreadable, p)
	}
	switch said.ErrorCode {
	case "invalid_grant", "interaction_required", "consent_required", "login_required":
		return &RefusedError{p, "the permission to read the account was taken back, or is too old"}
	case "invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type":
		return &SetupError{fmt.Sprintf("%s does not take the hub's client id and secret (%s): see --%[1]s-client-id", p, said.ErrorCode)}
	}
	return statusError(p, said.Response)
}

// statusError is what an answer without success means.
func statusError(p Provider, r *http.Response) error {
	switch r.StatusCode {
	case http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(strings.TrimSpace(r.Header.Get("Retry-After")))
		if err != nil || seconds < 0 {
			seconds = 0
		}
		return &source.LimitError{After: min(time.Duration(seconds)*time.Second, maxRetryAfter)}
	case http.StatusUnauthorized:
		return &RefusedError{p, "it does not know this account's token or password (any more)"}
	case http.StatusForbidden:
		return fmt.Errorf("%w: %s", source.ErrForbidden, p)
	case http.StatusNotFound:
		return fmt.Errorf("%w: %s", source.ErrGone, p)
	}
	return fmt.Errorf("%w: %s answered with status %d", source.ErrTemporary, p, r.StatusCode)
}

// maxRetryAfter bounds how long a provider can have itself left alone.
const maxRetryAfter = time.Hour
