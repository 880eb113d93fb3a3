package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/syncproto"
)

// A CloseCode says why the hub ends a connection. Codes of 1000 to 1999 mean
// "come back", 4400 and above "not like this".
type CloseCode int

// The codes.
const (
	GoingAway    CloseCode = 1012 // the hub restarts, or the user may do something else now
	TryAgain     CloseCode = 1013 // the hub could not store or read, or begins anew with the device
	Replaced     CloseCode = 4409 // the same device connected again
	Misbehaved   CloseCode = 4400 // malformed messages
	Unauthorised CloseCode = 4401 // no, bad or expired token
	Revoked      CloseCode = 4403 // an owner took the access away
	TooMany      CloseCode = 4429 // connections, or tries without a valid token
)

// ErrClosed means that the device's connection has ended.
var ErrClosed = errors.New("device is closed")

// A Device is one connection. Receive may be called by one goroutine and Take
// by one other; Close and Leave by any.
type Device struct {
	hub    *Hub
	who    conflicts.Principal
	peerID string
	// lasting means that it has a name by which it can come back.
	lasting bool
	visit   *Visit
	done    chan struct{} // closed with the device

	malformed int                    // owned by Receive
	records   map[crdt.RecordID]bool // spoken of; owned by Receive

	mu          sync.Mutex
	ready       func()    // see Notify
	notified    bool      // ready was called, and Take has had something to return since
	code        CloseCode // set once
	away        bool      // see comeBack
	slots       map[*room]*slot
	due         []*slot // slots with something to send, oldest first
	bytes       int     // of the messages in slots
	unavailable []string
	read        chan struct{} // closed when unavailable is next taken; nil if nobody waits
	ephemerals  []Presence
	presence    int             // bytes of ephemerals
	complaints  map[string]bool // reasons of refusals that were logged
	refusals    *refusals       // nil if nothing was refused
}

// A slot is what one device has yet to hear of one record.
type slot struct {
	room   *room
	data   []byte // the next sync message, nil if it is not made yet
	again  bool   // the room has more: ask for it when the socket is free
	queued bool   // in due
}

// A Presence is an ephemeral message on its way to a device.
type Presence struct {
	From    string // the author's peer id
	Message syncproto.Ephemeral
}

// An Outgoing is what a device's socket sends next. Exactly one part is set.
type Outgoing struct {
	Record      crdt.RecordID
	Sync        []byte // an encoded sync message for Record; shared, read only
	Unavailable string // a document id
	Presence    *Presence
}

// Join makes a device of a connection whose handshake is complete, for the
// principal that its token names. An older connection of the same device under
// the same peer id is closed. It returns ErrRevoked if the device or its user was
// shut out, and ErrUnavailable if nobody can tell; whoever is shut out later is
// closed then, and who may do something else is told to come back.
func (h *Hub) Join(ctx context.Context, who conflicts.Principal, joined syncproto.Joined) (*Device, error) {
	lasting := who.Device != "" || joined.StorageID != ""
	who.Device = cmp.Or(who.Device, joined.StorageID, joined.PeerID)
	d := &Device{hub: h, peerID: joined.PeerID, lasting: lasting, done: make(chan struct{})}
	d.visit = &Visit{hub: h, token: who, end: func(err error) { d.Close(CloseCodeOf(err)) }}
	if err := d.visit.enter(ctx); err != nil {
		return nil, err
	}
	d.who = d.visit.Who
	if old := h.devices.add(d); old != nil {
		old.Close(Replaced)
	}
	h.notes.joined(d, joined.StorageID)
	h.metrics.devices.Inc()
	return d, nil
}

// Close ends the device; the first code counts.
func (d *Device) Close(code CloseCode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.code == 0 {
		d.code = code
		close(d.done)
		d.signal()
	}
}

// Done is closed when the device is; Code says why.
func (d *Device) Done() <-chan struct{} { return d.done }

// Code is the close code, 0 while the device is open.
func (d *Device) Code() CloseCode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.code
}

