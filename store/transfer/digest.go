package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"slices"

	"wedsync/crdt"
	"wedsync/store"
)

// A Sum is what SHA-256 makes of a part.
type Sum [sha256.Size]byte

// String is the beginning, as people compare it.
func (s Sum) String() string { return hex.EncodeToString(s[:8]) }

// A Part of a digest is about one kind of what a store holds.
type Part struct {
	Name string
	Sum  Sum
}

// A Digest is over all that a store holds of a supplier and that matters: not
// over projections, which are made again.
type Digest struct {
	Supplier string
	Records  int
	Entries  uint64
	Parts    []Part
}

// Sum is over all parts.
func (d *Digest) Sum() Sum {
	h := sha256.New()
	for _, p := range d.Parts {
		h.Write(p.Sum[:])
	}
	return Sum(h.Sum(nil))
}

// The parts of a digest.
const (
	policiesPart = iota
	devicesPart
	accessPart  // roles and revocations
	recordsPart // versions, states, heads and ledgers
	conflictsPart
	mergedPart
	receiptsPart // with those who acknowledged them
	answersPart
	heldPart // by devices
	journalPart
	connectionsPart
	objectsPart // which records they are
	eventsPart
	endpointsPart // with their cursors
	deliveriesPart
	accountsPart // with their cursors
	itemsPart    // in whatever state, with their links
	allParts
)

var partNames = [allParts]string{
	"policies", "devices", "roles and revocations", "records", "conflicts", "merged entries", "receipts", "answers", "heads that devices hold", "journal entries",
	"connections", "objects of connections", "events", "endpoints", "deliveries",
	"accounts", "communications",
}

// DigestOf makes the digest of a supplier. tell is called after each page with
// how many records and entries it has added; nil for nobody.
func DigestOf(ctx context.Context, s store.Store, supplier string, tell func(records int, entries uint64)) (Digest, error) {
	d := digesting{store: s, supplier: supplier, tell: tell}
	for i := range d.parts {
		d.parts[i].h = sha256.New()
	}
	for _, step := range []func(context.Context) error{
		d.policies, d.devices, d.access, d.records, d.journal, d.connections, d.objects, d.events, d.endpoints, d.deliveries, d.accounts, d.items,
	} {
		if err := step(ctx); err != nil {
			return Digest{}, err
		}
	}
	made := Digest{Supplier: supplier, Records: d.recordCount, Entries: d.entryCount}
	for i := range d.parts {
		made.Parts = append(made.Parts, Part{partNames[i], Sum(d.parts[i].h.Sum(nil))})
	}
	return made, nil
}

// A digesting is a digest in the making.
type digesting struct {
	store       store.Store
	supplier    string
	tell        func(records int, entries uint64)
	parts       [allParts]summing
	recordCount int
	entryCount  uint64
}

func (d *digesting) policies(ctx context.Context) error {
	policies, err := d.store.PolicyVersions(ctx, d.supplier)
	for _, p := range policies {
		if err := d.parts[policiesPart].json(p); err != nil {
			return err
		}
	}
	return err
}

func (d *digesting) devices(ctx context.Context) error {
	devices, err := d.store.DevicesOf(ctx, d.supplier)
	for _, one := range devices {
		p := &d.parts[devicesPart]
		p.texts(one.User, one.Device, one.StorageID, one.Name)
		p.number(uint64(one.Since.UnixMicro()))
		p.number(uint64(one.At.UnixMicro()))
	}
	return err
}

func (d *digesting) access(ctx context.Context) error {
	a, err := d.store.AccessOf(ctx, d.supplier)
	p := &d.parts[accessPart]
	p.number(a.Version)
	p.number(uint64(len(a.Roles)))
	for _, user := range slices.Sorted(maps.Keys(a.Roles)) {
		p.texts(user, string(a.Roles[user]))
	}
	revoked := slices.SortedFunc(maps.Keys(a.Revoked), func(a, b store.DeviceID) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	for _, id := range revoked {
		p.texts(id.User, id.Device)
		p.number(uint64(a.Revoked[id].UnixMicro()))
	}
	return err
}

func (d *digesting) records(ctx context.Context) error {
	for after := (crdt.RecordID{}); ; {
		page, err := d.store.Wholes(ctx, d.supplier, after, pageRecords)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := d.record(&page[i]); err != nil {
				return err
			}
			after = page[i].Record
		}
		d.recordCount += len(page)
		d.told(len(page), 0)
	}
}

func (d *digesting) record(w *store.Whole) error {
	p := &d.parts[recordsPart]
	p.bytes(w.Record[:])
	p.number(w.Version)
	p.number(uint64(w.State))
	p.bytes(store.EncodeHeads(w.Heads.Heads))
	p.bytes(w.Ledger)
	for i := range w.Conflicts {
		if err := d.parts[conflictsPart].json(&w.Conflicts[i]); err != nil {
			return err
		}
	}
	for i := range w.Merged {
		if err := d.parts[mergedPart].json(&w.Merged[i]); err != nil {
			return err
		}
	}
	for i := range w.Receipts {
		p := &d.parts[receiptsPart]
		if err := p.json(&w.Receipts[i].Receipt); err != nil {
			return err
		}
		p.number(uint64(len(w.Receipts[i].Devices)))
		p.texts(w.Receipts[i].Devices...)
	}
	for _, a := range w.Answers {
		p := &d.parts[answersPart]
		p.bytes(w.Record[:])
		p.texts(a.Principal, a.Key)
		p.bytes(a.Request[:])
		p.number(uint64(a.Status))
		p.bytes(a.Body)
		p.number(uint64(a.At.UnixMicro()))
	}
	for _, h := range w.Devices {
		p := &d.parts[heldPart]
		p.bytes(w.Record[:])
		p.texts(h.User, h.Device, h.Refused)
		p.bytes(store.EncodeHeads(h.Heads))
		p.number(uint64(h.At.UnixMicro()))
	}
	return nil
}

func (d *digesting) journal(ctx context.Context) error {
	for after := uint64(0); ; {
		page, err := d.store.Journal(ctx, d.supplier, after, pageEntries)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			e := &page[i]
			p := &d.parts[journalPart]
			origins, err := store.EncodeOrigins(e.Batches)
			if err != nil {
				return err
			}
			p.number(e.Number)
			p.bytes(e.Record[:])
			p.number(e.Version)
			p.bytes(store.AppendBody(nil, e.Batches))
			p.bytes(origins)
			after = e.Number
		}
		d.entryCount += uint64(len(page))
		d.told(0, uint64(len(page)))
	}
}

func (d *digesting) told(records int, entries uint64) {
	if d.tell != nil {
		d.tell(records, entries)
	}
}

// A summing is a part in the making. Everything goes in after its length, so
// that no two contents are the same bytes.
type summing struct{ h hash.Hash }

func (s *summing) number(n uint64) {
	s.h.Write(binary.BigEndian.AppendUint64(nil, n))
}

func (s *summing) bytes(b []byte) {
	s.number(uint64(len(b)))
	s.h.Write(b)
}

func (s *summing) texts(texts ...string) {
	for _, t := range texts {
		s.bytes([]byte(t))
	}
}

func (s *summing) json(v any) error {
	b, err := json.Marshal(v)
	s.bytes(b)
	return err
}
