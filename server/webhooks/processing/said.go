package processing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// said is what a connection last said of the ordinary fields of an object, as
// hashes. Critical fields have their shadow in the record.
type said map[crdt.Path]string

func hashOf(v crdt.Value) string {
	text, err := json.Marshal(v.JSON())
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// news are the edits of an event without what its connection has said before:
// senders send all fields with each event, and what they repeat must not undo what
// somebody else wrote meanwhile. It begins the event's answer.
func (p *Processor) news(ctx context.Context, j *job, t target) (map[crdt.Path]crdt.Value, *answer, error) {
	policy, err := p.Hub.Policy(ctx, j.event.Supplier)
	if err != nil {
		return nil, nil, err
	}
	before, err := p.before(ctx, j, t)
	if err != nil {
		return nil, nil, err
	}
	a := &answer{Said: make(said, len(before))}
	for path, hash := range before {
		a.Said[path] = hash
	}
	news := make(map[crdt.Path]crdt.Value, len(j.edits))
	for path, v := range j.edits {
		if isCritical(policy, path) {
			news[path] = v
			continue
		}
		hash := hashOf(v)
		if hash == "" || before[path] != hash {
			news[path] = v
		}
		if hash != "" {
			a.Said[path] = hash
		}
	}
	if len(a.Said) > maxSaid { // fields that no rule sets any more
		a.Said = make(said, len(j.edits))
		for path, v := range j.edits {
			a.Said[path] = hashOf(v)
		}
	}
	return news, a, nil
}

const (
	maxSaid = 200 // fields
	maxBack = 10  // events that are looked at
)

// before is what the connection said of the object before, nil if it is not known.
func (p *Processor) before(ctx context.Context, j *job, t target) (said, error) {
	if t.missing {
		return nil, nil
	}
	events, err := p.Store.InboxEvents(ctx, j.event.Supplier, store.InboxQuery{
		Connection: j.event.Connection, Subject: j.event.Subject, State: store.EventDone, Record: t.id, Limit: maxBack, Brief: true,
	})
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		a, err := p.answer(ctx, e)
		if err != nil {
			return nil, err
		}
		if a != nil {
			return a.Said, nil
		}
	}
	return nil, nil
}

func isCritical(p *conflicts.Policy, path crdt.Path) bool {
	return slices.ContainsFunc(p.Fields, func(f conflicts.FieldPolicy) bool { return f.Path == path })
}

// ordinary are the edits of fields that are not critical.
func (p *Processor) ordinary(ctx context.Context, j *job) (map[crdt.Path]crdt.Value, error) {
	policy, err := p.Hub.Policy(ctx, j.event.Supplier)
	if err != nil {
		return nil, err
	}
	fields := make(map[crdt.Path]crdt.Value, len(j.edits))
	for path, v := range j.edits {
		if !isCritical(policy, path) {
			fields[path] = v
		}
	}
	return fields, nil
}
