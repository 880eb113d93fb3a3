package pushing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"wedsync/server/communications/account"
	"wedsync/server/communications/source"
)

// The paths of the URLs; an account's id follows that of Microsoft.
const (
	GooglePath    = "/api/integrations/communication/push/google"
	MicrosoftPath = "/api/integrations/communication/push/microsoft/"
)

// Targets are where providers are to say that something has changed.
type Targets struct {
	PublicURL string // of the hub, as providers reach it; empty if they do not
	Identity  []byte // the secret that all hubs of the store have
	Topic     string // of Pub/Sub, which Gmail tells; empty for none
}

// Of is where a provider is to say that something has changed in an account, or
// why it is not to, in words for anybody.
func (t Targets) Of(provider, id string) (to source.Push, whyNot string) {
	switch account.Provider(provider) {
	case account.Google:
		if t.Topic == "" {
			return source.Push{}, "the hub has no topic for it (--google-topic)"
		}
		return source.Push{Topic: t.Topic}, ""
	case account.Microsoft:
		if t.PublicURL == "" {
			return source.Push{}, "the hub does not know its URL (--public-url)"
		}
		return source.Push{URL: strings.TrimRight(t.PublicURL, "/") + MicrosoftPath + id, Secret: t.secret(id)}, ""
	}
	return source.Push{}, "the provider does not say so"
}

// secret is what whoever tells of an account repeats.
func (t Targets) secret(id string) string {
	mac := hmac.New(sha256.New, t.Identity)
	mac.Write([]byte("wedsync push secret 1 " + id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
