package conflicts

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wedsync/crdt"
)

// The root keys of a directory.
const (
	// listedPath is a map of the document id of each listed record to true.
	listedPath crdt.Path = "records"
	// truncatedPath is true while there are more records than are listed.
	truncatedPath crdt.Path = "truncated"
)

// KindDirectory is the kind of every batch of a directory, whoever brought it.
const KindDirectory = "directory"

// A Directory is the document in which a supplier's devices find its records: a
// root map "records" with the document id of each, and no more of them than
// that. Only the hub writes it. What a device writes into its copy is refused;
// hub changes that the hub has lost with its store are taken back from whoever
// brings them, and what they list is then put right like anything else.
//
// Its first change makes the empty map and is the same whenever and by whichever
// process it is made, so that there is one map even if a directory is begun
// again after it was lost. All others are made under an actor that is the
// process's alone (see [Directory.Write]).
//
// A Directory is owned by one goroutine. What its methods did is true only once
// their Outcome is stored; if that fails, the Directory is to be forgotten and
// loaded again.
type Directory struct {
	hand
	env    *Env
	graph  *crdt.Graph
	fields *crdt.Fields
	count  int // listed records; negative until they are counted
}

// NewDirectory is a directory that the hub has not written yet.
func NewDirectory(id crdt.RecordID, env *Env) *Directory {
	return &Directory{
		hand:   hand{id: id, secret: env.Secret},
		env:    env,
		graph:  crdt.NewGraph(env.Limits),
		fields: crdt.NewFields(listedPath, truncatedPath),
		count:  -1,
	}
}

// LoadDirectory brings back a directory from all its batches in their order.
func LoadDirectory(id crdt.RecordID, env *Env, batches []StoredBatch) (*Directory, error) {
	d := NewDirectory(id, env)
	if err := d.restore(batches); err != nil {
		return nil, err
	}
	return d, nil
}

// restore adds stored batches to the history.
func (d *Directory) restore(batches []StoredBatch) error {
	d.count = -1
	for i, batch := range batches {
		for n, chunk := range batch.Chunks {
			c, err := crdt.Decode(chunk, d.env.storedLimits())
			if err != nil {
				return fmt.Errorf("batch %d: change %d: %w", i, n, err)
			}
			added, err := d.graph.AddHub(c)
			if err != nil {
				return fmt.Errorf("batch %d: change %d: %w", i, n, err)
			}
			if len(added) != 1 {
				return fmt.Errorf("batch %d: change %d is not one that only needs earlier ones", i, n)
			}
			d.apply(c)
		}
	}
	return nil
}

// apply notes what a change that joined the history lists, and lets go of its
// operations.
func (d *Directory) apply(c *crdt.Change) {
	i, _ := d.graph.Index(c.Hash)
	d.fields.Apply(i, c)
	c.Ops = nil
}

// Follow takes over what another process stored since the directory was read: the
// batches that came since, in their order. After an error, which is ErrFollow,
// it is to be forgotten.
func (d *Directory) Follow(_ []byte, batches []StoredBatch) error {
	if err := d.restore(batches); err != nil {
		return fmt.Errorf("%w: %w", ErrFollow, err)
	}
	return nil
}

// ID is the directory's name.
func (d *Directory) ID() crdt.RecordID { return d.id }

// Graph is the directory's history. It is changed by Receive and Write alone.
func (d *Directory) Graph() *crdt.Graph { return d.graph }

// Bytes is about how much memory the directory takes.
func (d *Directory) Bytes() int {
	const perChange, perByte = 256, 4 // its place in the graph, and the listed ids in the table of live operations
	return d.graph.Bytes()*(1+perByte) + d.graph.Len()*perChange
}

// Listed is true: nothing has to come before a directory counts.
func (d *Directory) Listed() bool { return true }

// Settled is true: there is nothing to judge.
func (d *Directory) Settled() bool { return true }

// Deleted is false: nobody can delete a directory.
func (d *Directory) Deleted() bool { return false }

// Ledger is empty: all that the hub says is in the document.
func (d *Directory) Ledger() []byte { return nil }

// Receive takes what a device delivered: hub changes that the hub does not hold.
// All other changes become Refusals.
func (d *Directory) Receive(delivery Delivery) *Outcome {
	o := new(Outcome)
	d.count = -1
	for _, c := range delivery.Changes {
		if d.graph.Has(c.Hash) {
			continue
		}
		if !d.genuine(c) {
			o.Refused = append(o.Refused, Refusal{Hash: c.Hash, Reason: RefusedDirectory, Err: errDirectory})
			continue
		}
		added, err := d.graph.AddHub(c)
		if err != nil {
			o.Refused = append(o.Refused, Refusal{Hash: c.Hash, Reason: refusalReason(err), Err: err})
			continue
		}
		d.store(o, added...)
	}
	for _, dropped := range d.graph.Dropped() {
		o.Refused = append(o.Refused, Refusal{Hash: dropped.Change.Hash, Reason: refusalReason(dropped.Err), Err: dropped.Err})
	}
	return o
}

