package activity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// An Event is a CloudEvent (version 1.0, JSON format).
type Event struct {
	SpecVersion string    `json:"specversion" doc:"Always 1.0."`
	ID          string    `json:"id" doc:"Unlike that of any other event of the source."`
	Source      string    `json:"source" doc:"The supplier: /suppliers/{supplier}."`
	Type        string    `json:"type" doc:"What happened."`
	Subject     string    `json:"subject,omitempty" doc:"The client's id."`
	Time        time.Time `json:"time" doc:"By the hub's clock."`
	ContentType string    `json:"datacontenttype" doc:"Always application/json."`
	Position    string    `json:"position" doc:"Everything up to it has been told: a safe place to go on from."`
	Data        Data      `json:"data"`
}

// Data is what an event tells beside its kind. It names fields, never values.
type Data struct {
	ClientID   string          `json:"client_id,omitempty"`
	DocumentID string          `json:"document_id,omitempty"`
	Offsets    *[2]uint64      `json:"offsets,omitempty" doc:"The first and the last number in the journal that is told of; of a folded event there may be some of other clients between."`
	Commits    int             `json:"commits,omitempty" doc:"How many edits are told of: what one device or call brought at once is one."`
	Origin     string          `json:"origin,omitempty" doc:"Which way it came: sync, api, webhook, resolve …"`
	User       string          `json:"user,omitempty"`
	Device     string          `json:"device,omitempty"`
	Role       conflicts.Role  `json:"role,omitempty"`
	Fields     []string        `json:"fields,omitempty" doc:"Root keys that were written, ascending; … stands for more."`
	Verdict    *VerdictData    `json:"verdict,omitempty"`
	Conflict   *ConflictData   `json:"conflict,omitempty"`
	Proposal   *ProposalData   `json:"proposal,omitempty"`
	Merged     *MergedData     `json:"merged,omitempty"`
	Activity   *ActivityData   `json:"activity,omitempty"`
	Presence   json.RawMessage `json:"presence,omitempty" doc:"What the device said, if that is small and can be shown as JSON."`
	Progress   *ProgressData   `json:"progress,omitempty"`
	Reason     string          `json:"reason,omitempty" doc:"Of a reset."`
	Text       string          `json:"text" doc:"One plain sentence."`
}

// size is about how many bytes of JSON an event with that data has.
func (d *Data) size() int {
	n := 1<<10 + len(d.Text)
	for _, name := range d.Fields {
		n += len(name)
	}
	if a := d.Activity; a != nil {
		n += len(a.Text) + len(a.Data)
	}
	return n
}

// VerdictData is what became of an edit of a critical field.
type VerdictData struct {
	Field    string `json:"field"`
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason,omitempty"`
	Conflict string `json:"conflict_id,omitempty"`
	Proposal string `json:"proposal_id,omitempty"`
}

// ConflictData is how a conflict stands.
type ConflictData struct {
	ID      string           `json:"id"`
	Field   string           `json:"field,omitempty"`
	Status  conflicts.Status `json:"status,omitempty"`
	Version uint64           `json:"version,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Action  conflicts.Action `json:"action,omitempty"`
	Reopens string           `json:"reopens,omitempty"`
}

// ProposalData is how a proposal stands.
type ProposalData struct {
	ID     string          `json:"id"`
	State  conflicts.State `json:"state"`
	User   string          `json:"user,omitempty" doc:"Its author."`
	Device string          `json:"device,omitempty"`
}

// MergedData is how an entry about an ordinary field that was set apart stands.
type MergedData struct {
	ID      string                 `json:"id"`
	Field   string                 `json:"field"`
	Status  conflicts.MergedStatus `json:"status"`
	Version uint64                 `json:"version"`
}

// ActivityData is what an app posted.
type ActivityData struct {
	Kind string          `json:"kind"`
	Text string          `json:"text"`
	Data json.RawMessage `json:"data,omitempty"`
}

// ProgressData is how far a source of communications has been read.
type ProgressData struct {
	Source  string `json:"source" example:"gmail"`
	Account string `json:"account" doc:"Its address or number."`
	State   string `json:"state" doc:"As the answer of a sync has it." example:"reading"`
	Found   int    `json:"found" doc:"Items that were read since it began."`
	Left    int    `json:"left" doc:"About how many are still to be read, -1 if nobody knows."`
}

// A Source makes the events of one supplier.
type Source struct {
	Epoch string
	path  string
}

// NewSource is for a supplier of a store with an epoch.
func NewSource(epoch, supplier string) Source {
	return Source{epoch, "/suppliers/" + url.PathEscape(supplier)}
}

// event completes an event.
func (s Source) event(id string, position uint64, kind string, at time.Time, d Data) Event {
	return Event{
		SpecVersion: "1.0", ID: id, Source: s.path, Type: kind, Subject: d.ClientID, Time: at.UTC(),
		ContentType: "application/json", Position: s.position(position), Data: d,
	}
}

func (s Source) position(n uint64) string { return fmt.Sprintf("%s:%d", s.Epoch, n) }

// about is what events of a record have in common.
func about(id crdt.RecordID) Data {
	return Data{ClientID: id.ClientID(), DocumentID: id.DocumentID()}
}

// encode is an event as JSON on one line.
func encode(e Event) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic(fmt.Sprintf("activity: event %s: %v", e.ID, err)) // it holds nothing that JSON cannot, and raw JSON was checked
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
