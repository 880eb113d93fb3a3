package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wedsync/store/postgres/pgtest"
)

// A failure is something that happens to the database of an outage.
type failure struct {
	claim string
	live  func(*outage) // nil for live with what follows
	begin func(*outage) error
	end   func(*outage) error
	// far is what the hub behind the network says of itself meanwhile, near the one
	// beside the database; empty if it goes on.
	far, near string
}

// failures are what devices and hubs are to live through.
func failures() []failure {
	unreachable, silent := "cannot be reached", "does not answer"
	all := []failure{
		{
			claim: "A node that stops inside a transaction holds up others for seconds only",
			live:  (*outage).liveWithStopped,
		},
		{
			claim: "A database that is restarted is waited for",
			begin: func(o *outage) error { return o.db.Stop() },
			end:   func(o *outage) error { return o.db.Restart() },
			far:   unreachable, near: unreachable,
		},
		{
			claim: "A database that is killed has all that was acknowledged",
			begin: func(o *outage) error { return o.db.StopImmediately() },
			end:   func(o *outage) error { return o.db.Restart() },
			far:   unreachable, near: unreachable,
		},
		{
			claim: "A database that pauses is waited for",
			begin: func(o *outage) error { return o.db.Pause() },
			end:   func(o *outage) error { return o.db.Resume() },
			far:   silent, near: silent,
		},
		{
			claim: "A database out of connections is waited for",
			begin: (*outage).takeConnections,
			end:   (*outage).giveConnections,
			far:   "out of connections", near: "out of connections",
		},
		{
			claim: "A database that only lets read loses nothing",
			begin: func(o *outage) error { return o.setReadOnly("on") },
			end:   func(o *outage) error { return o.setReadOnly("off") },
			far:   "only lets read", near: "only lets read",
		},
		{
			claim: "A network that is cut keeps others from nothing",
			begin: func(o *outage) error { o.network.Cut(); return nil },
			end:   func(o *outage) error { o.network.Mend(); return nil },
			far:   unreachable,
		},
		{
			claim: "A network that passes nothing keeps others from nothing",
			begin: func(o *outage) error { o.network.Stall(); return nil },
			end:   func(o *outage) error { o.network.Mend(); return nil },
			far:   silent,
		},
		{
			claim: "Commits whose answers are lost are stored once",
			begin: func(o *outage) error { o.network.LoseAnswers(); return nil },
			end:   func(o *outage) error { o.network.Mend(); return nil },
			far:   silent,
		},
	}
	if pgtest.DiskCanFill {
		all = append(all, failure{
			claim: "A database whose disk is full has all that was acknowledged",
			begin: func(o *outage) error { return o.db.FillDisk() },
			end:   func(o *outage) error { return o.db.FreeDisk() },
			far:   "disk is full", near: "disk is full",
		})
	}
	return all
}

// TestDevicesLiveThroughFailuresOfTheDatabase lets one bad thing after another
// happen to the database of two hubs, while devices edit: each once, or as often
// as the flag says.
func TestDevicesLiveThroughFailuresOfTheDatabase(t *testing.T) {
	t.Parallel() // it waits most of the time
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	all := failures()
	count := *soakFailures
	if count == 0 {
		count = len(all)
	}
	o := startOutage(t, seed, random)
	p := startProgress(t, "failures", seed, count, nil)
	began := time.Now()
	for i := range count {
		if i%len(all) == 0 {
			random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		}
		f := all[i%len(all)]
		if f.live == nil {
			f.live = func(o *outage) { o.live(f) }
		}
		if !t.Run(f.claim, func(*testing.T) { f.live(o) }) {
			break
		}
		p.done.Add(1)
	}
	o.settle()
	p.finish(time.Since(began), o.figures())
}

// An outage is a database with all that fails about it, two hubs and their devices.
type outage struct {
	*testing.T
	random    *rand.Rand
	db        *pgtest.Server
	network   *pgtest.Network
	far, near *hubProcess // behind the network, and beside the database

	notes, dates  string      // records, of which all edit fields of their own, and the date
	ada, ben, cid *nodeClient // two of the far hub, and one of the near one
	held          []*pgx.Conn
	stored        int    // acknowledgements that were looked for in the database
	back          delays // from the end of a failure until all devices had more acknowledged
	heldUp        delays // by a node that was stopped inside a transaction
}

const outageDatabase = "hub"

