package conflicts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/crdt"
)

var dirEnv = &Env{Secret: []byte("secret"), Limits: crdt.DefaultLimits}

func dirID(n int) crdt.RecordID {
	return crdt.RecordID{0: 1, 6: 0x40, 8: 0x80, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

// listingOf is a listing of records by number: those below zero are not listed any more.
func listingOf(whole bool, epoch uint64, numbers ...int) Listing {
	l := Listing{Records: make(map[crdt.RecordID]bool), Whole: whole, Most: 100, Epoch: epoch, Now: time.Unix(1_800_000_000, 0)}
	for _, n := range numbers {
		l.Records[dirID(max(n, -n))] = n > 0
	}
	return l
}

// A kept directory is one with all batches that were stored of it.
type keptDirectory struct {
	*Directory
	t       *testing.T
	batches []StoredBatch
}

func newKept(t *testing.T) *keptDirectory {
	return &keptDirectory{Directory: NewDirectory(dirEnv.DirectoryID("rose"), dirEnv), t: t}
}

func (k *keptDirectory) write(l Listing) *Outcome {
	k.t.Helper()
	o, err := k.Write(l)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.keep(o)
}

func (k *keptDirectory) keep(o *Outcome) *Outcome {
	b := StoredBatch{Hub: o.Hub != nil}
	for _, c := range o.Stored {
		b.Chunks = append(b.Chunks, c.Raw)
	}
	if len(b.Chunks) > 0 {
		k.batches = append(k.batches, b)
	}
	return o
}

// restored is the directory as of its first batches.
func (k *keptDirectory) restored(batches int) *keptDirectory {
	k.t.Helper()
	d, err := LoadDirectory(k.id, dirEnv, k.batches[:batches])
	if err != nil {
		k.t.Fatal(err)
	}
	return &keptDirectory{Directory: d, t: k.t, batches: slices.Clip(k.batches[:batches])}
}

func (k *keptDirectory) lists(numbers ...int) {
	k.t.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, dirID(n).DocumentID())
	}
	slices.Sort(want)
	got := slices.Sorted(maps.Keys(k.fields.Value(listedPath, k.graph.All()).Map))
	if !slices.Equal(got, want) {
		k.t.Errorf("lists %v, want %v", got, want)
	}
	if maps := k.fields.Live(listedPath, k.graph.All()); len(maps) != 1 {
		k.t.Errorf("%d maps of records are live", len(maps))
	}
}

