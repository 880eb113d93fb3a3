package hub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"wedsync/crdt"
)

// SeriesID is the id of the nth record of a series: the same whenever and on
// whichever node of the hub it is asked for, and known to nobody who does not know
// the hub's secret. The ids of a series ascend with n.
func (h *Hub) SeriesID(series string, n uint16) crdt.RecordID {
	of := func(what string) []byte {
		mac := hmac.New(sha256.New, h.env.Secret)
		_, _ = mac.Write([]byte("record of a series\x00" + what)) // a hash takes everything
		return mac.Sum(nil)
	}
	var id crdt.RecordID
	copy(id[:6], of(series))
	// n stands around the bits that say that the rest is random, as in a UUID v4.
	id[6], id[7], id[8] = 0x40|byte(n>>12), byte(n>>4), 0x80|byte(n&0xf)
	copy(id[9:], of(series+string(binary.BigEndian.AppendUint16([]byte{0}, n))))
	return id
}
