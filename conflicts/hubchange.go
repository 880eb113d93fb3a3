package conflicts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// tagPrefix begins the message of every hub change; the tag in hexadecimal follows.
const tagPrefix = "wedsync:"

// epochsAhead is how many hub actors beyond the present one are known as such:
// those that this hub may have used before it lost its store.
const epochsAhead = 8

// maxEpoch bounds how often a record may be lost and come back.
const maxEpoch = 1 << 16

// A hand is how the hub writes one document: under actors of its own, and with a
// tag on each change.
type hand struct {
	id        crdt.RecordID
	secret    []byte
	hubActors []crdt.ActorID // by epoch, those that were asked for
}

// hubActor is the actor under which the hub writes a document. It is reckoned
// once; epochs are counted up from 0.
func (h *hand) hubActor(epoch uint64) crdt.ActorID {
	for e := uint64(len(h.hubActors)); e <= epoch; e++ {
		h.hubActors = append(h.hubActors, h.newHubActor(e))
	}
	return h.hubActors[epoch]
}

func (h *hand) newHubActor(epoch uint64) crdt.ActorID {
	mac := hmac.New(sha256.New, h.secret)
	mac.Write([]byte("wedsync hub actor"))
	mac.Write(h.id[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, epoch))
	return crdt.ActorID(mac.Sum(nil)[:16])
}

// isHubActor reports whether the hub writes, wrote or may have written under an actor.
func (r *Record) isHubActor(a crdt.ActorID) bool {
	r.hubActor(r.ledger.Epoch + epochsAhead) // the last of them
	return slices.Contains(r.hubActors, a)
}

// tag proves that the hub wrote a change: an HMAC of the change with an empty
// message, and of the document, so that it proves nothing in another one.
func (h *hand) tag(c *crdt.Change) string {
	bare := *c
	bare.Message = ""
	return h.tagOf(crdt.Encode(&bare))
}

// tagOf is the tag of a change with an empty message, encoded.
func (h *hand) tagOf(bare []byte) string {
	mac := hmac.New(sha256.New, h.secret)
	mac.Write([]byte("wedsync hub change"))
	mac.Write(h.id[:])
	mac.Write(bare)
	return tagPrefix + hex.EncodeToString(mac.Sum(nil))
}

// genuine reports whether a change is the hub's own. It needs c.Ops.
func (h *hand) genuine(c *crdt.Change) bool {
	return strings.HasPrefix(c.Message, tagPrefix) && hmac.Equal([]byte(c.Message), []byte(h.tag(c)))
}

// build is a new hub change of what b holds.
func (h *hand) build(b *crdt.Builder) *crdt.Change {
	return b.Change(h.tagOf(b.Change("").Raw))
}

// builder begins a hub change over the watched paths of f.
func (r *Record) builder(f *crdt.Fields, now time.Time) *crdt.Builder {
	return crdt.NewBuilder(f, r.graph, r.hubActor(r.ledger.Epoch), now.Unix())
}

// renew raises the epoch until nobody ever wrote under its actor.
func (r *Record) renew() {
	for r.graph.Seq(r.hubActor(r.ledger.Epoch)) > 0 {
		r.ledger.Epoch++
	}
}
