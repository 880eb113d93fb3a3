package timeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// SweepKind is the kind of jobs that look for items that nobody was told of.
const SweepKind = "communication_tell"

// ActivityKind is the kind of the activities by which items are told.
const ActivityKind = "communication"

const (
	sweepEvery = 30 * time.Second
	overdue    = time.Minute // how long an item is left to those who stored it
	sweepOf    = 500         // items of a sweep that are read at once
	sweepTimes = 20          // that often
	tellOf     = 500         // items that are told together
	namedItems = 100         // that an activity names; of more, the first
)

// Tell tells of items that were just stored, those of a record together. Others
// that were told already are left out. What is not told after an error is told by
// the sweep.
func (t *Timeline) Tell(ctx context.Context, supplier string, items []string) error {
	for ids := range slices.Chunk(items, tellOf) {
		if err := t.tell(ctx, supplier, ids, false); err != nil {
			return err
		}
	}
	return nil
}

// Sweep tells of items of which nobody was told.
func (t *Timeline) Sweep(ctx context.Context) error {
	before := t.Now().Add(-overdue)
	var failed error
	for range sweepTimes {
		untold, err := t.Store.Untold(ctx, before, sweepOf)
		if err != nil || len(untold) == 0 {
			return errors.Join(failed, err)
		}
		bySupplier := make(map[string][]string)
		for _, key := range untold {
			bySupplier[key.Supplier] = append(bySupplier[key.Supplier], key.ID)
		}
		for supplier, ids := range bySupplier {
			// One supplier's failure does not keep others waiting.
			failed = errors.Join(failed, t.tell(ctx, supplier, ids, true))
		}
		if failed != nil || len(untold) < sweepOf {
			return failed
		}
	}
	return nil
}

// tell tells of items of one supplier, and notes that. If some may have been told
// before, or people may have written some, again is set.
//
// They are told in ascending order of id, and noted together: so of those that an
// activity tells of none is ever noted without the first, under whose key the
// activity is stored.
func (t *Timeline) tell(ctx context.Context, supplier string, ids []string, again bool) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	owners, err := t.Store.Owners(ctx, supplier, ids)
	if err != nil {
		return err
	}
	groups := make(map[crdt.RecordID][]store.Item)
	for rest := worthReading(ids, owners, again); len(rest) > 0; {
		items, err := t.Store.Items(ctx, supplier, rest)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			break
		}
		last, _ := slices.BinarySearch(rest, items[len(items)-1].ID)
		rest = rest[last+1:]
		for i := range items {
			it := &items[i]
			switch written, err := t.endWriting(ctx, it); {
			case err != nil:
				return err
			case it.Told || written:
				continue
			}
			for _, record := range owners[it.ID] {
				groups[record] = append(groups[record], *it)
			}
		}
	}
	post := t.post
	if again {
		post = t.postAgain
	}
	for record, items := range groups {
		if err := post(ctx, supplier, record, items); err != nil {
			return err
		}
	}
	return t.Store.Told(ctx, supplier, ids)
}

// worthReading are the items that there may be something to tell of: those that are
// somebody's, and those that people may have written, which are linked by being told.
func worthReading(ids []string, owners map[string][]crdt.RecordID, written bool) []string {
	if written {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return len(owners[id]) == 0 })
}