// errDirectory means that a device wrote into a directory.
var errDirectory = errors.New("only the hub writes the directory")

func (d *Directory) store(o *Outcome, changes ...*crdt.Change) {
	for _, c := range changes {
		d.apply(c)
		o.Stored = append(o.Stored, c)
	}
}

// A Listing is what a directory is to say.
type Listing struct {
	// Records are listed if true, and not listed any more if false.
	Records map[crdt.RecordID]bool
	// Whole says that no other record is to be listed.
	Whole bool
	// Most bounds the listed records. Those that are listed stay; of the others
	// the lowest ids come first. While some are left out the directory says so.
	Most int
	// Epoch names the actor. It is not 0, and nobody else has it: if the store
	// lost changes of an epoch, another must be taken, for who holds them would
	// not take others of the same numbers.
	Epoch uint64
	Now   time.Time
}

// Written counts the changes of an epoch that the directory holds.
func (d *Directory) Written(epoch uint64) uint64 { return d.graph.Seq(d.newHubActor(epoch)) }

// Truncated reports whether there were more records than could be listed.
func (d *Directory) Truncated() bool {
	return d.fields.Value(truncatedPath, d.graph.All()).Kind != crdt.Missing
}

// Write makes the one change, if any is due, after which the directory says what
// is asked; before the first it makes the one that begins it. ErrFull means that
// nothing has changed; after another error the directory is to be forgotten.
func (d *Directory) Write(l Listing) (*Outcome, error) {
	if d.graph.Len()+2 > d.env.Limits.MaxChanges {
		return nil, ErrFull
	}
	o := new(Outcome)
	if d.graph.Len() == 0 {
		b := crdt.NewBuilder(d.fields, d.graph, d.newHubActor(0), 0)
		b.Set(listedPath, crdt.Value{Kind: crdt.Map})
		if err := d.add(o, b); err != nil {
			return nil, err
		}
	}
	b := crdt.NewBuilder(d.fields, d.graph, d.newHubActor(l.Epoch), l.Now.Unix())
	d.list(b, l)
	if b.Len() > 0 {
		if err := d.add(o, b); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// add makes what b holds a change of the history.
func (d *Directory) add(o *Outcome, b *crdt.Builder) error {
	c := d.build(b)
	if _, err := d.graph.AddHub(c); err != nil {
		return fmt.Errorf("add a hub change: %w", err)
	}
	d.store(o, c)
	o.Hub = c
	return nil
}

// yes is the value of a listed record.
var yes = crdt.Value{Kind: crdt.Bool, Int: 1}

func byID(a, b crdt.RecordID) int { return bytes.Compare(a[:], b[:]) }

// list writes what the directory does not say yet.
func (d *Directory) list(b *crdt.Builder, l Listing) {
	count := d.counted()
	for _, key := range d.unlisted(l) {
		b.Set(placeOf(key), crdt.Value{})
		count--
	}
	truncated := !l.Whole && d.Truncated()
	for _, id := range slices.SortedFunc(maps.Keys(l.Records), byID) {
		key := id.DocumentID()
		if !l.Records[id] || d.lists(key) {
			continue
		}
		if count >= l.Most {
			truncated = true
			break
		}
		b.Set(placeOf(key), yes)
		count++
	}
	d.count = count
	switch {
	case truncated && !d.Truncated():
		b.Set(truncatedPath, yes)
	case !truncated && d.Truncated():
		b.Set(truncatedPath, crdt.Value{})
	}
}

// unlisted are the keys that the directory has and is not to have, ascending.
func (d *Directory) unlisted(l Listing) (keys []string) {
	if !l.Whole {
		for id, listed := range l.Records {
			if key := id.DocumentID(); !listed && d.lists(key) {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		return keys
	}
	want := make(map[string]bool, len(l.Records))
	for id, listed := range l.Records {
		want[id.DocumentID()] = listed
	}
	for key := range d.shown() {
		if !want[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func placeOf(key string) crdt.Path { return listedPath + "." + crdt.Path(key) }

// lists reports whether the directory has a key.
func (d *Directory) lists(key string) bool {
	return d.fields.Value(placeOf(key), d.graph.All()).Kind != crdt.Missing
}

// shown are all keys that the directory has.
func (d *Directory) shown() map[string]crdt.Value {
	return d.fields.Value(listedPath, d.graph.All()).Map
}

// counted is how many keys the directory has.
func (d *Directory) counted() int {
	if d.count < 0 {
		d.count = len(d.shown())
	}
	return d.count
}
