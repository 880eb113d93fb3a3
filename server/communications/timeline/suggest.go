package timeline

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"wedsync/crdt"
	"wedsync/store"
)

// A Reason says why a record is suggested for an item.
type Reason string

// The reasons, the strongest first.
const (
	SharedContact Reason = "contact" // it is one of several that have the contact
	SameThread    Reason = "thread"  // items of the same conversation are in its timeline
	SimilarNumber Reason = "number"  // it has the phone number but for the code of a country
	SameName      Reason = "name"    // it names somebody who took part
)

var strength = map[Reason]int{SharedContact: 0, SameThread: 1, SimilarNumber: 2, SameName: 3}

// A Suggestion is a record that an item may belong to.
type Suggestion struct {
	Record crdt.RecordID
	Name   string // what the client is called, empty if nobody knows
	Reason Reason
}

// Bounds of suggestions.
const (
	maxSuggestions = 10    // for one item, the strongest
	maxMatches     = 5_000 // contacts of records that are looked at for a page
	maxNamed       = 5_000 // records whose names are looked at, in order of id
	namedAtOnce    = 200
)

// An Unmatched item is one that is nobody's, with whose it may be.
type Unmatched struct {
	store.Item
	Suggestions []Suggestion // the strongest first; not those that a person has unlinked it from
}

// Unmatched reads items that are in no timeline, as Page does.
func (t *Timeline) Unmatched(ctx context.Context, supplier string, q store.TimelineQuery) (all []Unmatched, more bool, err error) {
	q.Record = crdt.RecordID{}
	items, more, err := t.Page(ctx, supplier, q)
	if err != nil {
		return nil, false, err
	}
	s := suggesting{found: make([]map[crdt.RecordID]Reason, len(items)), items: items, names: make(map[crdt.RecordID]string)}
	for i := range s.found {
		s.found[i] = make(map[crdt.RecordID]Reason)
	}
	for _, find := range []func(context.Context, string, *suggesting) error{t.byContact, t.byThread, t.byName, t.unlinked, t.named} {
		if err := find(ctx, supplier, &s); err != nil {
			return nil, false, err
		}
	}
	all = make([]Unmatched, len(items))
	for i := range items {
		all[i] = Unmatched{items[i], s.suggestions(i)}
	}
	return all, more, nil
}

// A suggesting gathers what is suggested for items.
type suggesting struct {
	items []store.Item
	found []map[crdt.RecordID]Reason // by item
	names map[crdt.RecordID]string
}

// suggest suggests a record for an item, unless a stronger reason does.
func (s *suggesting) suggest(item int, id crdt.RecordID, why Reason) {
	if known, ok := s.found[item][id]; !ok || strength[why] < strength[known] {
		s.found[item][id] = why
	}
}

// suggestions are those for an item, the strongest first.
func (s *suggesting) suggestions(item int) []Suggestion {
	all := []Suggestion{}
	for id, why := range s.found[item] {
		all = append(all, Suggestion{id, s.names[id], why})
	}
	slices.SortFunc(all, func(x, y Suggestion) int {
		return cmp.Or(strength[x.Reason]-strength[y.Reason], strings.Compare(x.Record.ClientID(), y.Record.ClientID()))
	})
	return all[:min(len(all), maxSuggestions)]
}

// others calls visit for each participant who is not the supplier's own.
func (s *suggesting) others(visit func(item int, p *store.Participant)) {
	for i := range s.items {
		for j := range s.items[i].Participants {
			if p := &s.items[i].Participants[j]; !p.Own {
				visit(i, p)
			}
		}
	}
}

// byContact suggests the records that have a participant's contact: an address
// that several have, a number that is the same but for the code of a country.
func (t *Timeline) byContact(ctx context.Context, supplier string, s *suggesting) error {
	wanted := make(map[store.Contact]bool)
	s.others(func(_ int, p *store.Participant) {
		if p.Value != "" {
			wanted[p.Contact] = true
		}
	})
	if len(wanted) == 0 {
		return nil
	}
	matches, err := t.Store.ByContact(ctx, supplier, slices.Collect(maps.Keys(wanted)), maxMatches)
	if err != nil {
		return err
	}
	byKey := make(map[store.Contact][]store.ContactMatch)
	for _, m := range matches {
		key := store.Contact{Kind: m.Contact.Kind, Value: m.Contact.Key()}
		byKey[key] = append(byKey[key], m)
	}
	s.others(func(item int, p *store.Participant) {
		for _, m := range byKey[store.Contact{Kind: p.Kind, Value: p.Contact.Key()}] {
			switch {
			case m.Contact == p.Contact:
				s.suggest(item, m.Record, SharedContact)
			case similar(m.Contact.Value, p.Value):
				s.suggest(item, m.Record, SimilarNumber)
			}
		}
	})
	return nil
}

