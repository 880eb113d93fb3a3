package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
)

// A Sealed is an encrypted secret, as a store may keep it.
type Sealed struct {
	Key  string `json:"key"`      // the id of the key that encrypts the data key
	Data []byte `json:"data_key"` // the data key, encrypted: nonce, ciphertext, tag
	Text []byte `json:"text"`     // the secret, encrypted under the data key, likewise
}

// IsZero reports whether there is no secret.
func (s Sealed) IsZero() bool { return s.Key == "" }

// An Owner is the account that a secret is of.
type Owner struct{ Supplier, Account string }

// What is encrypted, so that neither can be taken for the other.
const (
	ofDataKey = "wedsync vault data key 1"
	ofSecret  = "wedsync vault secret 1"
)

// bind is the additional data of what is encrypted for an owner.
func (o Owner) bind(what string) []byte {
	data := []byte(what)
	for _, text := range []string{o.Supplier, o.Account} {
		data = binary.BigEndian.AppendUint32(data, uint32(len(text)))
		data = append(data, text...)
	}
	return data
}

// ErrAltered means a ciphertext that is not what this key made for this owner.
var ErrAltered = errors.New("it was altered, or is another account's")

// encrypt encrypts a text under a key of keyBytes bytes.
func encrypt(key, text, bound []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, bound), nil
}

// decrypt is the text that encrypt was given, or ErrAltered.
func decrypt(key, sealed, bound []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, ErrAltered
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], bound)
	if err != nil {
		return nil, ErrAltered
	}
	return text, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
