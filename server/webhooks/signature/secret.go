package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
)

// URLToken is what a secret URL of a connection carries in its parameter token.
// It tells nothing of the secret, since URLs come to stand in logs.
func URLToken(secret, connection string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("webhook url of " + connection))
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

// Secret verifies that a request came to the connection's secret URL and, unless
// header is empty, that this header has the secret itself. Nothing is signed.
func Secret(r Request, connection, header string, secrets []string) (Signed, error) {
	token, noToken := r.urlToken()
	given, noHeader := token, noToken
	if header != "" {
		given, noHeader = r.header(header)
	}
	right := matches(secrets, func(secret string) bool {
		here := equal(token, URLToken(secret, connection))
		return (header == "" || equal(given, secret)) && here
	})
	switch {
	case noToken != nil:
		return Signed{}, noToken
	case noHeader != nil:
		return Signed{}, noHeader
	case !right:
		return Signed{}, Wrong
	}
	return Signed{}, nil
}

// urlToken is the only parameter token of the URL.
func (r Request) urlToken() (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", Malformed
	}
	query, err := url.ParseQuery(u.RawQuery)
	switch tokens := query["token"]; {
	case err != nil || len(tokens) > 1:
		return "", Malformed
	case len(tokens) == 0 || tokens[0] == "":
		return "", Missing
	default:
		return tokens[0], nil
	}
}

// equal compares texts without telling by its time how they differ, or how long
// the secret one is.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}
