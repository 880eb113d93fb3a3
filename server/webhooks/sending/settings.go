package sending

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"wedsync/store"
)

// Settings are what an endpoint is set to, and how it does. They hold secrets:
// nobody is shown them as they are.
type Settings struct {
	URL         string   `json:"url"`
	Description string   `json:"description,omitempty"`
	Events      []string `json:"events,omitempty"`     // types and families that it wants; empty for all
	Connection  string   `json:"connection,omitempty"` // of the same CRM; empty for none
	Secrets     []Secret `json:"secrets"`              // the newest first, at most MaxSecrets

	Paused   bool      `json:"paused,omitempty"`   // by a person
	Disabled *Disabled `json:"disabled,omitempty"` // by the hub
	Trouble  *Trouble  `json:"trouble,omitempty"`  // nil if the latest delivery came through
}

// A Secret signs what is sent.
type Secret struct {
	Value string    `json:"value"` // whsec_ and the key in base64
	Until time.Time `json:"until,omitzero"`
}

// Signs reports whether the secret is in use.
func (s Secret) Signs(now time.Time) bool { return s.Until.IsZero() || now.Before(s.Until) }

// A Disabled endpoint is sent nothing until a person says so.
type Disabled struct {
	Reason Reason    `json:"reason"`
	At     time.Time `json:"at"`
}

// A Reason says why an endpoint was disabled.
type Reason string

// The reasons.
const (
	Gone    Reason = "gone"    // the receiver answered 410
	Failing Reason = "failing" // nothing came through for DisableAfter
)

// settingsOf are those of a stored endpoint.
func settingsOf(e store.Endpoint) (Settings, error) {
	var s Settings
	if err := json.Unmarshal(e.Settings, &s); err != nil {
		return Settings{}, fmt.Errorf("settings of endpoint %s: %w", e.ID, err)
	}
	return s, nil
}

// encode is s as a store keeps it.
func (s *Settings) encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("sending: settings: %v", err)) // they hold nothing that JSON cannot
	}
	return b
}

// A Status says whether an endpoint is sent anything.
type Status string

// The statuses.
const (
	Active Status = "active"
	Paused Status = "paused"   // by a person
	Off    Status = "disabled" // by the hub
)

// Status is the endpoint's.
func (s *Settings) Status() Status {
	switch {
	case s.Disabled != nil:
		return Off
	case s.Paused:
		return Paused
	}
	return Active
}

// stands reports whether the endpoint is sent nothing for now.
func (s *Settings) stands() bool { return s.Status() != Active }

// newSecret is one for Standard Webhooks.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

const secretPrefix = "whsec_"

// rotate puts a new secret into use. The one before signs too, for Overlap; none
// before that does.
func (s *Settings) rotate(now time.Time) (secret string) {
	rotated := []Secret{{Value: newSecret()}}
	if len(s.Secrets) > 0 {
		rotated = append(rotated, Secret{s.Secrets[0].Value, now.Add(Overlap)})
	}
	s.Secrets = rotated
	return rotated[0].Value
}

// signing are the secrets that sign now.
func (s *Settings) signing(now time.Time) (secrets []string) {
	for _, secret := range s.Secrets {
		if secret.Signs(now) {
			secrets = append(secrets, secret.Value)
		}
	}
	return secrets
}