// similar reports whether two phone numbers may be the same, because one of them
// lacks the code of its country.
func similar(a, b string) bool {
	if strings.HasPrefix(a, "+") == strings.HasPrefix(b, "+") {
		return false
	}
	local, whole := strings.TrimLeft(a, "0"), b
	if strings.HasPrefix(a, "+") {
		local, whole = strings.TrimLeft(b, "0"), a
	}
	return local != "" && strings.HasSuffix(whole, local)
}

// byThread suggests the records that items of the same conversation belong to.
func (t *Timeline) byThread(ctx context.Context, supplier string, s *suggesting) error {
	var threads [][32]byte
	for i := range s.items {
		if s.items[i].Thread != ([32]byte{}) {
			threads = append(threads, s.items[i].Thread)
		}
	}
	slices.SortFunc(threads, func(x, y [32]byte) int { return slices.Compare(x[:], y[:]) })
	if threads = slices.Compact(threads); len(threads) == 0 {
		return nil
	}
	owners, err := t.Store.ThreadOwners(ctx, supplier, threads, maxSuggestions)
	if err != nil {
		return err
	}
	for i := range s.items {
		for _, id := range owners[s.items[i].Thread] {
			s.suggest(i, id, SameThread)
		}
	}
	return nil
}

// byName suggests the records that name a participant of an item for which nothing
// better was found.
func (t *Timeline) byName(ctx context.Context, supplier string, s *suggesting) error {
	wanted := make(map[string][]int) // items by name
	s.others(func(item int, p *store.Participant) {
		name := store.FoldName(p.Name)
		if len(s.found[item]) == 0 && strings.Contains(name, " ") { // a first name alone says nothing
			wanted[name] = append(wanted[name], item)
		}
	})
	if len(wanted) == 0 {
		return nil
	}
	var after crdt.RecordID
	for seen := 0; seen < maxNamed; {
		page, err := t.Store.List(ctx, supplier, after, namedAtOnce)
		if err != nil {
			return err
		}
		for i := range page {
			for _, name := range namesOf(page[i].Projection) {
				for _, item := range wanted[name] {
					s.suggest(item, page[i].Record, SameName)
				}
			}
		}
		if len(page) == 0 {
			return nil
		}
		after, seen = page[len(page)-1].Record, seen+len(page)
	}
	return nil
}

// between are what stands between the names of two people.
var between = strings.NewReplacer(" & ", "\n", " and ", "\n", " und ", "\n", " + ", "\n", ", ", "\n", " et ", "\n", " y ", "\n")

// namesOf are the names of people that a projection has, folded.
func namesOf(projection []byte) []string {
	names := strings.Split(store.NamesIn(projection).Search, "\n")
	for _, name := range names {
		names = append(names, strings.Split(between.Replace(name), "\n")...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unlinked takes back what a person said is not so.
func (t *Timeline) unlinked(ctx context.Context, supplier string, s *suggesting) error {
	for i := range s.items {
		if len(s.found[i]) == 0 {
			continue
		}
		links, err := t.Store.Links(ctx, supplier, s.items[i].ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.State == store.Unlinked {
				delete(s.found[i], l.Record)
			}
		}
	}
	return nil
}

// named finds out what the clients of suggested records are called.
func (t *Timeline) named(ctx context.Context, supplier string, s *suggesting) error {
	for i := range s.items {
		for _, one := range s.suggestions(i) {
			if _, known := s.names[one.Record]; known {
				continue
			}
			summary, err := t.Store.Summary(ctx, supplier, one.Record)
			if err != nil {
				return err
			}
			s.names[one.Record] = store.NamesIn(summary.Projection).Client
		}
	}
	return nil
}

func has(all []crdt.RecordID, id crdt.RecordID) bool { return slices.Contains(all, id) }
