package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// HMAC verifies the hexadecimal HMAC-SHA256 of the body in a header, after a
// prefix: X-Webhook-Signature and none, or X-Hub-Signature-256 and "sha256=" as
// GitHub has it. No time and no id are signed.
func HMAC(r Request, header, prefix string, secrets []string) (Signed, error) {
	given, err := r.header(header)
	mac, readable := decodeMAC(strings.CutPrefix(given, prefix))
	right := matches(secrets, func(s string) bool { return signs(s, [][]byte{mac}, r.Body) })
	switch {
	case err != nil:
		return Signed{}, err
	case !readable:
		return Signed{}, Malformed
	case !right:
		return Signed{}, Wrong
	}
	return Signed{}, nil
}

// decodeMAC reads the text of a MAC if ok, and reports whether it is one.
func decodeMAC(text string, ok bool) ([]byte, bool) {
	if !ok || len(text) != hex.EncodedLen(sha256.Size) {
		return nil, false
	}
	mac, err := hex.DecodeString(text)
	return mac, err == nil
}
