package crdt

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/mr-tron/base58"
	"github.com/oklog/ulid/v2"
)

// A RecordID is the 16 bytes that name a client record. It has two texts: the
// document id that automerge-repo uses on the wire, and the client id of the API.
type RecordID [16]byte

// NewRecordID makes an id for a record that the hub creates: u with the
// version and variant bits of a UUID v4, which old automerge-repo insists on.
func NewRecordID(u ulid.ULID) RecordID {
	id := RecordID(u)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// DocumentID is the id as automerge-repo writes it: base58 of the bytes
// followed by the first four bytes of their double SHA-256, no version byte.
func (id RecordID) DocumentID() string {
	return base58.Encode(append(id[:], checksum(id[:])...))
}

// ClientID is the id as the API writes it: the 26 characters of a ULID.
func (id RecordID) ClientID() string { return ulid.ULID(id).String() }

// String is the document id.
func (id RecordID) String() string { return id.DocumentID() }

// MarshalText is ClientID.
func (id RecordID) MarshalText() ([]byte, error) { return []byte(id.ClientID()), nil }

// UnmarshalText reads a client id or a document id.
func (id *RecordID) UnmarshalText(b []byte) error {
	parsed, err := ParseRecordID(string(b))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ParseDocumentID reads a document id. Ids that are not 16 bytes are refused.
func ParseDocumentID(s string) (RecordID, error) {
	if len(s) > 64 {
		return RecordID{}, fmt.Errorf("document id of %d characters: %w", len(s), ErrMalformed)
	}
	b, err := base58.Decode(s)
	if err != nil || len(b) < 4 {
		return RecordID{}, fmt.Errorf("document id %q is not base58check: %w", s, ErrMalformed)
	}
	payload, sum := b[:len(b)-4], b[len(b)-4:]
	if !bytes.Equal(sum, checksum(payload)) {
		return RecordID{}, fmt.Errorf("document id %q has a wrong checksum: %w", s, ErrMalformed)
	}
	if len(payload) != 16 {
		return RecordID{}, fmt.Errorf("document id %q has %d bytes, 16 are needed: %w", s, len(payload), ErrMalformed)
	}
	if id := RecordID(payload); id != (RecordID{}) {
		return id, nil
	}
	return RecordID{}, fmt.Errorf("document id %q names nothing: its bytes are all zero: %w", s, ErrMalformed)
}

// ParseRecordID reads a client id or a document id. A text that could be either
// is a document id, for that has a checksum.
func ParseRecordID(s string) (RecordID, error) {
	id, err := ParseDocumentID(s)
	if err == nil || len(s) != ulid.EncodedSize {
		return id, err
	}
	if u, ulidErr := ulid.ParseStrict(s); ulidErr == nil && !u.IsZero() {
		return RecordID(u), nil
	}
	return id, err
}

func checksum(b []byte) []byte {
	first := sha256.Sum256(b)
	second := sha256.Sum256(first[:])
	return second[:4]
}
