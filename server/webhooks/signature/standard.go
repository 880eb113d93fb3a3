package signature

import (
	"cmp"
	"encoding/base64"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// StandardPrefix begins a secret of Standard.
const StandardPrefix = "whsec_"

// Standard verifies by the Standard Webhooks specification: webhook-id,
// webhook-timestamp and webhook-signature, a list of "v1,BASE64" in which one
// must be the HMAC-SHA256 of "ID.SECONDS.BODY". The headers of Svix, svix-id and
// so on, are taken as well. A secret is base64, after "whsec_" or not.
// Signatures by key pairs (v1a) are ignored.
func Standard(r Request, secrets []string) (Signed, error) {
	family := "webhook-"
	if _, err := r.header("webhook-signature"); err == Missing {
		if _, err := r.header("svix-signature"); err == nil {
			family = "svix-"
		}
	}
	id, noID := r.header(family + "id")
	seconds, noTime := r.header(family + "timestamp")
	given, noSignature := r.header(family + "signature")
	at, untimely := r.timely(seconds)
	right := standardMatches(secrets, r.Body, id, seconds, given)
	switch err := cmp.Or(noID, noTime, noSignature, untimely); {
	case err != nil:
		return Signed{}, err
	case len(id) > MaxID || strings.Contains(id, "."): // the full stop ends the id in what is signed
		return Signed{}, Malformed
	case !right:
		return Signed{}, Wrong
	}
	return Signed{ID: id, At: at}, nil
}

// standardMatches reports whether one of the secrets makes one of the signatures.
func standardMatches(secrets []string, body []byte, id, seconds, given string) bool {
	header := map[string][]string{
		"Webhook-Id": {id}, "Webhook-Timestamp": {cmp.Or(seconds, "0")}, "Webhook-Signature": {cmp.Or(given, "v1,")},
	}
	return matches(secrets, func(secret string) bool {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil { // none that CheckStandard lets in, or there is none
			return signs(secret, nil, body)
		}
		return hook.VerifyIgnoringTimestamp(body, header) == nil
	})
}

// CheckStandard reports whether a text can be a secret of Standard.
func CheckStandard(secret string) bool {
	const least, most = 24, 64 // bytes, says the specification
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, StandardPrefix))
	return err == nil && least <= len(key) && len(key) <= most
}
