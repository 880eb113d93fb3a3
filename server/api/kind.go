package api

import "net/http"

// A Kind is a kind of problem document. Callers tell problems apart by it: it is
// what the member type says after urn:wedsync:problem:.
type Kind struct {
	Name   string
	Status int
	Title  string
}

// The kinds.
var (
	Malformed       = Kind{"malformed", http.StatusBadRequest, "The request cannot be read"}
	NoToken         = Kind{"no-token", http.StatusUnauthorized, "A token is needed"}
	TokenExpired    = Kind{"token-expired", http.StatusUnauthorized, "The token has expired"}
	BadToken        = Kind{"bad-token", http.StatusUnauthorized, "The token is not valid here"}
	Unsigned        = Kind{"unsigned", http.StatusUnauthorized, "The request does not show whose it is"}
	Paused          = Kind{"paused", http.StatusGone, "The connection takes no events now"}
	Forbidden       = Kind{"forbidden", http.StatusForbidden, "Your role does not allow this"}
	Revoked         = Kind{"revoked", http.StatusForbidden, "This access was taken away"}
	NotFound        = Kind{"not-found", http.StatusNotFound, "There is no such thing"}
	NoSuchURL       = Kind{"no-such-url", http.StatusNotFound, "There is no such URL"}
	Method          = Kind{"method", http.StatusMethodNotAllowed, "This URL does not know the method"}
	Stale           = Kind{"stale", http.StatusConflict, "The conflict has moved on"}
	PolicyMoved     = Kind{"stale", http.StatusConflict, "The policy has moved on"}
	EventMoved      = Kind{"stale", http.StatusConflict, "The event has moved on"}
	EventState      = Kind{"event-state", http.StatusConflict, "The event is in another state"}
	ConnectionMoved = Kind{"stale", http.StatusConflict, "The connection has moved on"}
	AccountLost     = Kind{"account-lost", http.StatusConflict, "The hub cannot read what it stored of the account"}
	AccountMoved    = Kind{"stale", http.StatusConflict, "The account has moved on"}
	NotBegun        = Kind{"not-begun", http.StatusConflict, "This browser did not begin the connection"}
	ProviderRefused = Kind{"provider-refused", http.StatusConflict, "The provider does not let the hub in"}
	Setup           = Kind{"setup", http.StatusConflict, "Whoever runs the hub has to set something up first"}
	Closed          = Kind{"closed", http.StatusConflict, "The entry is closed"}
	Oneself         = Kind{"oneself", http.StatusConflict, "Nobody takes their own access away"}
	NotReopened     = Kind{"not-reopened", http.StatusConflict, "The conflict cannot be reopened"}
	KeyBusy         = Kind{"key-busy", http.StatusConflict, "The same command is being worked on"}
	UnknownRevision = Kind{"unknown-revision", http.StatusPreconditionFailed, "The record does not have that revision"}
	TooLarge        = Kind{"too-large", http.StatusRequestEntityTooLarge, "The request is too large"}
	MediaType       = Kind{"media-type", http.StatusUnsupportedMediaType, "The body is of another content type"}
	Invalid         = Kind{"invalid", http.StatusUnprocessableEntity, "The request breaks rules"}
	Unfit           = Kind{"unfit", http.StatusUnprocessableEntity, "The value does not fit the field"}
	UnknownValue    = Kind{"unknown-value", http.StatusUnprocessableEntity, "The entry has no value of that change"}
	UnknownProposal = Kind{"unknown-proposal", http.StatusUnprocessableEntity, "The conflict has no such open proposal"}
	TooMany         = Kind{"too-many", http.StatusUnprocessableEntity, "There are too many of these already"}
	TooLong         = Kind{"too-long", http.StatusUnprocessableEntity, "The history is too long to be told at once"}
	Limit           = Kind{"limit", http.StatusUnprocessableEntity, "The edit is larger than a record takes at once"}
	TooWide         = Kind{"too-wide", http.StatusUnprocessableEntity, "The records have too many fields for one table"}
	BadCells        = Kind{"bad-cells", http.StatusUnprocessableEntity, "The table has cells that cannot be imported"}
	Taken           = Kind{"taken", http.StatusConflict, "The client_id cannot be used for a new client"}
	ImportBusy      = Kind{"import-busy", http.StatusConflict, "Another import is being worked on"}
	KeyReused       = Kind{"key-reused", http.StatusUnprocessableEntity, "The idempotency key was used for another request"}
	RateLimited     = Kind{"rate-limited", http.StatusTooManyRequests, "Too much is asked at once"}
	NoSocket        = Kind{"no-socket", http.StatusUpgradeRequired, "This URL speaks WebSocket"}
	Crowded         = Kind{"crowded", http.StatusServiceUnavailable, "Too many listen"}
	Internal        = Kind{"internal", http.StatusInternalServerError, "The hub could not do this"}
	ProviderAway    = Kind{"provider-away", http.StatusBadGateway, "The provider did not answer as it should"}
	Unavailable     = Kind{"unavailable", http.StatusServiceUnavailable, "The hub cannot do this now"}
	KeysUnavailable = Kind{"keys-unavailable", http.StatusServiceUnavailable, "The token cannot be checked now"}
)

// Type is what the member type of the problem document says.
func (k Kind) Type() string { return "urn:wedsync:problem:" + k.Name }

func (k Kind) problem(detail string, faults ...Fault) Problem {
	return Problem{Type: k.Type(), Title: k.Title, Status: k.Status, Detail: detail, Errors: faults}
}

// notThere is the detail of problems about what is not found. What is another
// supplier's looks as what never was.
const notThere = "It may have been deleted since; its list shows what there is."

// nothingChanged is the detail of problems that pass by themselves.
const nothingChanged = "Nothing was changed. Try again in a moment."
