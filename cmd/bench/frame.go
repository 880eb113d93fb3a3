package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

// An envelope is what the generator reads of a frame.
type envelope struct {
	Type       string `cbor:"type"`
	SenderID   string `cbor:"senderId"`
	DocumentID string `cbor:"documentId"`
	Data       []byte `cbor:"data"`
	Message    string `cbor:"message"`
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, 0x60, len(s)), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, 0x40, len(b)), b...)
}

func appendHead(dst []byte, major byte, n int) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
}

func joinFrame(peer string) ([]byte, error) {
	return cbor.Marshal(map[string]any{
		"type": "join", "senderId": peer,
		"peerMetadata":              map[string]any{"isEphemeral": true},
		"supportedProtocolVersions": []string{"1"},
	})
}

// appendSync is a sync frame, with the keys in the order of cbor-x.
func appendSync(dst []byte, from, to, document string, data []byte) []byte {
	dst = append(dst, 0xb9, 0, 5)
	dst = appendText(appendText(dst, "type"), "sync")
	dst = appendText(appendText(dst, "targetId"), to)
	dst = appendBytes(appendText(dst, "data"), data)
	dst = appendText(appendText(dst, "documentId"), document)
	return appendText(appendText(dst, "senderId"), from)
}

// appendMessage is an Automerge sync message: these are my heads, this is all
// that I have, and here are changes.
func appendMessage(dst []byte, head crdt.Hash, changes ...[]byte) []byte {
	dst = append(dst, 0x42, 1)
	dst = append(dst, head[:]...)
	dst = append(dst, 0)    // needs nothing
	dst = append(dst, 1, 1) // one have: shared up to head, and nothing since
	dst = append(dst, head[:]...)
	dst = append(dst, 0)
	dst = binary.AppendUvarint(dst, uint64(len(changes)))
	for _, c := range changes {
		dst = append(binary.AppendUvarint(dst, uint64(len(c))), c...)
	}
	return dst
}

// headsOf reads the heads that a sync message announces and no more of it.
func headsOf(data []byte) ([]crdt.Hash, error) {
	if len(data) < 2 || data[0] != 0x42 && data[0] != 0x43 {
		return nil, errors.New("not a sync message")
	}
	n, size := binary.Uvarint(data[1:])
	rest := data[1+max(size, 0):]
	if size <= 0 || n > uint64(len(rest)/32) {
		return nil, fmt.Errorf("sync message of %d bytes is too short for its heads", len(data))
	}
	heads := make([]crdt.Hash, n)
	for i := range heads {
		heads[i] = crdt.Hash(rest[32*i:])
	}
	return heads, nil
}
