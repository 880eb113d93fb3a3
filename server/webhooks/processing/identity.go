package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
	"wedsync/store"
)

// A target is the record that an event is about.
type target struct {
	id      crdt.RecordID
	missing bool // it is to be made
}

// identify finds the record that an event is about, or says that the event waits
// for a person or concerns no record.
func (p *Processor) identify(ctx context.Context, j *job) (target, *Outcome, error) {
	id, err := p.Store.Identified(ctx, j.event.Supplier, j.event.Connection, j.key)
	if err == nil {
		t, err := p.bound(ctx, j, id)
		return t, nil, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return target{}, nil, err
	}
	if len(j.edits) == 0 {
		o := &Outcome{Result: Nothing, Object: j.key, Note: "the mapping makes nothing of what it says"}
		o.Record, err = p.whose(ctx, j)
		return target{}, o, err
	}
	candidates, err := p.candidates(ctx, j.event.Supplier, j.contacts())
	if err != nil {
		return target{}, nil, err
	}
	waits := &Outcome{Result: Waiting, Object: j.key, Candidates: candidates}
	switch {
	case len(candidates) > 0:
		waits.Note = "clients have the same address or number: say which one it is, or that it is a new one"
		return target{}, waits, nil
	case len(j.event.Candidates) > 0:
		waits.Note = "no client has its address or number any more: say who it is, or that it is a new one"
		return target{}, waits, nil
	case !j.settings.CreateUnknown:
		waits.Note = "nobody is known by its address or number, and the connection makes no clients: say who it is"
		return target{}, waits, nil
	}
	others, err := p.waiting(ctx, j.event, 1, 0)
	switch {
	case err != nil:
		return target{}, nil, err
	case len(others) > 0:
		waits.Note = "an event before it waits for somebody to say whose it is"
		return target{}, waits, nil
	case !j.named():
		waits.Note = "it says nothing by which a client could be known: say who it is"
		return target{}, waits, nil
	}
	id, err = p.Store.Identify(ctx, j.event.Supplier, j.event.Connection, j.key, crdt.NewRecordID(ulid.Make()))
	if err != nil {
		return target{}, nil, err
	}
	t, err := p.bound(ctx, j, id)
	return t, nil, err
}

// bound is the record that an object is bound to, if it can be written to.
func (p *Processor) bound(ctx context.Context, j *job, id crdt.RecordID) (target, error) {
	heads, err := p.Store.Heads(ctx, []crdt.RecordID{id})
	if err != nil {
		return target{}, err
	}
	h, known := heads[id]
	if known && (h.State.Gone() || h.Supplier != j.event.Supplier) {
		return target{}, errDeleted(id)
	}
	return target{id, !known}, nil
}

func errDeleted(id crdt.RecordID) error {
	return dead("client %s is deleted: restore it and replay the event, or leave the event as it is", id.ClientID())
}

// plain are the edits as a projection would have them.
func (j *job) plain() []byte {
	plain := make(map[string]any, len(j.edits))
	for path, v := range j.edits {
		plain[string(path)] = v.JSON()
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil // what came as JSON can be written as such
	}
	return text
}

// named reports whether the edits say who the client is.
func (j *job) named() bool {
	plain := j.plain()
	return store.NamesIn(plain).Client != "" || len(store.ContactsIn(plain)) > 0
}

// contacts are how the client of an event is reached.
func (j *job) contacts() []store.Contact {
	all := append(slices.Clone(j.object.Contacts), store.ContactsIn(j.plain())...)
	slices.SortFunc(all, func(a, b store.Contact) int {
		return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value)
	})
	all = slices.Compact(all)
	return all[:min(len(all), store.MaxContacts)]
}

// whose is the client that alone has a contact of an event's object, empty if none
// or several have it: with that client the event is erased, whose body has the
// contact.
func (p *Processor) whose(ctx context.Context, j *job) (string, error) {
	candidates, err := p.candidates(ctx, j.event.Supplier, j.object.Contacts)
	if err != nil || len(candidates) != 1 || !slices.ContainsFunc(candidates[0].Matches, func(m Match) bool { return m.Same }) {
		return "", err
	}
	return candidates[0].Record, nil
}

// candidates are the records that have one of some contacts, those with most of
// them first.
func (p *Processor) candidates(ctx context.Context, supplier string, contacts []store.Contact) ([]Candidate, error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	const perRecord = 4 // contacts that are found of one record, as a rule
	found, err := p.Store.ByContact(ctx, supplier, contacts, perRecord*store.MaxCandidates)
	if err != nil {
		return nil, err
	}
	var all []Candidate
	for _, f := range found {
		m, ok := match(contacts, f.Contact)
		if !ok {
			continue
		}
		client := f.Record.ClientID()
		if i := slices.IndexFunc(all, func(c Candidate) bool { return c.Record == client }); i >= 0 {
			all[i].Matches = append(all[i].Matches, m)
		} else if len(all) < store.MaxCandidates {
			all = append(all, Candidate{Record: client, Name: p.name(ctx, supplier, f.Record), Matches: []Match{m}})
		}
	}
	slices.SortStableFunc(all, func(a, b Candidate) int { return len(b.Matches) - len(a.Matches) })
	return all, nil
}

// name is what a record's client is called, empty if that cannot be read.
func (p *Processor) name(ctx context.Context, supplier string, id crdt.RecordID) string {
	s, err := p.Store.Summary(ctx, supplier, id)
	if err != nil {
		return ""
	}
	return store.NamesIn(s.Projection).Client
}

// match is how a record's contact agrees with one of an object's.
func match(contacts []store.Contact, has store.Contact) (Match, bool) {
	m := Match{Kind: has.Kind, Value: has.Value}
	for _, c := range contacts {
		if c == has {
			m.Same = true
			return m, true
		}
	}
	agrees := slices.ContainsFunc(contacts, func(c store.Contact) bool {
		return c.Kind == store.Phone && has.Kind == store.Phone && agree(c.Value, has.Value)
	})
	return m, agrees
}

// agree reports whether two phone numbers may be one, dialled from different
// countries.
func agree(a, b string) bool {
	if strings.HasPrefix(a, "+") == strings.HasPrefix(b, "+") {
		return strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
	}
	if strings.HasPrefix(b, "+") {
		a, b = b, a
	}
	return strings.HasSuffix(a, strings.TrimLeft(b, "0"))
}

// create makes the record of an event of what is ordinary in it. What is critical
// comes with the edit that follows, so that the connection's shadow has it.
func (p *Processor) create(ctx context.Context, j *job, id crdt.RecordID) error {
	fields, err := p.ordinary(ctx, j)
	if err != nil {
		return err
	}
	if len(fields) == 0 { // a person has said that it is a new client
		fields = map[crdt.Path]crdt.Value{"name": {Kind: crdt.Text, Str: fmt.Sprintf("Client %s", j.key)}}
	}
	e := editBy(j.event, fields)
	if _, err := p.Hub.CreateAs(ctx, id, e, nil); !isTaken(err) {
		return err
	}
	return nil // it was made before, or at the same time
}
