package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// A yjsDevice speaks Hocuspocus' protocol.
type yjsDevice struct {
	conn    *websocket.Conn
	updates *updates
	in      bytes.Buffer

	mu    sync.Mutex
	out   []byte
	known map[int]*yjsRecord
}

// A yjsRecord is what a device knows of a record.
type yjsRecord struct {
	held   int   // by us
	has    int   // the server, as it said last
	sent   []int // what the server has when it acknowledges our messages, in order
	writes bool
}

func (u *updates) dial(ctx context.Context, url, _ string) (device, error) {
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	return &yjsDevice{conn: conn, updates: u, known: make(map[int]*yjsRecord)}, nil
}

func (d *yjsDevice) open(ctx context.Context, record, held, _ int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.attach(ctx, record, held); err != nil {
		return err
	}
	return d.send(ctx, record, yjsVector, vectorOf(held))
}

// attach authenticates for a record; Hocuspocus wants that for each. What
// follows may be sent before it answers. Callers hold mu.
func (d *yjsDevice) attach(ctx context.Context, record, held int) error {
	d.known[record] = &yjsRecord{held: held}
	d.out = appendAuth(d.out[:0], nameOf(record))
	return d.conn.Write(ctx, websocket.MessageBinary, d.out)
}

// send sends a sync message. Callers hold mu.
func (d *yjsDevice) send(ctx context.Context, record int, kind byte, body []byte) error {
	d.out = appendSync(d.out[:0], nameOf(record), kind, body)
	return d.conn.Write(ctx, websocket.MessageBinary, d.out)
}

// push sends an update of a change, and the answer to a state vector of several.
func (d *yjsDevice) push(ctx context.Context, record int, s span) error {
	update, err := d.updates.update(s)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[record] == nil {
		if err := d.attach(ctx, record, s.to); err != nil {
			return err
		}
	}
	r := d.known[record]
	r.writes = true
	r.sent = append(r.sent, s.to)
	kind := byte(yjsUpdate)
	if s.to > s.from+1 {
		kind = yjsDiff
	}
	return d.send(ctx, record, kind, update)
}

// took does nothing: Yjs clients do not answer updates.
func (d *yjsDevice) took(context.Context, int, int) error { return nil }

func (d *yjsDevice) next(ctx context.Context) (news, error) {
	for {
		if err := receive(ctx, d.conn, &d.in); err != nil {
			return news{}, err
		}
		r := reader{rest: d.in.Bytes()}
		name := string(r.bytes())
		record, err := strconv.Atoi(strings.TrimPrefix(name, namePrefix))
		if err != nil || r.err != nil {
			return news{}, fmt.Errorf("message about %q: %w", name, errors.Join(err, r.err))
		}
		has, telling, err := d.hear(ctx, record, &r)
		if err != nil {
			return news{}, fmt.Errorf("message about %s: %w", name, err)
		}
		if telling {
			return news{record, has}, nil
		}
	}
}

// hear takes in one message and says whether it tells how far the server is.
func (d *yjsDevice) hear(ctx context.Context, record int, r *reader) (has int, telling bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.known[record]
	switch kind := r.uvarint(); {
	case of == nil:
		return 0, false, errors.New("not open")
	case kind == hocusSync, kind == hocusReply:
		return d.hearSync(ctx, record, of, r)
	case kind == hocusStatus:
		if r.uvarint() != 1 || len(of.sent) == 0 {
			return 0, false, errors.New("an update was refused")
		}
		has, of.sent = of.sent[0], of.sent[1:]
		return has, true, nil
	case kind == hocusAuth && r.uvarint() != 2:
		return 0, false, errors.New("not authenticated")
	case kind == hocusClose:
		return 0, false, errors.New("the server closed it")
	}
	return 0, false, r.err
}

func (d *yjsDevice) hearSync(ctx context.Context, record int, of *yjsRecord, r *reader) (has int, telling bool, err error) {
	kind, body := r.uvarint(), r.bytes()
	switch {
	case r.err != nil:
		return 0, false, r.err
	case kind == yjsVector:
		of.has, err = readVector(body)
		if err != nil || of.has < of.held { // then push answers it
			return 0, false, err
		}
		of.sent = append(of.sent, of.has)
		return 0, false, d.send(ctx, record, yjsDiff, emptyUpdate())
	case kind == yjsDiff:
		return of.has, true, nil
	case of.writes: // our own update, come back
		return 0, false, nil
	}
	has, err = readUpdate(body)
	return has, true, err
}

const namePrefix = "client-records-of-a-supplier-" // as long as names that tell records apart

func nameOf(record int) string { return namePrefix + strconv.Itoa(record) }

func (d *yjsDevice) close() { _ = d.conn.CloseNow() } // nothing is lost: all that counts was answered
