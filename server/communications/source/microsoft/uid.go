package microsoft

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// How the id that Outlook gives an appointment begins (MS-OXOCAL, 2.2.1.27), and
// how the id goes on that another calendar gave it.
var (
	globalID = []byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}
	foreign  = []byte("vCal-Uid\x01\x00\x00\x00")
)

// Where the parts of such an id are.
const (
	instanceAt = 16 // year, month and day of an instance, 4 bytes
	sizeAt     = 36
	dataAt     = 40
)

// plainUID is an iCalUId as other calendars have it: Outlook writes the day of an
// instance into it, and wraps ids of others.
func plainUID(uid string) string {
	raw, err := hex.DecodeString(uid)
	if err != nil || len(raw) < dataAt || !bytes.HasPrefix(raw, globalID) {
		return uid
	}
	data := raw[dataAt:]
	if size := binary.LittleEndian.Uint32(raw[sizeAt:dataAt]); uint64(size) < uint64(len(data)) {
		data = data[:size]
	}
	if theirs, ok := bytes.CutPrefix(data, foreign); ok {
		return string(bytes.TrimRight(theirs, "\x00"))
	}
	copy(raw[instanceAt:], []byte{0, 0, 0, 0})
	return strings.ToUpper(hex.EncodeToString(raw))
}
