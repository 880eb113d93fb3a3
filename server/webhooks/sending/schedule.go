package sending

import (
	"net/http"
	"strconv"
	"time"
)

// retries are when a delivery is tried after its first attempt, by the
// specification of Standard Webhooks.
var retries = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// retry is when a delivery whose attempt failed is tried again: at the next time
// of the schedule or up to a tenth of the way later, by chance from 0 to 1, and not
// before the receiver wants it. ok is false once it is given up.
func retry(first, now time.Time, wanted time.Duration, chance float64) (at time.Time, ok bool) {
	for _, after := range retries {
		at := first.Add(after)
		if !at.After(now) {
			continue
		}
		at = at.Add(time.Duration(chance * float64(at.Sub(now)) / 10))
		if last := first.Add(retries[len(retries)-1]); now.Add(wanted).After(at) {
			at = now.Add(min(wanted, max(0, last.Sub(now))))
		}
		return at, true
	}
	return time.Time{}, false
}

// retryAfter is how long an answer's Retry-After wants us to wait, 0 if it does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