// changes are those of a directory as a device brings them.
func (k *keptDirectory) changes() (all []*crdt.Change) {
	for _, b := range k.batches {
		for _, raw := range b.Chunks {
			c, err := crdt.Decode(raw, crdt.DefaultLimits)
			if err != nil {
				k.t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	return all
}

func TestDirectoryListsWhatItIsToldInOneChangeEach(t *testing.T) {
	d := newKept(t)
	if o := d.write(listingOf(true, 1)); len(o.Stored) != 1 {
		t.Errorf("an empty directory begins with %d changes", len(o.Stored))
	}
	if o := d.write(listingOf(true, 1, 1, 2, 3)); len(o.Stored) != 1 || o.Hub == nil {
		t.Errorf("three records took %d changes", len(o.Stored))
	}
	d.lists(1, 2, 3)
	if o := d.write(listingOf(false, 1, -2, 4, -9)); len(o.Stored) != 1 || o.Stored[0].NumOps != 2 {
		t.Errorf("one that came and one that went: %+v", o.Stored)
	}
	d.lists(1, 3, 4)
	if o := d.write(listingOf(true, 1, 1, 3, 4)); !o.Empty() {
		t.Errorf("nothing new is written as %+v", o.Stored)
	}
	d.write(listingOf(true, 1, 4, 5))
	d.lists(4, 5)
	d.write(listingOf(false, 1, 2))
	d.lists(2, 4, 5)
	d.restored(len(d.batches)).lists(2, 4, 5)
	if f := ExamineDirectory(dirEnv, "rose", d.id, d.batches, d.graph.Heads()); len(f) > 0 {
		t.Errorf("found %+v", f)
	}
}

func TestDirectoryThatIsFullKeepsWhatItListsAndSaysSo(t *testing.T) {
	d := newKept(t)
	l := listingOf(true, 1, 5, 6, 7, 8)
	l.Most = 3
	d.write(l)
	d.lists(5, 6, 7)
	if !d.Truncated() {
		t.Error("says nothing of the fourth")
	}
	l = listingOf(false, 1, 1, -6)
	l.Most = 3
	d.write(l)
	d.lists(1, 5, 7)
	if !d.Truncated() {
		t.Error("takes three of four for all")
	}
	l = listingOf(true, 1, 1, 5, 7)
	l.Most = 3
	d.write(l)
	if d.Truncated() {
		t.Error("says that there are more, and there are not")
	}
}

func TestDirectoryRefusesWhateverTheHubDidNotWrite(t *testing.T) {
	d := newKept(t)
	d.write(listingOf(true, 1, 1))
	copied := d.restored(1)
	copied.secret = []byte("another secret")
	foreign := copied.write(listingOf(false, 9, 7)).Stored[0]
	other := &keptDirectory{Directory: NewDirectory(dirEnv.DirectoryID("lily"), dirEnv), t: t}
	others := other.write(listingOf(true, 1, 8)).Stored
	for name, changes := range map[string][]*crdt.Change{"tagged with another secret": {foreign}, "of another's directory": others} {
		for i, c := range changes {
			again, err := crdt.Decode(c.Raw, crdt.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			changes[i] = again
		}
		for _, role := range []Role{Owner, Member, Viewer} {
			o := d.Receive(Delivery{From: Principal{Supplier: "rose", User: "x", Role: role}, Changes: changes})
			if !o.Empty() || len(o.Refused) != len(changes) || o.Refused[0].Reason != RefusedDirectory {
				t.Errorf("%s, of a %s: %+v", name, role, o)
			}
		}
	}
	d.lists(1)
}

func TestDirectoryTakesBackWhatTheHubLostAndPutsItRight(t *testing.T) {
	for lost := range 4 {
		t.Run(fmt.Sprint("all but ", lost, " batches lost"), func(t *testing.T) {
			device := newKept(t)
			device.write(listingOf(true, 1, 1, 2))
			device.write(listingOf(false, 1, 3, -1))
			device.write(listingOf(false, 1, 4))
			hub := device.restored(min(lost, 3))
			if hub.Written(1) >= device.Written(1) && lost < 3 {
				t.Fatal("nothing was lost")
			}
			hub.write(listingOf(true, 2, 1, 2, 5)) // what the restored store lists

			backwards := device.changes()
			slices.Reverse(backwards)
			for _, order := range [][]*crdt.Change{backwards, device.changes()} {
				o := hub.keep(hub.Receive(Delivery{From: Principal{Role: Member}, Changes: order}))
				if len(o.Refused) > 0 {
					t.Fatalf("refused: %v", o.Refused[0].Err)
				}
			}
			hub.write(listingOf(true, 2, 1, 2, 5))
			hub.lists(1, 2, 5)
			for _, c := range hub.changes() {
				if _, err := device.graph.AddHub(c); err != nil {
					t.Errorf("the device cannot take the hub's change: %v", err)
				}
			}
			if !slices.Equal(device.graph.Heads(), hub.graph.Heads()) {
				t.Error("device and hub differ")
			}
			if f := ExamineDirectory(dirEnv, "rose", hub.id, hub.batches, hub.graph.Heads()); len(f) > 0 {
				t.Errorf("found %+v", f)
			}
		})
	}
}

func TestDirectoryOfTwentyThousandRecordsIsOneChangeThatADeviceTakes(t *testing.T) {
	d := newKept(t)
	l := listingOf(true, 1)
	l.Most = 20_000
	for n := range l.Most {
		l.Records[dirID(n+1)] = true
	}
	o := d.write(l)
	raw := o.Stored[len(o.Stored)-1].Raw
	c, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil || c.NumOps != l.Most {
		t.Fatalf("%d operations of %d in %d bytes: %v", c.NumOps, l.Most, len(raw), err)
	}
	t.Logf("%d bytes", len(raw))
}

func TestDirectoryWithoutRoomForAChangeSaysSo(t *testing.T) {
	env := &Env{Secret: dirEnv.Secret, Limits: crdt.DefaultLimits}
	env.Limits.MaxChanges = 3
	d := NewDirectory(env.DirectoryID("rose"), env)
	if _, err := d.Write(listingOf(true, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(listingOf(true, 1, 2)); !errors.Is(err, ErrFull) {
		t.Errorf("got error %v", err)
	}
}

func TestDirectoryIDsAreToldFromAllOthers(t *testing.T) {
	id := dirEnv.DirectoryID("rose")
	again, other := dirEnv.DirectoryID("rose"), dirEnv.DirectoryID("lily")
	lost := (&Env{Secret: []byte("lost")}).DirectoryID("rose")
	if id != again || id == other || id == lost {
		t.Errorf("%s, again %s, of another %s, of another hub %s", id, again, other, lost)
	}
	for _, id := range []crdt.RecordID{id, other, lost} {
		if !IsDirectoryID(id) || id[6]>>4 != 4 || id[8]>>6 != 2 {
			t.Errorf("%x does not look like a directory's, or not like a UUID v4", id)
		}
		for bit := range 8 * len(id) {
			near := id
			near[bit/8] ^= 1 << (bit % 8)
			if IsDirectoryID(near) {
				t.Errorf("%x is taken for a directory's", near)
			}
		}
	}
	for n := range 1000 {
		if IsDirectoryID(dirID(n)) {
			t.Errorf("%s is taken for a directory's", dirID(n))
		}
	}
}

func TestExaminationOfADirectoryNamesWhatIsWrong(t *testing.T) {
	d := newKept(t)
	d.write(listingOf(true, 1, 1))
	forger := d.restored(1)
	forger.secret = []byte("another secret")
	forger.write(listingOf(false, 9, 7))
	for what, c := range map[string]struct {
		supplier string
		batches  []StoredBatch
		heads    []crdt.Hash
		want     string
	}{
		"a forged change":     {"rose", forger.batches, forger.graph.Heads(), "was not written by the hub"},
		"a missing batch":     {"rose", nil, d.graph.Heads(), "lead to other heads"},
		"another's directory": {"lily", d.batches, d.graph.Heads(), "whose directory has another id"},
		"a broken change":     {"rose", []StoredBatch{{Chunks: [][]byte{{1}}}}, nil, "cannot be read"},
	} {
		f := ExamineDirectory(dirEnv, c.supplier, d.id, c.batches, c.heads)
		if len(f) != 1 || !strings.Contains(f[0].What, c.want) || f[0].Advice == "" {
			t.Errorf("%s: found %+v", what, f)
		}
	}
}
