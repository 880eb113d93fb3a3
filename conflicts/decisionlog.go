package conflicts

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"wedsync/crdt"
)

// An Act is what an entry of the decision log tells.
type Act string

// The acts.
const (
	ActDecided   Act = "decided"   // a value became the next revision of a field, whatever the cause
	ActReopened  Act = "reopened"  // a decided conflict
	ActWithdrawn Act = "withdrawn" // a proposal, by somebody who may resolve and is no author of it
	// ActRecovered says that the hub had lost its store, in whole or in part: of
	// what it decided before, only what stands above this entry is known.
	ActRecovered Act = "recovered"
)

// A LogEntry is one entry of a record's decision log. Entries are numbered from
// 1, and each names the hash of the one before it, so that none of them can be
// changed, left out or added unnoticed once its successor, or the ledger, names
// its hash. They are kept where their batch is, beside its origin; the ledger
// keeps how many there are and the last hash.
type LogEntry struct {
	Number   uint64     `json:"number"`
	Previous crdt.Hash  `json:"previous,omitzero"` // hash of the entry before; zero for the first
	Act      Act        `json:"act"`
	At       time.Time  `json:"at"` // the hub's clock
	By       Author     `json:"by"` // who decided; of ActRecovered, who brought back what was lost
	Field    crdt.Path  `json:"field,omitempty"`
	Revision uint64     `json:"revision,omitempty"` // of the field, after the act
	Value    crdt.Value `json:"value,omitzero"`     // of the field, after the act; of ActWithdrawn, what was proposed
	Cause    Cause      `json:"cause,omitempty"`    // of ActDecided, as are the next four
	Rule     int        `json:"rule,omitempty"`     // of Decide, if an edit
	Change   crdt.Hash  `json:"change,omitzero"`    // established the revision
	Action   Action     `json:"action,omitempty"`   // how a person decided
	Note     string     `json:"note,omitempty"`
	Conflict string     `json:"conflict,omitempty"` // that was decided or reopened, or the proposal's
	Proposal string     `json:"proposal,omitempty"` // that was accepted or withdrawn
	Former   string     `json:"former,omitempty"`   // of ActReopened: the new conflict reopens this one
}

// Hash is what the next entry calls Previous. It is the SHA-256 of the text
// "wedsync decision", the record's 16 bytes, and the members in the order of the
// type, each with its length before it as an unsigned varint. Numbers are
// written in decimal, hashes in hexadecimal (64 zeroes for none), times as
// RFC 3339 in UTC with as many digits of the second as it has, the value as its
// JSON, and the author as its members in their order: user, device, role, actor,
// carried by.
func (e *LogEntry) Hash(record crdt.RecordID) crdt.Hash {
	value, err := json.Marshal(e.Value)
	if err != nil {
		panic(fmt.Sprintf("conflicts: value of decision %d of %s: %v", e.Number, record, err)) // JSON has a word for every kind
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	h := sha256.New()
	for _, part := range []string{
		"wedsync decision", string(record[:]),
		number(e.Number), e.Previous.String(), string(e.Act), e.At.UTC().Format(time.RFC3339Nano),
		e.By.User, e.By.Device, string(e.By.Role), e.By.Actor, e.By.CarriedBy,
		string(e.Field), number(e.Revision), string(value), string(e.Cause), strconv.Itoa(e.Rule), e.Change.String(),
		string(e.Action), e.Note, e.Conflict, e.Proposal, e.Former,
	} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return crdt.Hash(h.Sum(nil))
}

// String names the entry for people.
func (e *LogEntry) String() string {
	if e.Field == "" {
		return fmt.Sprintf("decision %d (%s, %s)", e.Number, e.Act, e.At.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("decision %d (%s %s, revision %d, %s)", e.Number, e.Act, e.Field, e.Revision, e.At.UTC().Format(time.RFC3339))
}

// A LogHead is where a record's decision log stands.
type LogHead struct {
	Count uint64    `json:"count"`
	Hash  crdt.Hash `json:"hash,omitzero"` // of the last entry; zero if there is none
	// Unlogged are the revisions that were decided by hubs that kept no log yet.
	Unlogged uint64 `json:"unlogged,omitempty"`
}

// follow makes e the next entry after the head, and the head that of e.
func (h *LogHead) follow(record crdt.RecordID, e *LogEntry) {
	h.Count++
	e.Number, e.Previous = h.Count, h.Hash
	h.Hash = e.Hash(record)
}

// log enters an act in the decision log. What it returns may be completed until
// the next entry.
func (b *batch) log(e LogEntry) *LogEntry {
	e.At = b.now
	b.out.Log = append(b.out.Log, e)
	b.dirty = true
	return &b.out.Log[len(b.out.Log)-1]
}

// chain ends the entries of a batch, once its hub change is known.
func (b *batch) chain() {
	for i := range b.out.Log {
		e := &b.out.Log[i]
		if e.Act == ActDecided {
			e.Change = b.ledger.Fields[e.Field].Revisions[e.Revision-1].Change
		}
		b.ledger.Log.follow(b.id, e)
	}
}