// endWriting ends what a crash broke off if an item was written by a person, and
// reports whether it was.
func (t *Timeline) endWriting(ctx context.Context, it *store.Item) (written bool, err error) {
	if it.Told || len(it.Occurrences) != 1 || it.Occurrences[0].Account != "" {
		return false, nil
	}
	whole, err := t.Store.Item(ctx, it.Supplier, it.ID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if _, _, ok := writtenOf(&whole); !ok {
		return false, nil
	}
	return true, t.tellWritten(ctx, writerOf(&whole), &whole)
}

// tellWritten links an entry with its record and tells of it, in its writer's name.
func (t *Timeline) tellWritten(ctx context.Context, by conflicts.Principal, it *store.Item) error {
	w, record, _ := writtenOf(it)
	told, err := t.told(ctx, it.Supplier, writtenKey(it))
	if err != nil || told != nil {
		return err
	}
	// Only before it was told: a person may have unlinked it since.
	err = t.Store.SetLink(ctx, store.Link{Supplier: it.Supplier, Item: it.ID, Record: record, State: store.Linked, By: by.User, At: t.Now()})
	if errors.Is(err, store.ErrNotFound) {
		return nil // the record is not listed any more
	}
	if err != nil {
		return err
	}
	return t.postOne(ctx, by, record, []store.Item{*it}, telling{Items: []string{it.ID}, Request: requestOf(w), Key: writtenKey(it)})
}

// post tells of items for the first time.
func (t *Timeline) post(ctx context.Context, supplier string, record crdt.RecordID, items []store.Item) error {
	by := conflicts.Principal{Supplier: supplier, Role: conflicts.Integration}
	told := telling{Key: foundKey(record, &items[0])}
	for i := range items {
		told.Items = append(told.Items, items[i].ID)
	}
	err := t.postOne(ctx, by, record, items, told)
	if err == nil {
		return nil
	}
	// Another node may have been faster, or only the answer was lost.
	rest, known := t.untoldOf(ctx, supplier, record, items)
	switch {
	case known != nil || len(rest) == len(items):
		return err
	case len(rest) == 0:
		return nil
	}
	return t.post(ctx, supplier, record, rest)
}

// postAgain tells of those items that were not told before.
func (t *Timeline) postAgain(ctx context.Context, supplier string, record crdt.RecordID, items []store.Item) error {
	rest, err := t.untoldOf(ctx, supplier, record, items)
	if err != nil || len(rest) == 0 {
		return err
	}
	return t.post(ctx, supplier, record, rest)
}

// untoldOf are the items that no activity of a record told of.
func (t *Timeline) untoldOf(ctx context.Context, supplier string, record crdt.RecordID, items []store.Item) ([]store.Item, error) {
	known := make(map[string]bool)
	for i := range items {
		if known[items[i].ID] {
			continue
		}
		told, err := t.told(ctx, supplier, foundKey(record, &items[i]))
		if err != nil {
			return nil, err
		}
		if told == nil {
			continue
		}
		for _, id := range told.Items {
			known[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(items), func(it store.Item) bool { return known[it.ID] }), nil
}

// A telling is what is kept of an activity that told of items, under the key of
// the first.
type telling struct {
	Items   []string `json:"items"`
	Key     string   `json:"-"` // that it is stored under
	Request [32]byte `json:"-"` // hash of what the writer sent, if a person wrote it
}

// asker is the principal of a supplier's tellings. No caller of the API is called
// so: in those names no slash follows another.
func asker(supplier string) string { return "communications//" + url.PathEscape(supplier) }

// foundKey is the key of the telling in which an item of accounts is the first of a
// record, and writtenKey that of an item that a person wrote about one record.
func foundKey(record crdt.RecordID, it *store.Item) string {
	return record.ClientID() + "/" + writtenKey(it)
}

func writtenKey(it *store.Item) string { return hex.EncodeToString(it.Key[:]) }

// told is the telling under a key, nil if there is none.
func (t *Timeline) told(ctx context.Context, supplier, key string) (*telling, error) {
	a, err := t.Store.Answer(ctx, asker(supplier), key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	told := telling{Key: key, Request: a.Request}
	if err := json.Unmarshal(a.Body, &told); err != nil || len(told.Items) == 0 {
		return nil, fmt.Errorf("what was told under %s cannot be read: %w", key, err)
	}
	return &told, nil
}

// postOne posts the activity of items, together with its telling.
func (t *Timeline) postOne(ctx context.Context, by conflicts.Principal, record crdt.RecordID, items []store.Item, told telling) error {
	body, err := json.Marshal(told)
	if err != nil {
		return err
	}
	a, err := activityOf(items)
	if err != nil {
		return err
	}
	_, err = t.Hub.Post(ctx, record, by, a, func(crdt.RecordID, *conflicts.Outcome) *store.Answer {
		return &store.Answer{
			Principal: asker(by.Supplier), Key: told.Key, Request: told.Request, Status: 201, Body: body, At: t.Now(),
		}
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, conflicts.ErrIntroducing) {
		return nil // the record is not listed any more: there is nobody to tell
	}
	return err
}

// tellLink tells that a person said whether an item is about a record.
func (t *Timeline) tellLink(ctx context.Context, by conflicts.Principal, record crdt.RecordID, id string, state store.LinkState) error {
	items, err := t.Store.Items(ctx, by.Supplier, []string{id})
	if err != nil || len(items) == 0 {
		return err // none: it went meanwhile
	}
	said, what := "is about", "something"
	if state == store.Unlinked {
		said = "is not about"
	}
	for _, w := range words {
		if w.kind == items[0].Kind {
			what = w.one
		}
	}
	data, err := json.Marshal(announcement{Items: []string{id}, Kinds: map[string]int{items[0].Kind: 1}, Link: state})
	if err != nil {
		return err
	}
	a := conflicts.Activity{Kind: ActivityKind, Text: "Said that " + what + " " + said + " this client.", Data: data}
	_, err = t.Hub.Post(ctx, record, by, a, nil)
	return err
}

// An announcement is the data of an activity that tells of items.
type announcement struct {
	Items []string        `json:"items"`          // the first hundred
	Kinds map[string]int  `json:"kinds"`          // how many there are
	Link  store.LinkState `json:"link,omitempty"` // what a person said of them; empty for what is new
}

func activityOf(items []store.Item) (a conflicts.Activity, err error) {
	told := announcement{Items: []string{}, Kinds: make(map[string]int)}
	for i := range items {
		told.Kinds[items[i].Kind]++
		if i < namedItems {
			told.Items = append(told.Items, items[i].ID)
		}
	}
	data, err := json.Marshal(told)
	return conflicts.Activity{Kind: ActivityKind, Text: sentence(items, told.Kinds), Data: data}, err
}

// words say what an item of a kind is called, alone and with others, in the order
// of a sentence.
var words = []struct{ kind, one, many string }{
	{"email", "an e-mail", "e-mails"},
	{"sms", "a text message", "text messages"},
	{"call", "a call", "calls"},
	{"scheduled_call", "a scheduled call", "scheduled calls"},
	{"meeting", "a meeting", "meetings"},
	{"message", "a message", "messages"},
	{"note", "a note", "notes"},
}

// sentence says what came, and nothing of what it says.
func sentence(items []store.Item, kinds map[string]int) string {
	if it := &items[0]; len(items) == 1 {
		switch {
		case it.Kind == Message:
			return "Wrote a message."
		case it.Kind == Note:
			return "Wrote a note."
		case it.Kind == "email" && it.Direction == store.Outbound:
			return "An e-mail was sent."
		case it.Kind == "email":
			return "An e-mail came in."
		case it.Kind == "sms" && it.Direction == store.Outbound:
			return "A text message was sent."
		case it.Kind == "sms":
			return "A text message came in."
		case it.Kind == Call && it.Occurrences[0].Account == "":
			return "Noted a call."
		}
	}
	var parts []string
	for _, w := range words {
		switch n := kinds[w.kind]; {
		case n == 1:
			parts = append(parts, w.one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, w.many))
		}
	}
	if len(parts) == 0 {
		return "The timeline has something new."
	}
	last := len(parts) - 1
	if last == 0 {
		return "The timeline has " + parts[0] + " more."
	}
	return "The timeline has " + strings.Join(parts[:last], ", ") + " and " + parts[last] + " more."
}
