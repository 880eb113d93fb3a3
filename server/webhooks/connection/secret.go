package connection

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"wedsync/server/webhooks/signature"
)

const (
	// MaxSecrets is how many secrets of a connection are in use: that which was
	// made last, and the one before while senders change over.
	MaxSecrets = 2
	// MinSecret is the least number of bytes of a secret.
	MinSecret = 16
	// MaxOverlap is how long the secret before stays in use at most.
	MaxOverlap = 30 * 24 * time.Hour
	// DefaultOverlap is how long it does unless it is said otherwise.
	DefaultOverlap = 24 * time.Hour

	maxSecret = 256 // bytes
)

// A Secret is shared with a sender.
type Secret struct {
	ID      string    `json:"id"`
	Value   string    `json:"value"`
	Created time.Time `json:"created"`
	Until   time.Time `json:"until,omitzero"` // from when on it is not in use; zero for never
}

// Active reports whether a secret is in use.
func (s Secret) Active(now time.Time) bool { return s.Until.IsZero() || now.Before(s.Until) }

// NewSecret makes a secret as the source wants it.
func NewSecret(source Source) string {
	if source != StandardWebhooks {
		return rand.Text()
	}
	key := make([]byte, 32)
	rand.Read(key)
	return signature.StandardPrefix + base64.StdEncoding.EncodeToString(key)
}

// CheckSecret says what is wrong with a secret of the sender's, or nothing.
func CheckSecret(source Source, secret string) string {
	switch {
	case !source.HasSecret():
		return "the source has none: its tokens are Google's"
	case source == StandardWebhooks && !signature.CheckStandard(secret):
		return "must be 24 to 64 bytes in base64, after whsec_ or not"
	case len(secret) < MinSecret || len(secret) > maxSecret:
		return "must have 16 to 256 bytes"
	}
	return ""
}

// Rotate puts a new secret into use. The one that was in use before stays so for
// the overlap, none before it does.
func (s *Settings) Rotate(next Secret, overlap time.Duration) {
	rotated := []Secret{next}
	if len(s.Secrets) > 0 {
		before := s.Secrets[0]
		if until := next.Created.Add(overlap); before.Until.IsZero() || until.Before(before.Until) {
			before.Until = until
		}
		if before.Active(next.Created) {
			rotated = append(rotated, before)
		}
	}
	s.Secrets = rotated
}
