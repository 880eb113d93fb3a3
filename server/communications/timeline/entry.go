package timeline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/communications/source"
	"wedsync/store"
)

// The kinds of what people write.
const (
	Message = "message" // to whoever works with the client
	Call    = "call"    // that took place
	Note    = "note"    // of something else that did
)

// Bounds of what people write.
const (
	MaxText     = 16 << 10 // bytes
	MaxWith     = 256      // bytes
	MaxDuration = 24 * time.Hour
	maxAhead    = 5 * time.Minute // that a clock may be ahead of the hub's
	maxSnippet  = 200             // bytes
)

// An Entry is what somebody writes into a client's timeline.
type Entry struct {
	Kind      string
	Text      string          // needed but for a call
	At        time.Time       // when it took place; zero for now
	Direction store.Direction // of a call
	With      string          // whom a call was with: a number, an address or a name
	Duration  time.Duration   // of a call
	// Key is the writer's own name for the entry: written again under it, it is the
	// same. Empty for none.
	Key string
	// Request is a hash of what the writer sent, by which it is noticed that the key
	// is used for something else.
	Request [32]byte
}

// An EntryError says what is wrong with an entry.
type EntryError struct{ Member, Reason string }

func (e *EntryError) Error() string { return e.Member + " " + e.Reason }

// ErrReused means that an entry of another content was written under the same key.
var ErrReused = errors.New("the key was used for another entry")

// check returns an *EntryError if the entry cannot be written.
func (e *Entry) check(now time.Time) error {
	switch {
	case e.Text == "" && e.Kind != Call:
		return &EntryError{"text", "is needed"}
	case len(e.Text) > MaxText:
		return &EntryError{"text", fmt.Sprintf("must not be longer than %d bytes", MaxText)}
	case e.At.After(now.Add(maxAhead)):
		return &EntryError{"occurred_at", "must not be in the future"}
	case !e.At.IsZero() && e.At.Year() < 1970:
		return &EntryError{"occurred_at", "must not be before 1970"}
	case e.Kind != Call:
		return nil
	case e.Direction != store.Inbound && e.Direction != store.Outbound:
		return &EntryError{"direction", "must be inbound or outbound"}
	case e.With == "" || len(e.With) > MaxWith:
		return &EntryError{"with", fmt.Sprintf("must have 1 to %d bytes: a phone number or a name", MaxWith)}
	case e.Duration < 0 || e.Duration > MaxDuration:
		return &EntryError{"duration", fmt.Sprintf("must be from 0 to %s", MaxDuration)}
	}
	return nil
}

// written is the detail of an item that a person wrote: what the hub needs to end
// what a crash broke off.
type written struct {
	source.Detail
	Record  string `json:"client_id"`
	Request string `json:"request"` // hash of what the writer sent
}

// writtenOf reads the detail of an item that a person wrote. ok is false for
// another item.
func writtenOf(it *store.Item) (w written, record crdt.RecordID, ok bool) {
	if len(it.Occurrences) != 1 || it.Occurrences[0].Account != "" || json.Unmarshal(it.Detail, &w) != nil {
		return w, record, false
	}
	record, err := crdt.ParseRecordID(w.Record)
	return w, record, err == nil
}

// writerOf is who wrote an item.
func writerOf(it *store.Item) conflicts.Principal {
	by := conflicts.Principal{Supplier: it.Supplier, Role: conflicts.Member}
	for _, p := range it.Participants {
		if p.Own {
			by.User = p.Name
		}
	}
	return by
}

// Write writes an entry into the timeline of a listed record, and tells who
// listens. It returns store.ErrNotFound if there is no such record, an *EntryError
// or ErrReused. After another error it may be written or not: again with the same
// key does no harm.
func (t *Timeline) Write(ctx context.Context, by conflicts.Principal, record crdt.RecordID, e Entry) (store.Item, error) {
	now := t.Now()
	e.Text, e.With = clean(e.Text), strings.Join(strings.Fields(clean(e.With)), " ")
	if err := e.check(now); err != nil {
		return store.Item{}, err
	}
	if _, err := t.Store.Summary(ctx, by.Supplier, record); err != nil {
		return store.Item{}, err
	}
	it, err := t.item(by, record, e, now)
	if err != nil {
		return it, err
	}
	told, err := t.told(ctx, by.Supplier, writtenKey(&it))
	switch {
	case err != nil:
		return it, err
	case told == nil:
	case told.Request != e.Request:
		return it, ErrReused
	default:
		return t.Store.Item(ctx, by.Supplier, told.Items[0])
	}
	pulled, err := t.Store.StorePull(ctx, store.Pull{Supplier: by.Supplier, Items: []store.Item{it}})
	if err != nil {
		return it, err
	}
	if len(pulled.IDs) != 1 || pulled.IDs[0] == "" {
		return it, store.ErrNotFound // erased meanwhile
	}
	it.ID = pulled.IDs[0]
	if err := t.tellWritten(ctx, by, &it); err != nil {
		return it, err
	}
	return it, t.Store.Told(ctx, by.Supplier, []string{it.ID})
}

// item is an entry as an item, which it always becomes again under its key.
func (t *Timeline) item(by conflicts.Principal, record crdt.RecordID, e Entry, now time.Time) (it store.Item, err error) {
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return it, err
	}
	name := e.Key
	if name == "" {
		name = rand.Text()
	}
	detail, err := json.Marshal(written{
		Detail: source.Detail{Seconds: int(e.Duration / time.Second)},
		Record: record.ClientID(), Request: hex.EncodeToString(e.Request[:]),
	})
	if err != nil {
		return it, err
	}
	it = store.Item{
		Supplier: by.Supplier, ID: id.String(), Key: source.Key("written", by.User, name), Kind: e.Kind,
		At: e.At, Direction: e.Direction, Snippet: snippet(e.Text), Body: e.Text, Detail: detail,
		Participants: people(by, e),
	}
	if it.At.IsZero() {
		it.At = now
	}
	if e.Kind != Call {
		it.Direction = store.Internal
	}
	// The name is the same whenever the entry is written again.
	it.Occurrences = []store.Occurrence{{Provider: hex.EncodeToString(it.Key[:]), Level: store.LevelEverything}}
	return it, nil
}

// people are those who took part in an entry, its writer first.
func people(by conflicts.Principal, e Entry) []store.Participant {
	writer := store.Participant{Role: "from", Name: by.User, Own: true}
	if e.Kind != Call {
		return []store.Participant{writer}
	}
	other := store.Participant{Role: "callee"}
	writer.Role = "caller"
	if e.Direction == store.Inbound {
		writer.Role, other.Role = other.Role, writer.Role
	}
	if number := store.NormalPhone(e.With); number != "" {
		other.Contact = store.Contact{Kind: store.Phone, Value: number}
	} else if address := store.NormalEMail(e.With); address != "" {
		other.Contact = store.Contact{Kind: store.EMail, Value: address}
	} else {
		other.Name = e.With
	}
	return []store.Participant{writer, other}
}

// clean is a text without control characters other than tabs and ends of lines.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}

// snippet is the beginning of a text on one line.
func snippet(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	if len(line) <= maxSnippet {
		return line
	}
	return strings.ToValidUTF8(line[:maxSnippet], "") + "…"
}

// requestOf is the hash of what the writer sent, under which an entry is told.
func requestOf(w written) (hash [32]byte) {
	b, err := hex.DecodeString(w.Request)
	if err != nil || len(b) != len(hash) {
		return hash
	}
	return [32]byte(b)
}
