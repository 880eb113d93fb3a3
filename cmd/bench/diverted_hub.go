package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	house "wedsync/server/hub"
	"wedsync/syncproto"
)

// A connection leads to a hub in this process: frames go in and come out
// as they would on a socket.
type connection struct {
	session *syncproto.Session
	device  *house.Device
	name    string
	due     chan struct{} // has one slot
	out     []house.Outgoing
	frame   []byte // that goes in
	answer  []byte // that came out
	message []byte
}

// divertInHub brings the edits to a hub in this process, over connections
// without sockets, that keeps in memory what it stores and projects nothing.
// The clock is the process's, so the few microseconds in which the generator
// makes and reads a frame count too, for either kind.
func divertInHub(ctx context.Context, records *histories, edits []memberEdits, quarters []quarter) (c comparison, err error) {
	h, err := house.New(ctx, house.Options{
		Store: newHeapStore(), Engine: unprojecting{}, Log: slog.New(slog.DiscardHandler),
		Limits: house.Limits{DeviceRecords: len(edits) + 1, Rest: time.Hour, Quiet: time.Hour, Notes: time.Hour},
	})
	if err != nil {
		return c, err
	}
	defer h.Close()
	owner, err := connectTo(ctx, h, "bench", conflicts.Owner)
	if err != nil {
		return c, err
	}
	for n := range edits {
		r := records.all[n]
		if err := owner.bring(ctx, []memberEdit{{of: r, chunk: r.chunks[0], hash: r.hashes[0]}}); err != nil {
			return c, fmt.Errorf("record %d: %w", n, err)
		}
	}
	owner.device.Leave()
	member, err := connectTo(ctx, h, "member", conflicts.Member)
	if err != nil {
		return c, err
	}
	defer member.device.Leave()
	if err := member.bringAll(ctx, edits, memberEdits.first); err != nil {
		return c, fmt.Errorf("first edits: %w", err)
	}
	for _, q := range quarters {
		runtime.GC() // what was made before is not this quarter's
		began, err := clock(os.Getpid())
		if err != nil {
			return c, err
		}
		if err := member.bringAll(ctx, edits[q.from:q.to], memberEdits.second); err != nil {
			return c, fmt.Errorf("%s edits: %w", q.name(), err)
		}
		ended, err := clock(os.Getpid())
		if err != nil {
			return c, err
		}
		c.add(q, ended-began)
	}
	return c, nil
}

func connectTo(ctx context.Context, h *house.Hub, user string, role conflicts.Role) (*connection, error) {
	c := &connection{session: syncproto.NewSession(syncproto.HubID{PeerID: "hub", StorageID: h.StorageID}), name: user, due: make(chan struct{}, 1)}
	join, err := joinFrame(user)
	if err != nil {
		return nil, err
	}
	event, err := c.session.Receive(join)
	if err != nil {
		return nil, fmt.Errorf("join as %s: %w", user, err)
	}
	joined, ok := event.(syncproto.Joined)
	if !ok {
		return nil, fmt.Errorf("join as %s came to %T", user, event)
	}
	who := conflicts.Principal{Supplier: "bench", User: user, Device: user, Role: role}
	if c.device, err = h.Join(ctx, who, joined); err != nil {
		return nil, err
	}
	c.device.Notify(func() {
		select {
		case c.due <- struct{}{}:
		default:
		}
	})
	return c, nil
}

// take waits until the hub has something for the connection, and takes it.
func (c *connection) take(ctx context.Context) (err error) {
	for {
		if c.out, err = c.device.Take(c.out[:0]); err != nil || len(c.out) > 0 {
			return err
		}
		select {
		case <-c.due:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// bringAll brings one change of each record, so many at a time.
func (c *connection) bringAll(ctx context.Context, all []memberEdits, which func(memberEdits) memberEdit) error {
	batch := make([]memberEdit, 0, window)
	for i, e := range all {
		batch = append(batch, which(e))
		if len(batch) == window || i == len(all)-1 {
			if err := c.bring(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return nil
}

// bring brings changes, waits until the hub has answered all of them, and
// answers its own changes.
func (c *connection) bring(ctx context.Context, edits []memberEdit) error {
	awaited := make(map[crdt.RecordID]memberEdit, len(edits))
	for _, e := range edits {
		id, err := crdt.ParseDocumentID(e.of.document)
		if err != nil {
			return err
		}
		awaited[id] = e
		if err := c.send(ctx, e, []crdt.Hash{e.hash}, e.chunk); err != nil {
			return err
		}
	}
	for len(awaited) > 0 {
		if err := c.take(ctx); err != nil {
			return fmt.Errorf("%d edits are not answered: %w", len(awaited), err)
		}
		for _, o := range c.out {
			if o.Sync == nil {
				return errors.New("the hub does not take the record " + o.Unavailable)
			}
			c.answer = c.session.AppendSync(c.answer[:0], o.Record, o.Sync) // as a socket does
			e, waits := awaited[o.Record]
			if !waits {
				continue
			}
			heads, changes, err := e.answered(o.Sync)
			if err != nil {
				return err
			}
			delete(awaited, o.Record)
			if changes {
				if err := c.send(ctx, e, heads); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *connection) send(ctx context.Context, e memberEdit, heads []crdt.Hash, changes ...[]byte) error {
	c.message = appendMessage(c.message[:0], heads, heads, changes...)
	c.frame = appendFrame(nil, "sync", c.name, "hub", e.of.document, c.message) // the hub keeps it
	event, err := c.session.Receive(c.frame)
	if err != nil {
		return err
	}
	return c.device.Receive(ctx, event)
}

// unprojecting is an engine that makes no projections: they come later, and
// cost the same for either kind of edit.
type unprojecting struct{}

func (unprojecting) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}
