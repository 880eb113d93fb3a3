package hub_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// overheard is a store that notes what is erased.
type overheard struct {
	store.Store
	erasures chan store.Erasure
}

func (o overheard) Erase(ctx context.Context, e store.Erasure) error {
	o.erasures <- e
	return o.Store.Erase(ctx, e)
}

// erased is the contacts with which a record is erased.
func erased(t *testing.T, h *hub.Hub, o overheard, id crdt.RecordID) []store.Contact {
	t.Helper()
	if err := h.Erase(t.Context(), id, principal("olga", conflicts.Owner)); err != nil {
		t.Fatal(err)
	}
	return (<-o.erasures).Contacts
}

func inTexts(pairs ...string) map[crdt.Path]crdt.Value {
	fields := make(map[crdt.Path]crdt.Value)
	for i := 0; i < len(pairs); i += 2 {
		fields[crdt.Path(pairs[i])] = crdt.Value{Kind: crdt.Text, Str: pairs[i+1]}
	}
	return fields
}

// client makes a record and edits it.
func client(t *testing.T, h *hub.Hub, all ...map[crdt.Path]crdt.Value) crdt.RecordID {
	t.Helper()
	olga := principal("olga", conflicts.Owner)
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: olga, Fields: all[0]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fields := range all[1:] {
		if _, err := h.Edit(t.Context(), id, conflicts.Edit{From: olga, Fields: fields}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func TestErasureNamesTheContactsThatARecordEverHad(t *testing.T) {
	o := overheard{openStore(t), make(chan store.Erasure, 1)}
	h := startHub(t, o)
	steps := []map[crdt.Path]crdt.Value{
		inTexts("email", "ada@old.test", "notes", "write to me@else.test", "venue_email", "hall@venue.test"),
		{"partner": {Kind: crdt.Map, Map: map[string]crdt.Value{"phone": {Kind: crdt.Str, Str: "+49 171 5550123"}}}},
		inTexts("email", "ada@new.test"),
		{"partner": {Kind: crdt.Str, Str: "none"}},
	}
	want := []store.Contact{
		{Kind: store.Phone, Value: "+491715550123"}, {Kind: store.EMail, Value: "ada@new.test"}, {Kind: store.EMail, Value: "ada@old.test"},
	}
	id := client(t, h, steps...)
	if got := erased(t, h, o, id); !slices.Equal(got, want) {
		t.Errorf("erased with %v, want %v", got, want)
	}
	id = client(t, h, steps...)
	if err := h.Delete(t.Context(), id, principal("olga", conflicts.Owner), nil); err != nil {
		t.Fatal(err)
	}
	if got := erased(t, h, o, id); !slices.Equal(got, want) {
		t.Errorf("a deleted record was erased with %v, want %v", got, want)
	}
}

func TestErasureNamesTheNewestContactsOfMany(t *testing.T) {
	o := overheard{openStore(t), make(chan store.Erasure, 1)}
	h := startHub(t, o)
	const each = 20
	var steps []map[crdt.Path]crdt.Value
	for n := range store.MaxFormerContacts/each + 1 {
		all := ""
		for i := range each {
			all += fmt.Sprintf("%02d.%02d@x.test,", n, i)
		}
		steps = append(steps, inTexts("email", all, "notes", fmt.Sprint(n)))
	}
	got := erased(t, h, o, client(t, h, steps...))
	if len(got) != store.MaxFormerContacts {
		t.Fatalf("erased with %d contacts, want %d", len(got), store.MaxFormerContacts)
	}
	newest := fmt.Sprintf("%02d.00@x.test", len(steps)-1)
	if first, last := got[0].Value, got[len(got)-1].Value; first != newest || last != "00.15@x.test" {
		t.Errorf("erased with contacts from %s to %s", first, last)
	}
}

func TestCommunicationsWithAFormerAddressAreErasedWithTheClient(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	id := client(t, h, inTexts("email", "ada@old.test"), inTexts("email", "ada@new.test"))
	account := store.Account{Supplier: "studio", ID: "a", Provider: "gmail", Settings: []byte(`{}`)}
	if err := s.SetAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	item := store.Item{
		Supplier: "studio", ID: "01JDWE0000000000000000000A", Key: [32]byte{1}, Kind: "email", At: time.Unix(1, 0), Direction: store.Inbound,
		Body:         "Dear Rose",
		Participants: []store.Participant{{Role: "from", Contact: store.Contact{Kind: store.EMail, Value: "ada@old.test"}}},
		Occurrences:  []store.Occurrence{{Provider: "m", Level: store.LevelEverything}},
	}
	pull := store.Pull{Supplier: "studio", Account: "a", Items: []store.Item{item}}
	if _, err := s.StorePull(t.Context(), pull); err != nil {
		t.Fatal(err)
	}
	if err := h.Erase(t.Context(), id, principal("olga", conflicts.Owner)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.StorePull(t.Context(), pull); err != nil || got.IDs[0] != "" {
		t.Errorf("the same again is stored as %q, %v", got.IDs, err)
	}
}

func TestRecordWhoseHistoryCannotBeReadIsErasedAllTheSame(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	o := overheard{s, make(chan store.Erasure, 1)}
	h := startHub(t, o)
	for _, call := range []storetest.Call{storetest.Later, storetest.History} {
		id := client(t, h, inTexts("email", "ada@old.test"))
		s.Fail(call, storetest.NotDone)
		if got := erased(t, h, o, id); len(got) > 0 {
			t.Errorf("%s failed: erased with %v", call, got)
		}
	}
}
