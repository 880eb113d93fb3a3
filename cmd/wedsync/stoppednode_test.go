package main

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// mostHeld is how long a node that is stopped inside a transaction may hold up
// others: idle_in_transaction_session_timeout, a few of lock_timeout, and a moment.
const mostHeld = 6 * time.Second

// stopInside stops the far hub inside a transaction that holds its supplier's
// lock, with a conflict in it.
func (o *outage) stopInside() error {
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, o.db.Address(outageDatabase))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }() // it is the test's own
	for ctx.Err() == nil {
		inside, err := o.tryToStopInside(ctx, conn)
		if inside || err != nil {
			return err
		}
		if err := o.farGoesOn(); err != nil { // it had no transaction any more
			return err
		}
	}
	return errors.New("the far hub was never stopped inside a transaction")
}

// tryToStopInside has the far hub wait for the lock with a transaction that has
// more to say once it has it, stops the hub, and gives it the lock.
func (o *outage) tryToStopInside(ctx context.Context, conn *pgx.Conn) (inside bool, err error) {
	if _, err := conn.Exec(ctx, `BEGIN; SELECT 1 FROM wedsync.suppliers WHERE name = 'barn' FOR UPDATE`); err != nil {
		return false, err
	}
	o.ada.do("load", args{"id": o.dates, "field": "wedding_date", "every": 20, "dates": true, "count": 1})
	const waits = `count(*) > 0 FROM pg_stat_activity WHERE application_name = 'wedsync' AND wait_event_type = 'Lock' AND query LIKE '%wedsync.suppliers%'`
	if err := o.until(ctx, conn, waits, time.Minute); err != nil {
		return false, err
	}
	if err := syscall.Kill(o.far.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		return false, err
	}
	if _, err := conn.Exec(ctx, `ROLLBACK`); err != nil {
		return false, err
	}
	const holds = `count(*) > 0 FROM pg_stat_activity WHERE application_name = 'wedsync' AND state = 'idle in transaction'`
	err = o.until(ctx, conn, holds, time.Second)
	if errors.Is(err, errNotYet) {
		return false, nil
	}
	return err == nil, err
}

var errNotYet = errors.New("not yet")

// until asks the database until it says yes, at most for a while.
func (o *outage) until(ctx context.Context, conn *pgx.Conn, question string, most time.Duration) error {
	question = `SELECT pg_stat_clear_snapshot(), ` + question // a transaction sees the sessions as they were at first
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for late := time.Now().Add(most); time.Now().Before(late); {
		var yes bool
		if err := conn.QueryRow(ctx, question).Scan(nil, &yes); err != nil || yes {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errNotYet
}

func (o *outage) farGoesOn() error { return syscall.Kill(o.far.cmd.Process.Pid, syscall.SIGCONT) }

// liveWithStopped has the far hub stopped inside a transaction. A device of the
// near one goes on as soon as the database has ended that, and the far hub's own
// come back when it goes on.
func (o *outage) liveWithStopped() {
	o.Helper()
	if err := o.stopInside(); err != nil {
		o.Fatal(err)
	}
	began := time.Now()
	o.cid.do("set", args{"id": o.dates, "field": "field_cid", "value": "while the other is stopped"})
	o.cid.do("wait", args{"id": o.dates, "acked": true})
	held := time.Since(began)
	o.heldUp.note(held)
	if !raceEnabled && held > mostHeld {
		o.Errorf("a stopped node held up others for %s", held)
	}
	o.awaitReady(o.near, "")
	if err := o.farGoesOn(); err != nil {
		o.Fatal(err)
	}
	o.awaitReady(o.far, "")
	o.rest()
}
