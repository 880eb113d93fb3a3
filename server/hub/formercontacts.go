package hub

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// Bounds of the look at what a record that is erased was before.
const (
	formerWithin = 10 * time.Second // for the reading of its history
	maxFormer    = 1000             // events of it whose values are looked at, the newest ones
)

// formerContacts are the contacts that a record of a supplier has or had, those of
// the newest edits first, as many as an erasure takes. It is read beside the record's
// room, as histories are. What cannot be read is left out, so that every record can
// be erased.
func (h *Hub) formerContacts(ctx context.Context, supplier string, id crdt.RecordID) []store.Contact {
	ctx, cancel := context.WithTimeout(ctx, formerWithin)
	defer cancel()
	contacts, err := h.contactsBefore(ctx, supplier, id)
	if err != nil {
		h.log.WarnContext(ctx, "the history of a record that is erased cannot be read to its end; communications with addresses that it had before may stay",
			"record", id, "supplier", supplier, "err", err)
	}
	return contacts
}

// contactsBefore is formerContacts, and why they may not be all.
func (h *Hub) contactsBefore(ctx context.Context, supplier string, id crdt.RecordID) ([]store.Contact, error) {
	if err := h.telling.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer h.telling.Release(1)
	all, err := h.store.Heads(ctx, []crdt.RecordID{id})
	heads := all[id]
	if err != nil || heads.Supplier != supplier || heads.State != store.Listed && heads.State != store.Deleted {
		return nil, err
	}
	stored, err := h.store.Later(ctx, id, heads.Version)
	if err != nil {
		return nil, err
	}
	policy, err := h.Policy(ctx, supplier)
	if err != nil {
		return nil, err
	}
	history, err := conflicts.NewHistory(id, h.env, policy, stored.Ledger, "")
	if err != nil {
		return nil, err
	}
	err = h.tellTo(ctx, history, supplier, id, stored.Version)
	return contactsOf(history), err
}

// contactsOf are the contacts in what a history tells so far, the newest first.
func contactsOf(history *conflicts.History) (contacts []store.Contact) {
	barren := make(map[crdt.Path]bool) // fields in which there are none
	looked := 0
	wanted := func(field crdt.Path) bool {
		if barren[field] || looked == maxFormer {
			return false
		}
		looked++
		return true
	}
	for e := range history.Newest(wanted) {
		barren[e.Field] = !store.NamesContacts(e.Field) && e.Before.Kind != crdt.Map && e.After.Kind != crdt.Map
		for _, v := range []crdt.Value{e.After, e.Before} {
			for _, c := range store.ContactsIn(projectionOf(e.Field, v)) {
				if slices.Contains(contacts, c) {
					continue
				}
				if len(contacts) == store.MaxFormerContacts {
					return contacts
				}
				contacts = append(contacts, c)
			}
		}
	}
	return contacts
}

// projectionOf is one that has a value of one field alone.
func projectionOf(field crdt.Path, v crdt.Value) []byte {
	value := v.JSON()
	for _, key := range slices.Backward(field.Keys()) {
		value = map[string]any{key: value}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil // what a document holds can be written as JSON
	}
	return text
}
