package calling

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"wedsync/server/communications/source"
)

// A verdict says what an answer means.
type verdict struct {
	name    string // for the metrics
	err     error  // nil for a success
	again   bool   // it may be asked again
	wait    bool   // but not at once
	refused bool   // for what it authenticated with
	limited bool   // because of the provider's quota
	after   time.Duration
}

// judge is the verdict on an answer.
func judge(a source.Answer, r source.Request) verdict {
	if a.Status/100 == 2 {
		return verdict{name: "success"}
	}
	after := retryAfter(a.Header, time.Now())
	if r.Judge != nil {
		if err := r.Judge(a.Status, a.Header, a.Body); err != nil {
			return judged(err, after, mayRepeat(r.Method))
		}
	}
	switch {
	case a.Status == http.StatusUnauthorized:
		return verdict{name: "unauthorized", refused: true, err: fmt.Errorf("%w: it refuses what the account authenticates with", source.ErrTemporary)}
	case a.Status == http.StatusTooManyRequests,
		a.Status == http.StatusForbidden && usedUp(a.Body),
		a.Status == http.StatusServiceUnavailable && after > 0:
		return judged(&source.LimitError{After: after}, after, true)
	case a.Status == http.StatusForbidden:
		return verdict{name: "forbidden", err: source.ErrForbidden}
	case a.Status == http.StatusNotFound, a.Status == http.StatusGone:
		return verdict{name: "gone", err: source.ErrGone}
	case a.Status >= 500, a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly:
		return judged(fmt.Errorf("%w: status %d", source.ErrTemporary, a.Status), 0, mayRepeat(r.Method))
	}
	return verdict{name: "other", err: fmt.Errorf("%w: status %d", source.ErrUnreadable, a.Status)}
}

// judged is the verdict on an answer that means some error.
func judged(err error, after time.Duration, repeat bool) verdict {
	var limit *source.LimitError
	switch {
	case errors.As(err, &limit):
		return verdict{name: "limited", err: err, again: true, limited: true, after: max(limit.After, after)}
	case errors.Is(err, source.ErrTemporary), errors.Is(err, source.ErrUnreadable):
		return verdict{name: "failed", err: err, again: repeat, wait: true}
	}
	return verdict{name: "other", err: err}
}

// broken reports whether a call's error is of the kind that has its account left
// alone if there are more.
func broken(err error) bool {
	var limit *source.LimitError
	return !errors.As(err, &limit) && (errors.Is(err, source.ErrTemporary) || errors.Is(err, source.ErrUnreadable))
}

// quotas are the reasons by which Google says with 403 that a quota is used up.
var quotas = []string{"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}

// A reason is one of those that Google gives for a failure.
type reason struct {
	Reason string `json:"reason"`
}

// usedUp reports whether the body of a refusal says so.
func usedUp(body []byte) bool {
	var said struct {
		Error struct {
			Errors []reason `json:"errors"`
		} `json:"error"`
	}
	return json.Unmarshal(body, &said) == nil &&
		slices.ContainsFunc(said.Error.Errors, func(r reason) bool { return slices.Contains(quotas, r.Reason) })
}

// retryAfter is how long a provider wants to be left alone, 0 if it does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(0, seconds), int(maxPause/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date // by the clock that made it
	}
	return min(max(0, at.Sub(now)), maxPause)
}
