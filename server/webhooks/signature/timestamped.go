package signature

import "strings"

// maxSignatures bounds the signatures of one request; it needs two while a
// secret is replaced.
const maxSignatures = 16

// Timestamped verifies what Stripe sends: a header "t=SECONDS,v1=HEX", in which
// v1 is the HMAC-SHA256 of "SECONDS.BODY". There may be several v1; other
// versions are ignored.
func Timestamped(r Request, header string, secrets []string) (Signed, error) {
	text, err := r.header(header)
	seconds, given, readable := parseTimestamped(text)
	right := matches(secrets, func(s string) bool { return signs(s, given, []byte(seconds), []byte("."), r.Body) })
	if err != nil {
		return Signed{}, err
	}
	if !readable {
		return Signed{}, Malformed
	}
	at, err := r.timely(seconds)
	switch {
	case err != nil:
		return Signed{}, err
	case len(given) == 0:
		return Signed{}, Missing
	case !right:
		return Signed{}, Wrong
	}
	return Signed{At: at}, nil
}

// parseTimestamped takes a header apart, or reports that it cannot be read.
func parseTimestamped(text string) (seconds string, given [][]byte, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok:
			return "", nil, false
		case key == "t":
			if seconds != "" {
				return "", nil, false
			}
			seconds = value
		case key == "v1":
			mac, ok := decodeMAC(value, true)
			if !ok || len(given) == maxSignatures {
				return "", nil, false
			}
			given = append(given, mac)
		}
	}
	return seconds, given, true
}
