package signature

import (
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	twilio "github.com/twilio/twilio-go/client"
)

// maxParams bounds the parameters of a form.
const maxParams = 1000

// Twilio verifies X-Twilio-Signature, the base64 of the HMAC-SHA1 of the URL and
// the form's sorted parameters. A body that is no form is named by its SHA-256 in
// the URL's parameter bodySHA256. No time and no id are signed. A secret is the
// auth token of the account.
func Twilio(r Request, secrets []string) (Signed, error) {
	given, err := r.header("X-Twilio-Signature")
	params, readable := twilioParams(r)
	mac, badMAC := base64.StdEncoding.DecodeString(given)
	right := matches(secrets, func(secret string) bool {
		validator := twilio.NewRequestValidator(secret)
		if params == nil {
			return validator.ValidateBody(r.URL, r.Body, given)
		}
		return validator.Validate(r.URL, params, given)
	})
	switch {
	case err != nil:
		return Signed{}, err
	case !readable || badMAC != nil || len(mac) != sha1.Size:
		return Signed{}, Malformed
	case !right:
		return Signed{}, Wrong
	}
	return Signed{}, nil
}

// twilioParams are the parameters of a form by name, nil if the body is no form,
// whose hash is in the URL then. Twilio signs the values of a name that comes
// more than once in order, each with the name before it; the library takes one
// value, so that they are put together here.
func twilioParams(r Request) (params map[string]string, ok bool) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return map[string]string{}, false
	}
	if u.Query().Get("bodySHA256") != "" {
		return nil, true
	}
	if strings.Count(string(r.Body), "&") >= maxParams {
		return map[string]string{}, false
	}
	form, err := url.ParseQuery(string(r.Body))
	params = make(map[string]string, len(form))
	for name, values := range form {
		slices.Sort(values)
		params[name] = strings.Join(slices.Compact(values), name)
	}
	return params, err == nil
}