func startOutage(t *testing.T, seed uint64, random *rand.Rand) *outage {
	t.Helper()
	db, err := pgtest.StartFillable("max_connections=40", "autovacuum=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL says:\n%s", db.Log())
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Run(t.Context(), "postgres", "CREATE DATABASE "+outageDatabase); err != nil {
		t.Fatal(err)
	}
	network, err := db.Network(seed)
	if err != nil {
		t.Fatal(err)
	}
	o := &outage{T: t, random: random, db: db, network: network}
	o.far, o.near = startHubOn(t, network.Address(outageDatabase)), startHubOn(t, db.Address(outageDatabase))
	t.Cleanup(func() { // before the hubs end, which want to store
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	olga := o.near.api(owner("olga"))
	for _, id := range []*string{&o.notes, &o.dates} {
		*id = olga.create(map[string]any{"name": "Ada & Ben", "wedding_date": "2027-06-12"}).DocumentID
	}
	node := startNode(t)
	o.ada = node.open("ada", clientOptions{url: o.far.sync(member("ada"))})
	o.ben = node.open("ben", clientOptions{url: o.far.sync(member("ben"))})
	o.cid = node.open("cid", clientOptions{url: o.near.sync(member("cid"))})
	for _, c := range o.devices() {
		c.do("find", args{"id": o.notes})
		c.do("find", args{"id": o.dates})
	}
	return o
}

func (o *outage) devices() []*nodeClient { return []*nodeClient{o.ada, o.ben, o.cid} }

// edit has all devices edit until rest.
func (o *outage) edit() {
	for i, c := range o.devices() {
		o.write(c)
		c.do("load", args{"id": o.dates, "field": "wedding_date", "every": 700 + 50*i, "dates": true})
	}
}

// write has a device write notes.
func (o *outage) write(c *nodeClient) {
	o.Helper()
	c.do("load", args{"id": o.notes, "field": "field_" + c.name, "every": 60 + 10*slices.Index(o.devices(), c)})
}

// rest ends the edits and checks that all have the same.
func (o *outage) rest() {
	o.Helper()
	for _, c := range o.devices() {
		c.do("stop", args{"id": o.notes})
		c.do("stop", args{"id": o.dates})
	}
	for _, id := range []string{o.notes, o.dates} {
		converge(o.T, o.near, id, o.devices()...)
	}
}

// live lets devices live through a failure. One of them is away when it ends, so
// that it cannot bring again what the database has lost.
func (o *outage) live(f failure) {
	o.Helper()
	o.edit()
	o.awaitAcks(o.devices()...)
	if err := f.begin(o); err != nil {
		o.Fatal(err)
	}
	o.awaitReady(o.far, f.far)
	o.awaitReady(o.near, f.near)
	if f.near == "" {
		o.awaitAcks(o.cid)
	}
	<-time.After(time.Duration(o.random.Int64N(int64(time.Second)))) // of the failure, while devices go on
	o.ada.do("offline", nil)
	if err := f.end(o); err != nil {
		o.Fatal(err)
	}
	ended := time.Now()
	o.awaitReady(o.far, "")
	o.awaitReady(o.near, "")
	o.checkStored(o.ada)
	o.ada.do("online", nil)
	o.awaitAcks(o.devices()...)
	o.back.note(time.Since(ended))
	o.rest()
	for _, h := range []*hubProcess{o.far, o.near} {
		if !h.alive() {
			o.Errorf("a hub has ended")
		}
	}
}

// awaitAcks has devices rest from their notes until all that they wrote is
// acknowledged. Waiting for that while they write would take a quick machine.
func (o *outage) awaitAcks(devices ...*nodeClient) {
	o.Helper()
	for _, c := range devices {
		c.do("stop", args{"id": o.notes})
	}
	for _, c := range devices {
		c.do("wait", args{"id": o.notes, "acked": true})
	}
	for _, c := range devices {
		o.write(c)
	}
}

// settle checks that nothing acknowledged is lost and that each conflict stands once.
func (o *outage) settle() {
	o.Helper()
	checker := startNode(o.T).open("checker", clientOptions{url: o.near.sync(viewer("eve"))})
	for _, id := range []string{o.notes, o.dates} {
		checker.do("find", args{"id": id})
		checkAcked(checker, id, o.devices())
	}
	olga := o.far.api(owner("olga"))
	checkQueue(o.T, olga, []string{o.notes, o.dates})
	checkProposals(o.T, olga)
	if len(olga.conflicts("")) == 0 {
		o.Error("nobody's date diverted: the run shows nothing")
	}
}

func (o *outage) figures() string {
	gone := 0
	for _, c := range o.devices() {
		gone += len(c.events("gone"))
	}
	return fmt.Sprintf("%d acknowledged heads looked for in the database, none missing; %d times a device was told to come back; all went on after %s; held up by a stopped node: %s",
		o.stored, gone, &o.back, &o.heldUp)
}

// takeConnections takes all connections that the database has, those of the hubs too:
// none is let in meanwhile, or they would take again what is freed.
func (o *outage) takeConnections() error {
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, o.db.Address("postgres"))
	if err != nil {
		return err
	}
	o.held = append(o.held, conn)
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+outageDatabase+" ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	const ended = `count(pg_terminate_backend(pid)) = 0 FROM pg_stat_activity WHERE datname = '` + outageDatabase + `'`
	if err := o.until(ctx, conn, ended, patience); err != nil {
		return err
	}
	var full *pgconn.PgError
	for !errors.As(err, &full) {
		var more *pgx.Conn
		if more, err = pgx.Connect(ctx, o.db.Address("postgres")); err == nil {
			o.held = append(o.held, more)
		} else if ctx.Err() != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+outageDatabase+" ALLOW_CONNECTIONS true")
	return err
}

func (o *outage) giveConnections() error {
	for _, conn := range o.held {
		if err := conn.Close(o.Context()); err != nil {
			return err
		}
	}
	o.held = nil
	return nil
}

// setReadOnly has the database let only read, also in the connections that there are.
func (o *outage) setReadOnly(value string) error {
	// A session that only reads may not alter the system either.
	for _, statement := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + value, "SELECT pg_reload_conf()"} {
		if err := o.db.Run(o.Context(), "postgres", statement); err != nil {
			return err
		}
	}
	return nil
}
