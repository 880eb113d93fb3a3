package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/textproto"
	"strconv"
	"time"
)

const (
	// Tolerance is how far a signed time may lie from now, before and after.
	Tolerance = 5 * time.Minute
	// MaxID bounds the bytes of a delivery's id.
	MaxID = 256
)

// A Request is a webhook as it came.
type Request struct {
	Header map[string][]string // by canonical names, as of [net/http.Header]
	URL    string              // that it was sent to, as its sender knows it
	Body   []byte
	Now    time.Time
}

// Signed is what a signature covers beside the body.
type Signed struct {
	ID string    // of the delivery, the same when it is sent again; empty if none is signed
	At time.Time // when it was sent; zero if that is not signed
}

// A Reason is why a request is refused. As an error it does not tell: what would
// help an honest sender helps others more.
type Reason string

// The reasons.
const (
	Missing   Reason = "missing"   // there is no signature, or not all that belongs to it
	Malformed Reason = "malformed" // it cannot be read
	Untimely  Reason = "untimely"  // it was made too long ago, or in the future
	Wrong     Reason = "wrong"     // it is not that of a secret
)

// Error is the same for all reasons.
func (Reason) Error() string { return "the request does not show whose it is" }

// header is the only value of a header. Two of them are no signature, since
// those on the way may read the first or the last.
func (r Request) header(name string) (string, error) {
	values := r.Header[textproto.CanonicalMIMEHeaderKey(name)]
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", Missing
	case len(values) > 1:
		return "", Malformed
	}
	return values[0], nil
}

// timely reads a time in seconds that lies close to now.
func (r Request) timely(seconds string) (time.Time, error) {
	const digits = 12 // as many as the years to come need
	if seconds == "" {
		return time.Time{}, Missing
	}
	n, err := strconv.ParseUint(seconds, 10, 63)
	if err != nil || len(seconds) > digits {
		return time.Time{}, Malformed
	}
	at := time.Unix(int64(n), 0)
	if d := r.Now.Sub(at); d > Tolerance || d < -Tolerance {
		return time.Time{}, Untimely
	}
	return at, nil
}

// unshared is what is computed with where there is no secret, so that this takes
// as long as with one.
const unshared = "there is no secret"

// matches reports whether right says so of a secret. It asks for each of them,
// and once if there is none.
func matches(secrets []string, right func(secret string) bool) bool {
	found := 0
	for _, secret := range secrets {
		if right(secret) {
			found++
		}
	}
	if len(secrets) == 0 {
		right(unshared)
	}
	return found > 0
}

// signs reports whether a secret makes one of the signatures of a message. It
// does the same work whatever the answer is.
func signs(secret string, given [][]byte, message ...[]byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range message {
		mac.Write(part)
	}
	want, found := mac.Sum(nil), 0
	for _, signature := range given {
		if hmac.Equal(want, signature) {
			found++
		}
	}
	return found > 0
}
