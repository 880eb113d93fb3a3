package pgtest

import (
	"errors"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
)

// A Network is a way to a server, over TCP on this machine, that can fail.
type Network struct {
	listener net.Listener
	socket   string // of the server
	copies   sync.WaitGroup

	mu      sync.Mutex
	random  *rand.Rand
	trouble trouble
	mended  chan struct{} // closed when the trouble ends
	links   map[*link]bool
}

type trouble int

const (
	none    trouble = iota
	cut             // connections end, new ones at once
	stalled         // nothing passes, nothing ends
	deaf            // what is asked passes, what is answered is lost
)

// A link is one connection and its other half.
type link struct {
	client, server net.Conn
	lossy          bool // an answer was lost
}

// maxPiece bounds the bytes that pass at a time: few, so that trouble comes in
// the middle of messages.
const maxPiece = 512

// Network makes a way to the server, until Close. The seed decides in
// which pieces bytes pass, and how connections end.
func (s *Server) Network(seed uint64) (*Network, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &Network{listener: l, socket: filepath.Join(s.dir, ".s.PGSQL.5432"), random: rand.New(rand.NewPCG(seed, 0)), links: make(map[*link]bool)}
	n.copies.Go(func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n.copies.Go(func() { n.pass(conn) })
		}
	})
	return n, nil
}

// Address is that of a database behind the network, for the server's superuser.
func (n *Network) Address(database string) string {
	return "postgres://" + superuser + "@" + n.listener.Addr().String() + "/" + database + "?sslmode=disable"
}

// Cut ends all connections where they are, and new ones at once.
func (n *Network) Cut() { n.begin(cut) }

// Stall lets nothing pass any more in either direction. Nothing ends: neither
// side can know.
func (n *Network) Stall() { n.begin(stalled) }

// LoseAnswers lets pass what the server is asked, and loses what it answers.
func (n *Network) LoseAnswers() { n.begin(deaf) }

// Mend ends the trouble. Connections whose answers were lost end, others go on.
func (n *Network) Mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trouble == none {
		return
	}
	n.trouble = none
	close(n.mended)
	for l := range n.links {
		if l.lossy {
			n.end(l)
		}
	}
}

// Close ends the network and its connections.
func (n *Network) Close() error {
	err := n.listener.Close()
	n.Mend()
	n.Cut()
	n.copies.Wait()
	return err
}

func (n *Network) begin(t trouble) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trouble, n.mended = t, make(chan struct{})
	if t == cut {
		for l := range n.links {
			n.end(l)
		}
	}
}

// end ends a link, every other time without a word of leave. The caller holds mu.
func (n *Network) end(l *link) {
	if tcp, ok := l.client.(*net.TCPConn); ok && n.random.IntN(2) == 0 {
		_ = tcp.SetLinger(0)
	}
	_ = l.client.Close()
	_ = l.server.Close()
}

// pass moves the bytes of one connection.
func (n *Network) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", n.socket)
	if err != nil {
		return // the server is not there
	}
	defer server.Close()
	l := &link{client: client, server: server}
	if !n.add(l) {
		return
	}
	defer n.remove(l)
	var answers sync.WaitGroup
	answers.Go(func() {
		n.copy(l, client, server, true)
		_ = client.Close()
	})
	n.copy(l, server, client, false)
	_ = server.Close()
	answers.Wait()
}

func (n *Network) add(l *link) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trouble == cut {
		return false
	}
	n.links[l] = true
	return true
}

func (n *Network) remove(l *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.links, l)
}

// copy moves bytes in one direction until a side ends.
func (n *Network) copy(l *link, to, from net.Conn, answers bool) {
	piece := make([]byte, maxPiece)
	for {
		k, err := from.Read(piece[:n.piece()])
		if err != nil {
			return
		}
		if err := n.send(l, to, piece[:k], answers); err != nil {
			return
		}
	}
}

func (n *Network) piece() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return 1 + n.random.IntN(maxPiece)
}

var errCut = errors.New("cut")

// send passes a piece on, or what becomes of it.
func (n *Network) send(l *link, to net.Conn, piece []byte, answers bool) error {
	for {
		n.mu.Lock()
		t, mended := n.trouble, n.mended
		if l.lossy = l.lossy || t == deaf && answers; l.lossy && answers {
			n.mu.Unlock()
			return nil
		}
		n.mu.Unlock()
		switch t {
		case cut:
			return errCut
		case stalled:
			<-mended
			continue
		}
		_, err := to.Write(piece)
		return err
	}
}
