package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

const crowdSteps = 60 // of one story

// TestDevicesOfSeveralNodesHearAllThatIsStored plays stories of one record that
// devices of several nodes edit, leave and come back to, while it is deleted and
// restored, closed and opened, rings are lost and the store fails. In the end every
// device that is there has heard, without asking, what the store has.
//
//	go test ./server/hub -run SeveralNodesHear -soak.steps 100000 -timeout 0
//	WEDSYNC_SEED=… go test ./server/hub -run SeveralNodesHear -soak.steps N
func TestDevicesOfSeveralNodesHearAllThatIsStored(t *testing.T) {
	seed := modelSeed(t)
	stories := max(1, *soakSteps/crowdSteps)
	began, told := time.Now(), time.Now()
	far := func(played int) string {
		return fmt.Sprintf("several nodes, seed %d: %d of %d stories, %.0f s", seed, played, stories, time.Since(began).Seconds())
	}
	for i := range stories {
		synctest.Test(t, func(t *testing.T) { newCrowd(t, rand.New(rand.NewPCG(seed, uint64(i)))).play() })
		if t.Failed() {
			t.Fatal("✗ " + far(i))
		}
		if *soakReport > 0 && time.Since(told) > *soakReport {
			told = time.Now()
			fmt.Println("· " + far(i+1))
		}
	}
	if *soakReport > 0 {
		fmt.Println("✓ " + far(stories))
	}
}

// A crowd are the devices of several nodes that have one record.
type crowd struct {
	t       *testing.T
	r       *rand.Rand
	store   store.Store
	bus     *bus
	hubs    []*hub.Hub
	seen    []*storetest.Faulty // what each hub sees of the store
	id      crdt.RecordID
	devices []*guest
	edits   int
}

// A guest is a device that may be away. It has the record, or reads the directory.
type guest struct {
	*replica
	name   string
	reads  bool
	here   bool
	denied bool // it was told last that the record is unavailable
}

func newCrowd(t *testing.T, r *rand.Rand) *crowd {
	c := &crowd{t: t, r: r, store: openStore(t), bus: newBus(), id: newID(1)}
	c.bus.limits = hub.Limits{Follow: time.Duration(1+r.IntN(500)) * time.Millisecond, Rest: 50 * time.Millisecond, ComeBack: time.Second}
	c.bus.deaf = r.IntN(2) == 0
	for range 2 + r.IntN(2) {
		seen := storetest.NewFaulty(c.store)
		h, _ := node(t, seen, c.bus)
		c.hubs, c.seen = append(c.hubs, h), append(c.seen, seen)
	}
	for i := range 2 + r.IntN(4) {
		name := fmt.Sprint("device", i)
		c.devices = append(c.devices, &guest{replica: newReplica(t, name, c.id), name: name})
	}
	for i := range r.IntN(3) {
		name := fmt.Sprint("reader", i)
		c.devices = append(c.devices, &guest{replica: newReplica(t, name, c.hubs[0].DirectoryID("studio")), name: name, reads: true})
	}
	c.come(c.devices[0])
	c.devices[0].set("notes", "peonies")
	c.devices[0].syncUntil(c.devices[0].acked)
	return c
}

func (c *crowd) play() {
	for range crowdSteps {
		c.step()
	}
	for range 100 { // of a bubble
		c.hearAll()
		time.Sleep(100 * time.Millisecond)
	}
	c.hearAll()
	c.check()
	for _, g := range c.devices {
		c.leave(g)
	}
}

// step has one thing happen.
func (c *crowd) step() {
	ctx := c.t.Context()
	g, h := c.devices[c.r.IntN(len(c.devices))], c.hubs[c.r.IntN(len(c.hubs))]
	switch n := c.r.IntN(20); {
	case n < 1:
		c.fail(c.seen[c.r.IntN(len(c.seen))])
	case n < 6:
		c.edit(g)
	case n < 10:
		c.hear(g)
	case n < 13:
		c.come(g)
	case n < 14:
		c.leave(g)
	case n < 15:
		c.may(h.Delete(ctx, c.id, olgaOwns, nil))
	case n < 17:
		c.may(h.Restore(ctx, c.id, olgaOwns, nil))
	case n < 18:
		c.edits++
		_, err := h.Edit(ctx, c.id, conflicts.Edit{From: olgaOwns, Fields: map[crdt.Path]crdt.Value{
			"venue_name": {Kind: crdt.Str, Str: fmt.Sprint("Barn ", c.edits)},
		}}, nil)
		c.may(err)
	default:
		time.Sleep(time.Duration(c.r.IntN(200)) * time.Millisecond) // of a bubble
	}
}

