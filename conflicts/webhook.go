package conflicts

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"wedsync/crdt"
)

// Echo is the reason of what a connection says and said before, or what it was
// told itself: CRMs send every field with every event, and late.
const Echo = "echo"

// MaxEventID bounds the bytes of a webhook event's id.
const MaxEventID = 128

// A WebhookEdit is a set of fields that a connection delivers: one batch. Its
// author is the connection. It knows the revision of a field that it has
// acknowledged; what it said or was sent before is no edit.
type WebhookEdit struct {
	From   Principal                `json:"-"`     // the connection; its role is Integration
	Event  string                   `json:"event"` // by which a repeated delivery is known
	Fields map[crdt.Path]crdt.Value `json:"fields"`
	Policy *Policy                  `json:"-"`
	Now    time.Time                `json:"-"`
}

// A Sending says which revisions of a record's fields went to a connection.
type Sending struct {
	To        Principal            `json:"-"` // the connection; its role is Integration
	Revisions map[crdt.Path]uint64 `json:"revisions"`
}

// Webhook takes what a connection delivers. Critical fields are decided by the
// rules against the connection's shadow, ordinary ones are written as the API
// writes them. On an error nothing has changed.
func (r *Record) Webhook(w WebhookEdit) (*Outcome, error) {
	switch {
	case w.From.Role != Integration:
		return nil, ErrForbidden
	case w.Event == "" || len(w.Event) > MaxEventID:
		return nil, fmt.Errorf("the event's id has %d bytes: %w", len(w.Event), ErrEventID)
	case r.ledger.Awaiting != nil || !r.ledger.Listed:
		return nil, ErrIntroducing
	case r.full():
		return nil, ErrFull
	}
	critical, ordinary, err := r.sorted(Edit{Fields: w.Fields, Policy: w.Policy})
	if err != nil {
		return nil, err
	}
	b := r.begin(w.From, w.Policy, w.Now)
	b.out.Input = &Input{Webhook: &w}
	for _, path := range critical {
		b.incoming(b.ledger.Fields[path], w)
	}
	b.writeOrdinary(ordinary, w.Fields)
	return b.outcome(), nil
}

// incoming decides what a connection says about one critical field.
func (b *batch) incoming(f *field, w WebhookEdit) {
	author, value := w.From.author(), w.Fields[f.Policy.Path]
	s := f.shadow(author.key())
	b.dirty = true
	known := slices.Contains(s.Events, w.Event)
	echo := !known && s.echoes(value, b.measure(f))
	if !known {
		s.decided(w.Event)
	}
	if echo {
		b.out.Verdicts = append(b.out.Verdicts, Verdict{
			Field: f.Policy.Path, Outcome: string(EditNoChange), Reason: Echo, Author: author,
		})
		return
	}
	if !known {
		s.Value = value
	}
	key := fmt.Sprintf("%s webhook %q", author.key(), w.Event)
	b.rule(f, &Attempt{
		Value: value, Author: author, Base: min(s.Acknowledged, f.revision()),
		Known: known, BuildsOn: f.openOf(author.key()), At: b.now,
	}, source{key: key, edited: b.now, cause: key})
}

// Sent notes that accepted values are on their way to a connection, before they
// are, so that what comes back is known. A revision that is sent again, or after
// a newer one, is not expected back once more. On an error nothing has changed.
func (r *Record) Sent(s Sending) (*Outcome, error) {
	return r.exchange(s, Input{Sent: &s}, func(f *field, sh *shadow, revision uint64) bool {
		newer := revision > sh.Told
		if newer {
			sh.send(revision, f.value(revision))
		}
		return newer
	})
}

// Acknowledged notes that a connection has said it has revisions that were sent
// to it; what it delivers from then on was made in knowledge of them. On an
// error nothing has changed.
func (r *Record) Acknowledged(s Sending) (*Outcome, error) {
	return r.exchange(s, Input{Acknowledged: &s}, func(_ *field, sh *shadow, revision uint64) bool {
		newer := revision > sh.Acknowledged
		sh.Acknowledged = max(sh.Acknowledged, revision)
		return newer
	})
}

// exchange notes what passed between the hub and a connection about some
// fields; note reports whether that is news.
func (r *Record) exchange(s Sending, in Input, note func(f *field, sh *shadow, revision uint64) bool) (*Outcome, error) {
	if s.To.Role != Integration {
		return nil, ErrForbidden
	}
	paths := slices.Sorted(maps.Keys(s.Revisions))
	for _, path := range paths {
		f := r.ledger.Fields[path]
		if f == nil {
			return nil, &FieldError{path, "is not critical"}
		}
		if n := s.Revisions[path]; n == 0 || n > f.revision() {
			return nil, &FieldError{path, fmt.Sprintf("has no revision %d", n)}
		}
	}
	o := &Outcome{Input: &in}
	for _, path := range paths {
		f := r.ledger.Fields[path]
		if note(f, f.shadow(s.To.author().key()), s.Revisions[path]) {
			o.LedgerChanged = true
		}
	}
	return o, nil
}
