package main

import (
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"
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

// appendFrame is a frame of type sync or request, with the keys in the order of
// cbor-x.
func appendFrame(dst []byte, kind, from, to, document string, data []byte) []byte {
	dst = append(dst, 0xb9, 0, 5)
	dst = appendText(appendText(dst, "type"), kind)
	dst = appendText(appendText(dst, "targetId"), to)
	dst = appendBytes(appendText(dst, "data"), data)
	dst = appendText(appendText(dst, "documentId"), document)
	return appendText(appendText(dst, "senderId"), from)
}
