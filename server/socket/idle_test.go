package socket_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"wedsync/server/socket"
)

// joinBare joins with as little as possible on the client's side.
func (w *world) joinBare(user string) net.Conn {
	w.t.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(w.url, "ws://"), "/")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET /sync?token=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n", user, address)
	r := bufio.NewReader(conn)
	if answer, err := http.ReadResponse(r, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		w.t.Fatalf("%v, %v", answer, err)
	}
	join, err := cbor.Marshal(map[string]any{"type": "join", "senderId": user})
	if err != nil || len(join) > 125 {
		w.t.Fatal(len(join), err)
	}
	frame := append([]byte{0x82, 0x80 | byte(len(join)), 0, 0, 0, 0}, join...) // masked with zeroes
	if _, err := conn.Write(frame); err != nil {
		w.t.Fatal(err)
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil || head[0] != 0x82 {
		w.t.Fatalf("answer to a join: %x, %v", head, err)
	}
	return conn
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first put into pools' victims
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func TestIdleConnectionTakesLittleMemory(t *testing.T) {
	const connections, most = 500, 16_000
	w := newWorld(t, socket.Timing{})
	w.joinBare("first") // what all need
	before := inUse()
	for i := range connections {
		w.joinBare(fmt.Sprintf("device-%d", i))
	}
	each := (inUse() - before) / connections
	t.Logf("%d bytes for each connection, both of its ends", each)
	if each > most {
		t.Errorf("more than %d bytes for each connection", most)
	}
}
