package store

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// An Identity is what makes a hub the same hub after a restart.
type Identity struct {
	Secret    []byte // 32 random bytes; signs tokens and hub changes
	StorageID string // UUID text; what clients know the hub's storage by
	// Epoch begins the positions of the hub's journals, letters and digits. A copy
	// keeps the numbers, and so the epoch.
	Epoch string
}

const (
	secretSize = 32
	epochSize  = 10 // letters and digits, of 5 bits each
	maxEpoch   = 64
)

// NewIdentity makes the identity of a new hub.
func NewIdentity() Identity {
	id := Identity{Secret: make([]byte, secretSize)}
	rand.Read(id.Secret)
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40 // version 4
	u[8] = u[8]&0x3f | 0x80 // of the usual variant
	id.StorageID = fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	id.Epoch = strings.ToLower(rand.Text()[:epochSize])
	return id
}

// Check finds a stored identity corrupt.
func (id Identity) Check() error {
	if len(id.Secret) != secretSize {
		return fmt.Errorf("secret of %d bytes: %w", len(id.Secret), ErrCorrupt)
	}
	notText := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	if id.Epoch == "" || len(id.Epoch) > maxEpoch || strings.ContainsFunc(id.Epoch, notText) {
		return fmt.Errorf("epoch %q: %w", id.Epoch, ErrCorrupt)
	}
	return nil
}
