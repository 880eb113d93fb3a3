package talk

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"reflect"
	"slices"
	"time"

	"wedsync/store"
)

// A Row is an item as a store holds it.
type Row struct {
	store.Item // without Occurrences; its Participants are those of its copies
	Copies     []Copy
	Erased     bool   // no more than its key and the names of its copies is left
	Forgotten  []Mark // of participants that were erased from it, ascending
}

// A Copy is an occurrence of an item and who took part as far as it shows.
type Copy struct {
	store.Occurrence
	Participants []store.Participant
}

// A Mark tells a contact again without naming it.
type Mark [32]byte

// MarkOf is the mark of a supplier's contact.
func MarkOf(supplier string, c store.Contact) Mark {
	return sha256.Sum256([]byte("erased\x00" + supplier + "\x00" + string(c.Kind) + "\x00" + c.Value))
}

// EncodeMarks is marks as stores keep them.
func EncodeMarks(marks []Mark) []byte {
	b := make([]byte, 0, len(marks)*len(Mark{}))
	for _, m := range marks {
		b = append(b, m[:]...)
	}
	return b
}

// DecodeMarks reads what EncodeMarks made; what is left over is none.
func DecodeMarks(b []byte) (marks []Mark) {
	for one := range slices.Chunk(b, len(Mark{})) {
		if len(one) == len(Mark{}) {
			marks = append(marks, Mark(one))
		}
	}
	return marks
}

// Present reports whether the item is in timelines: it has an occurrence that is
// not removed.
func (r *Row) Present() bool {
	return !r.Erased && slices.ContainsFunc(r.Copies, func(c Copy) bool { return !c.Removed })
}

// Whole is the item with its occurrences.
func (r *Row) Whole() store.Item {
	it := r.Item
	for _, c := range r.Copies {
		it.Occurrences = append(it.Occurrences, c.Occurrence)
	}
	return it
}

// Kept is the row as it is copied, but for its links.
func (r *Row) Kept() store.KeptItem {
	k := store.KeptItem{Item: r.Whole(), Erased: r.Erased, Forgotten: EncodeMarks(r.Forgotten)}
	for _, c := range r.Copies {
		k.Shown = append(k.Shown, c.Participants)
	}
	return k
}

// RowOf is the row of what was copied.
func RowOf(supplier string, k *store.KeptItem) *Row {
	r := &Row{Item: k.Item, Erased: k.Erased, Forgotten: DecodeMarks(k.Forgotten)}
	r.Supplier, r.Occurrences = supplier, nil
	for i, o := range k.Occurrences {
		c := Copy{Occurrence: o}
		if i < len(k.Shown) {
			c.Participants = k.Shown[i]
		}
		r.Copies = append(r.Copies, c)
	}
	SortCopies(r.Copies)
	return r
}

// Erase leaves no more than the key and the names of the copies.
func (r *Row) Erase() {
	r.Item = store.Item{Supplier: r.Supplier, ID: r.ID, Key: r.Key, At: time.Unix(0, 0).UTC(), Version: r.Version, Told: true}
	r.Copies = slices.Clone(r.Copies)
	for i := range r.Copies {
		r.Copies[i].Participants, r.Copies[i].Level, r.Copies[i].Removed = nil, 0, true
	}
	r.Erased, r.Forgotten = true, nil
}

// Forget takes the participants with some contacts away for good.
func (r *Row) Forget(contacts []store.Contact) {
	for _, c := range contacts {
		r.Forgotten = append(slices.Clip(r.Forgotten), MarkOf(r.Supplier, c))
	}
	r.Forgotten = sortMarks(r.Forgotten)
	r.Copies = slices.Clone(r.Copies)
	for i := range r.Copies {
		r.Copies[i].Participants = r.known(r.Copies[i].Participants)
	}
	r.settle()
}

// known are participants without those that were forgotten.
func (r *Row) known(all []store.Participant) (kept []store.Participant) {
	for _, p := range all {
		if len(r.Forgotten) == 0 || !slices.Contains(r.Forgotten, MarkOf(r.Supplier, p.Contact)) {
			kept = append(kept, p)
		}
	}
	return kept
}

// put adds a copy, or replaces the one of its name.
func (r *Row) put(c Copy) {
	c.Participants = r.known(c.Participants)
	at, there := slices.BinarySearchFunc(r.Copies, c, compareCopies)
	r.Copies = slices.Clone(r.Copies)
	if there {
		r.Copies[at] = c
	} else {
		r.Copies = slices.Insert(r.Copies, at, c)
	}
}

// Drop takes away the copy of a name.
func (r *Row) Drop(account, provider string) {
	r.Copies = slices.DeleteFunc(slices.Clone(r.Copies), func(c Copy) bool { return c.Account == account && c.Provider == provider })
	r.settle()
}

// SortCopies puts copies in the order that rows have them in.
func SortCopies(copies []Copy) { slices.SortFunc(copies, compareCopies) }

func compareCopies(a, b Copy) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Provider, b.Provider))
}

// settle makes of the item what its copies show.
func (r *Row) settle() {
	if r.Erased {
		return
	}
	widest := store.Level(0)
	for _, c := range r.Copies {
		if !c.Removed {
			widest = max(widest, c.Level)
		}
	}
	if widest < store.LevelSubject {
		r.Subject = ""
	}
	if widest < store.LevelEverything {
		r.Snippet, r.Body, r.Detail = "", "", nil
	}
	r.Participants = together(r.Copies, r.Present())
}

// together are the participants of copies, each once: of those that are not
// removed, or of all.
func together(copies []Copy, present bool) (all []store.Participant) {
	for _, c := range copies {
		if c.Removed && present {
			continue
		}
		for _, p := range c.Participants {
			at := slices.IndexFunc(all, func(known store.Participant) bool {
				return known.Role == p.Role && known.Contact == p.Contact && (p.Value != "" || known.Name == p.Name)
			})
			switch {
			case at >= 0:
				all[at].Own = all[at].Own || p.Own
				all[at].Name = cmp.Or(all[at].Name, p.Name)
			case len(all) < store.MaxParticipants:
				all = append(all, p)
			}
		}
	}
	return all
}

// differs reports whether there is anything to be written.
func (r *Row) differs(before *Row) bool { return !reflect.DeepEqual(r, before) }

// Worded reports whether other words find the item than before.
func (r *Row) Worded(before *Row) bool {
	return before == nil || r.Erased != before.Erased || r.Subject != before.Subject || r.Body != before.Body ||
		!reflect.DeepEqual(r.Participants, before.Participants)
}

func sortMarks(marks []Mark) []Mark {
	slices.SortFunc(marks, func(a, b Mark) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(marks)
}