// fail lets one of the next calls of a store fail, if it is called again.
func (c *crowd) fail(s *storetest.Faulty) {
	calls := []storetest.Call{storetest.Append, storetest.Heads, storetest.Load, storetest.Later, storetest.Ends, storetest.Moves}
	faults := []storetest.Fault{storetest.NotDone, storetest.AnswerLost}
	s.Fail(calls[c.r.IntN(len(calls))], faults[c.r.IntN(len(faults))])
}

// may takes what a command answers: the record may be deleted, or not, or be
// changed elsewhere at that moment.
func (c *crowd) may(err error) {
	c.t.Helper()
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, hub.ErrUnavailable) {
		c.t.Fatal(err)
	}
}

func (c *crowd) edit(g *guest) {
	if g.reads {
		return
	}
	c.edits++
	field := []string{"notes", "name", "wedding_date"}[c.r.IntN(3)]
	value := fmt.Sprint(field, " ", c.edits)
	if field == "wedding_date" {
		value = fmt.Sprintf("2027-%02d-%02d", 1+c.edits/28%12, 1+c.edits%28)
	}
	g.set(field, value)
	if g.here && c.r.IntN(4) > 0 {
		g.send()
	}
}

func (c *crowd) come(g *guest) {
	if g.here {
		return
	}
	g.connect(c.hubs[c.r.IntN(len(c.hubs))], principal(g.name, conflicts.Member))
	g.here, g.denied = true, false
	g.send()
}

func (c *crowd) leave(g *guest) {
	if g.here {
		g.device.Leave()
		g.here = false
	}
}

// hear has a device take and answer what there is for it. It comes back if it was
// told to.
func (c *crowd) hear(g *guest) (heard bool) {
	if !g.here {
		return false
	}
	out, err := g.device.Take(nil)
	switch {
	case errors.Is(err, hub.ErrClosed):
		if g.device.Code() != hub.TryAgain {
			c.t.Fatalf("%s was closed with %d", g.name, g.device.Code())
		}
		c.leave(g)
		c.come(g)
		return true
	case err != nil && !errors.Is(err, context.Canceled):
		c.t.Fatal(err)
	}
	for _, o := range out {
		g.denied = o.Unavailable != "" || g.denied && o.Sync == nil
		g.take(o)
	}
	return len(out) > 0
}

// hearAll goes on until no device has anything to hear.
func (c *crowd) hearAll() {
	for heard := true; heard; {
		synctest.Wait()
		heard = false
		for _, g := range c.devices {
			heard = c.hear(g) || heard
		}
	}
}

// check holds what devices have heard against what the store has.
func (c *crowd) check() {
	directory := c.hubs[0].DirectoryID("studio")
	all, err := c.store.Heads(c.t.Context(), []crdt.RecordID{c.id, directory})
	if err != nil {
		c.t.Fatal(err)
	}
	var listed []string
	if all[c.id].State == store.Listed {
		listed = documents(c.id)
	}
	for _, g := range c.devices {
		at := all[g.id]
		switch {
		case !g.here:
		case at.State == store.Deleted:
			if !g.denied {
				c.t.Errorf("%s was not told of the deletion", g.name)
			}
		case !slices.Equal(g.peer.Heads(), at.Heads):
			c.t.Errorf("%s was told of %v, the store has %v", g.name, g.peer.Heads(), at.Heads)
		case !has(g.replica, at.Heads...):
			c.t.Errorf("%s lacks changes", g.name)
		case g.reads && !slices.Equal(g.listed(), listed):
			c.t.Errorf("the directory of %s lists %v, want %v", g.name, g.listed(), listed)
		}
	}
}
