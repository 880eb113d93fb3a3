package main

import (
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
)

// A balancer passes each connection on to one of several nodes, by chance, as
// what stands in front of a hub does: no device stays with a node.
type balancer struct {
	net.Listener
	nodes []string // addresses

	mu     sync.Mutex
	random *rand.Rand
	open   map[net.Conn]bool // of devices
	taken  map[string]int    // connections by node
	ended  bool
	copies sync.WaitGroup
}

// startBalancer balances until the test ends.
func startBalancer(t testing.TB, random *rand.Rand, nodes []string) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: l, nodes: nodes, random: random, open: make(map[net.Conn]bool), taken: make(map[string]int)}
	b.copies.Go(func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b.copies.Go(func() { b.pass(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		b.mu.Lock()
		b.ended = true
		b.mu.Unlock()
		b.cut(1)
		b.copies.Wait()
	})
	return b
}

func (b *balancer) address() string { return b.Addr().String() }

// pass connects a device to a node that takes it, and moves bytes until one of
// them has enough.
func (b *balancer) pass(device net.Conn) {
	defer device.Close()
	node := b.dial()
	if node == nil {
		return // the device comes back
	}
	defer node.Close()
	if !b.keep(device) {
		return
	}
	defer b.forget(device)
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(device, node)
		_ = device.Close()
	})
	_, _ = io.Copy(node, device)
	_ = node.Close()
	answers.Wait()
}

func (b *balancer) dial() net.Conn {
	nodes := slices.Clone(b.nodes)
	b.mu.Lock()
	b.random.Shuffle(len(nodes), func(i, k int) { nodes[i], nodes[k] = nodes[k], nodes[i] })
	b.mu.Unlock()
	for _, address := range nodes {
		if conn, err := net.Dial("tcp", address); err == nil {
			b.mu.Lock()
			b.taken[address]++
			b.mu.Unlock()
			return conn
		}
	}
	return nil
}

func (b *balancer) keep(device net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.open[device] = true
	}
	return !b.ended
}

func (b *balancer) forget(device net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, device)
}

// cut ends a share of all connections: their devices come back, probably
// through other nodes.
func (b *balancer) cut(share float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.open {
		if b.random.Float64() < share {
			_ = conn.Close()
		}
	}
}
