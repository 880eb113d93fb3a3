package account

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"wedsync/conflicts"
)

// ConnectWithin is how long a person has to agree at the provider.
const ConnectWithin = 10 * time.Minute

// maxState bounds the length of a state that is looked at, in bytes.
const maxState = 8 << 10

// A Connecting is a connection that a person began and whose provider has yet to
// say that it agrees.
type Connecting struct {
	Who      conflicts.Principal `json:"who"`
	Provider Provider            `json:"provider"`
	Wish     Wish                `json:"wish,omitzero"`
	Browser  string              `json:"browser"`  // chance that the browser which began it has as a cookie
	Verifier string              `json:"verifier"` // of PKCE
	Redirect string              `json:"redirect"` // where the provider sends the browser
	Until    time.Time           `json:"until"`
}

// states keeps connections while they are under way: with whoever is under way,
// sealed, so that any hub of the store can end what another began.
type states struct{ aead cipher.AEAD }

func newStates(identity []byte) states {
	mac := hmac.New(sha256.New, identity)
	mac.Write([]byte("wedsync account state key 1"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic(err) // a bug: the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // a bug: it is AES
	}
	return states{aead}
}

// seal is a connection as a text for URLs, which nobody else can read or make.
func (s states) seal(c Connecting) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, text, nil)), nil
}

// open is the connection of a text, or ErrState.
func (s states) open(text string, now time.Time) (c Connecting, err error) {
	if len(text) > maxState {
		return c, ErrState
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < s.aead.NonceSize() {
		return c, ErrState
	}
	plain, err := s.aead.Open(nil, sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():], nil)
	if err != nil {
		return c, ErrState
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("%w: %w", ErrState, err)
	}
	if !now.Before(c.Until) {
		return c, ErrState
	}
	return c, nil
}
