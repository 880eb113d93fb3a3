package providers

import (
	"net/http"
	"strconv"
	"time"
)

// A failure is an answer that is no success, in whatever words a provider has for it.
type failure struct {
	status  int
	reason  string // Google's reason, Graph's code, the OAuth error
	code    int    // Twilio's
	message string
	after   time.Duration // what Retry-After says; 0 for none, less for "0"
	oauth   bool          // of a token endpoint
}

// Error implements [error].
func (f failure) Error() string { return f.reason + ": " + f.message }

// answer is the failure as a provider says it.
func (f failure) answer(p Provider) answer {
	a := answer{status: f.status, header: make(http.Header)}
	if f.after != 0 {
		a.header.Set("Retry-After", strconv.Itoa(max(0, int(f.after.Round(time.Second)/time.Second))))
	}
	switch {
	case f.oauth:
		a.body = map[string]any{"error": f.reason, "error_description": f.message}
	case p == Google:
		a.body = map[string]any{"error": map[string]any{
			"code": f.status, "message": f.message,
			"errors": []any{map[string]any{"domain": "global", "reason": f.reason, "message": f.message}},
		}}
	case p == Microsoft:
		a.body = map[string]any{"error": map[string]any{
			"code": f.reason, "message": f.message,
			"innerError": map[string]any{"request-id": "00000000-0000-0000-0000-000000000000"},
		}}
	default:
		a.body = map[string]any{
			"code": f.code, "message": f.message, "status": f.status,
			"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(f.code),
		}
	}
	return a
}

// unauthorized is the failure of a token or password that is not accepted.
func unauthorized(p Provider) failure {
	switch p {
	case Microsoft:
		return failure{status: http.StatusUnauthorized, reason: "InvalidAuthenticationToken", message: "Access token has expired or is not yet valid."}
	case Twilio:
		return failure{status: http.StatusUnauthorized, code: 20003, message: "Authenticate"}
	}
	return failure{status: http.StatusUnauthorized, reason: "authError", message: "Invalid Credentials"}
}

// limited is the failure of too many requests, in the words without a time to come
// back that a provider uses if silent.
func limited(p Provider, after time.Duration, silent bool) failure {
	f := failure{status: http.StatusTooManyRequests, after: after}
	if after == 0 && !silent {
		f.after = -1
	}
	switch p {
	case Microsoft:
		f.reason, f.message = "TooManyRequests", "Too many requests."
	case Twilio:
		f.code, f.message = 20429, "Too Many Requests"
	default:
		f.reason, f.message = "rateLimitExceeded", "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."
		if silent {
			f.status, f.reason, f.message = http.StatusForbidden, "userRateLimitExceeded", "User Rate Limit Exceeded"
		}
	}
	return f
}

// broken is the failure of a provider that has trouble of its own.
func broken(p Provider) failure {
	switch p {
	case Microsoft:
		return failure{status: http.StatusServiceUnavailable, reason: "ServiceNotAvailable", message: "The service is unavailable."}
	case Twilio:
		return failure{status: http.StatusServiceUnavailable, code: 20503, message: "Service Unavailable"}
	}
	return failure{status: http.StatusServiceUnavailable, reason: "backendError", message: "Backend Error"}
}
