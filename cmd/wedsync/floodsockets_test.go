package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
)

// pour lets each of several attackers send n inputs over one connection, without
// waiting for answers; they are read and dropped.
func (s *siege) pour(attackers, n int, input func(a *attacker, i int) []byte) {
	s.Helper()
	g, ctx := errgroup.WithContext(s.Context())
	for k := range attackers {
		a := s.attacker(k)
		g.Go(func() error {
			if err := a.connect(); err != nil {
				return err
			}
			defer a.close()
			g.Go(func() error { // ends with the connection
				a.conn.drain()
				return nil
			})
			for i := range n {
				if ctx.Err() != nil {
					return nil
				}
				if err := a.conn.write(input(a, i)); err != nil {
					return fmt.Errorf("%s, input %d: %w", a.name, i, err)
				}
				s.progress.done.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		s.Error(err)
	}
}

// drain reads and drops until the connection ends.
func (c *wireClient) drain() {
	for {
		if _, _, err := c.conn.Read(context.Background()); err != nil {
			return
		}
	}
}

// floodOfSubscriptions has one connection name n records that nobody has.
func floodOfSubscriptions(s *siege, n int) {
	s.pour(1, n, func(a *attacker, _ int) []byte { return a.request(a.newDocument(), emptyMessage) })
}

// floodOfAnnouncements has one connection announce n records and bring nothing.
func floodOfAnnouncements(s *siege, n int) {
	s.pour(1, n, func(a *attacker, _ int) []byte { return syncFrame(a.name, a.newDocument(), question(1, nil)) })
}

func (a *attacker) request(id string, message []byte) []byte {
	return a.frame(frame{"type": "request", "documentId": id, "data": message})
}

func (a *attacker) frame(f frame) []byte {
	f["senderId"], f["targetId"] = a.name, "hub"
	b, err := cbor.Marshal(map[string]any(f))
	if err != nil {
		panic(err) // nothing but maps, strings and numbers
	}
	return b
}

// floodOfPresence has four connections send ephemeral messages about one record,
// small ones and the largest, to each other and to ten that never read.
func floodOfPresence(s *siege, n int) {
	target := attackedRecords(s.hub, s.node, s.named("victim"))[0]
	s.deaf(10, target.id)
	largest := make([]byte, 1<<20)
	s.pour(4, n/4, func(a *attacker, i int) []byte {
		if i == 0 {
			return a.request(target.id, emptyMessage)
		}
		data := largest[:16<<10]
		if i%50 == 0 {
			data = largest
		}
		return a.frame(frame{"type": "ephemeral", "documentId": target.id, "count": i, "sessionId": a.name, "data": data})
	})
}

// deaf opens connections that ask for a record and never read. They stay until
// the siege is lifted.
func (s *siege) deaf(n int, id string) {
	s.Helper()
	for k := range n {
		a := s.attacker(1000 + k)
		if err := a.connect(); err != nil {
			s.Fatal(err)
		}
		s.holding = append(s.holding, a.close)
		if err := a.conn.write(a.request(id, emptyMessage)); err != nil {
			s.Fatal(err)
		}
	}
}

// floodOfSlowReaders has n devices ask for a record of a megabyte, which grows by
// 30 kB with each edit, and never read.
func floodOfSlowReaders(s *siege, n int) {
	writer := s.node.open(s.named("writer"), clientOptions{url: s.hub.sync(member("wim"))})
	id := writer.create(args{"story": args{"$immutable": strings.Repeat("They met on a train. ", 50_000)}})
	s.deaf(n, id)
	s.progress.done.Add(int64(n))
	for i := range 20 + n/10 {
		chapter := fmt.Sprintf("%d ", i) + strings.Repeat("And then they met again. ", 1200)
		writer.do("set", args{"id": id, "field": "chapter", "value": args{"$immutable": chapter}})
		writer.do("wait", args{"id": id, "acked": true})
	}
}

// floodOfHalfOpenSockets leaves n sockets in all the states in which a socket
// can be left, and waits until the hub has closed those that never joined.
func floodOfHalfOpenSockets(s *siege, n int) {
	token := s.hub.token(who{"barn", "mallory", "member", ""}) // of one device, most would be refused
	stages := []func(*halfOpen) error{
		func(*halfOpen) error { return nil },
		func(h *halfOpen) error {
			return h.write([]byte("GET /sync?token=" + token + " HTTP/1.1\r\nHost: hub\r\n"))
		},
		func(h *halfOpen) error { return h.upgrade(token) },
		func(h *halfOpen) error { return errors.Join(h.upgrade(token), h.begin(make([]byte, 10), 5000)) },
		func(h *halfOpen) error { return errors.Join(h.upgrade(token), h.join()) },
		func(h *halfOpen) error { return errors.Join(h.upgrade(token), h.join(), h.write([]byte{0x82})) },
		func(h *halfOpen) error { return errors.Join(h.upgrade(token), h.join(), h.begin(nil, 60_000)) },
		func(h *halfOpen) error {
			return errors.Join(h.upgrade(token), h.join(), h.begin(make([]byte, 60_000), 16_000_000))
		},
	}
	const unjoined = 4 // of stages
	var silent []*halfOpen
	for k := range n {
		h, err := dialHalf(s.hub.address, fmt.Sprintf("half-%d", k))
		if err != nil {
			s.Fatal(err)
		}
		s.holding = append(s.holding, h.close)
		stage := k % len(stages)
		if err := stages[stage](h); err != nil {
			s.Fatalf("socket %d of kind %d: %v", k, stage, err)
		}
		if stage < unjoined {
			silent = append(silent, h)
		}
		s.progress.done.Add(1)
	}
	late := time.Now().Add(patience)
	for _, h := range silent {
		if err := h.awaitEnd(late); err != nil {
			s.Fatalf("a socket that never joined is still open: %v", err)
		}
	}
}

// A halfOpen is a socket by hand.
type halfOpen struct {
	net.Conn
	name string
}

func dialHalf(address, name string) (*halfOpen, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &halfOpen{c, name}, nil
}

func (h *halfOpen) close() { _ = h.Close() } // the test is over

func (h *halfOpen) write(b []byte) error {
	_, err := h.Write(b)
	return err
}

func (h *halfOpen) upgrade(token string) error {
	err := h.write([]byte("GET /sync?token=" + token + " HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	if err != nil {
		return err
	}
	r := bufio.NewReader(h)
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// join sends a whole join frame.
func (h *halfOpen) join() error {
	b, err := cbor.Marshal(map[string]any(joinOf(h.name)))
	if err != nil {
		return err
	}
	return h.begin(b, len(b))
}

// begin sends the head of a frame of size bytes, masked with zeros, and as much
// of it as there is.
func (h *halfOpen) begin(payload []byte, size int) error {
	const binaryFrame, masked, long = 0x82, 0x80, 127
	b := binary.BigEndian.AppendUint64([]byte{binaryFrame, masked | long}, uint64(size))
	if size < 126 {
		b = []byte{binaryFrame, masked | byte(size)}
	} else if size < 1<<16 {
		b = binary.BigEndian.AppendUint16([]byte{binaryFrame, masked | 126}, uint16(size))
	}
	b = append(b, 0, 0, 0, 0)
	return h.write(append(b, payload...))
}

// awaitEnd reads until the hub closes the socket.
func (h *halfOpen) awaitEnd(late time.Time) error {
	if err := h.SetReadDeadline(late); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, h)
	if netErr := net.Error(nil); errors.As(err, &netErr) && netErr.Timeout() {
		return err
	}
	return nil
}

// floodOfLargestFrames has up to a hundred connections send n frames of the
// largest size, all at once.
func floodOfLargestFrames(s *siege, n int) {
	target := attackedRecords(s.hub, s.node, s.named("victim"))[0]
	const most, around = 16 << 20, 200 // bytes
	change := encoded(crdt.Change{Seq: 1, StartOp: 100, Actor: "large-large-large", Ops: []crdt.Op{{
		Key: "k", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Bytes, Bytes: make([]byte, most/5)},
	}}})
	payloads := [][]byte{
		make([]byte, most-around),
		syncMessage(change, change, change, change, change),
		syncMessage(make([]byte, most-2*around)),
		append([]byte{0x42, 0, 0, 0}, append(binary.AppendUvarint(nil, 1<<18), make([]byte, 1<<18)...)...),
	}
	together := min(100, n)
	var start sync.WaitGroup
	start.Add(together)
	g := errgroup.Group{}
	for k := range together {
		a := s.attacker(k)
		s.Cleanup(a.close) // not before: what waits from a connection that ended is dropped
		g.Go(func() error {
			err := a.connect()
			start.Done()
			start.Wait()
			if err != nil {
				return err
			}
			for i := k; i < n; i += together {
				if a.conn == nil {
					if err := a.connect(); err != nil {
						return err
					}
				}
				payload := payloads[(k+i/together)%len(payloads)]
				if err := a.conn.writeParts(syncHead(a.name, target.id, len(payload)), payload); err != nil {
					a.close() // refused
				}
				s.progress.done.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		s.Error(err)
	}
	s.wantMetric(changesRefused, n/8)
}
