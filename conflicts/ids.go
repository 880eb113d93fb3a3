package conflicts

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
)

// newID is the id of a conflict or a proposal. It follows from what it is
// about, so that two hubs that judge the same edit give it the same id.
func newID(now time.Time, what string, record crdt.RecordID, path crdt.Path, cause string) string {
	h := sha256.New()
	for _, part := range []string{what, string(record[:]), string(path), cause} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	id := ulid.ULID(h.Sum(nil)[:16])
	if err := id.SetTime(ulid.Timestamp(now)); err != nil {
		return id.String() // a clock beyond the year 10889 orders nothing
	}
	return id.String()
}