// Leave forgets the device. Its connection calls it once, last.
func (d *Device) Leave() {
	d.Close(GoingAway)
	d.hub.devices.remove(d)
	d.visit.Leave()
	d.hub.metrics.devices.Dec()
	for id := range d.records {
		if r := d.hub.rooms.find(id); r != nil {
			// A hub that closes forgets all devices anyway.
			_ = d.hub.deliver(d.hub.ctx, id, leaveTask{d})
		}
	}
}

// Receive takes one event of the connection. It waits while the record's room
// is full, while too much of all devices is under way, and while the device
// leaves too many answers unread. What a device says that is about to come back
// is dropped. An error ends the connection; it is ErrClosed once the device is
// closed.
func (d *Device) Receive(ctx context.Context, e syncproto.Event) error {
	if err := d.attentive(ctx); err != nil {
		return err
	}
	switch {
	case d.Code() != 0:
		return ErrClosed
	case d.closed():
		return nil
	}
	switch e := e.(type) {
	case syncproto.Sync:
		return d.receiveSync(ctx, e)
	case syncproto.Ephemeral:
		if !d.records[e.Record] {
			return nil
		}
		return d.hub.deliver(ctx, e.Record, ephemeralTask{d, e})
	case syncproto.BadRecord:
		if len(e.DocumentID) > maxDocumentID {
			return d.tolerate(crdt.RecordID{}, errLongID)
		}
		d.putUnavailable(e.DocumentID)
	case syncproto.Left:
		return ErrClosed
	}
	return nil
}

// maxDocumentID bounds the bytes of a document id that is answered at all.
const maxDocumentID = 128

var errLongID = fmt.Errorf("document id of more than %d bytes", maxDocumentID)

// attentive waits until the device has read most of what it was refused.
func (d *Device) attentive(ctx context.Context) error {
	for {
		read := d.unread()
		if read == nil {
			return nil
		}
		select {
		case <-read:
		case <-d.done:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *Device) receiveSync(ctx context.Context, e syncproto.Sync) error {
	if e.Err != nil {
		return d.tolerate(e.Record, e.Err)
	}
	if !d.records[e.Record] {
		if len(d.records) >= d.hub.limits.DeviceRecords {
			d.putUnavailable(e.Record.DocumentID())
			return nil
		}
		if d.records == nil {
			d.records = make(map[crdt.RecordID]bool)
		}
		d.records[e.Record] = true
	}
	t := &syncTask{device: d, message: e.Message}
	if err := d.decode(ctx, e.Record, t); err != nil {
		return err
	}
	var err error
	if t.weight, err = d.hub.inFlight.take(ctx, t.weight); err != nil {
		return err
	}
	if err := d.hub.deliver(ctx, e.Record, t); err != nil {
		d.hub.inFlight.give(t.weight)
		return err
	}
	return nil
}

// tolerate counts and drops what is malformed; too much of it ends the connection.
func (d *Device) tolerate(id crdt.RecordID, err error) error {
	d.malformed++
	d.refused(id, conflicts.Refusal{Reason: "malformed", Err: err})
	if d.malformed > d.hub.limits.Malformed {
		d.Close(Misbehaved)
		return ErrClosed
	}
	return nil
}

// refused counts a change that was not taken.
func (d *Device) refused(id crdt.RecordID, refusal conflicts.Refusal) {
	d.mu.Lock()
	d.keep(id, refusal)
	d.mu.Unlock()
	d.hub.metrics.refused.WithLabelValues(refusal.Reason).Inc()
	d.complain(id, refusal)
}

// complain logs the first refusal of each reason.
func (d *Device) complain(id crdt.RecordID, refusal conflicts.Refusal) {
	d.mu.Lock()
	known := d.complaints[refusal.Reason]
	if d.complaints == nil {
		d.complaints = make(map[string]bool)
	}
	d.complaints[refusal.Reason] = true
	d.mu.Unlock()
	if !known {
		d.hub.log.Warn("refused what a device sent; its further refusals of this reason are only counted",
			"reason", refusal.Reason, "record", id, "supplier", d.who.Supplier, "user", d.who.User,
			"device", d.who.Device, "peer", d.peerID, "change", refusal.Hash, "err", refusal.Err)
	}
}

// PeerID is what the device calls itself on the wire.
func (d *Device) PeerID() string { return d.peerID }
