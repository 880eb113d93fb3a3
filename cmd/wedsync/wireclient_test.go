package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"
)

// A wireClient speaks frames by hand: what no library would send.
type wireClient struct {
	t    testing.TB
	conn *websocket.Conn
}

// frame is any message of the protocol.
type frame map[string]any

// dialWire opens a socket and sends nothing.
func dialWire(t testing.TB, url string) *wireClient {
	t.Helper()
	c, err := connectWire(url)
	if err != nil {
		t.Fatal(err)
	}
	c.t = t
	t.Cleanup(c.close)
	return c
}

func connectWire(url string) (*wireClient, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn.SetReadLimit(64 << 20)
	return &wireClient{conn: conn}, nil
}

func (c *wireClient) close() { _ = c.conn.CloseNow() } // the test is over

// joinWire opens a socket and joins under a peer id.
func joinWire(t testing.TB, url, peer string) *wireClient {
	t.Helper()
	c := dialWire(t, url)
	c.send(joinOf(peer))
	if got := c.receive(); got["type"] != "peer" {
		t.Fatalf("join was answered with %v", got)
	}
	return c
}

func joinOf(peer string) frame {
	return frame{
		"type": "join", "senderId": peer, "peerMetadata": frame{"isEphemeral": true},
		"supportedProtocolVersions": []string{"1"},
	}
}

func (c *wireClient) write(b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageBinary, b)
}

// writeParts sends one message in parts, and copies none.
func (c *wireClient) writeParts(parts ...[]byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w, err := c.conn.Writer(ctx, websocket.MessageBinary)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return w.Close()
}

func (c *wireClient) send(f frame) {
	c.t.Helper()
	b, err := cbor.Marshal(map[string]any(f))
	if err == nil {
		err = c.write(b)
	}
	if err != nil {
		c.t.Fatalf("send %v: %v", f["type"], err)
	}
}

func (c *wireClient) read(ctx context.Context) (frame, error) {
	_, b, err := c.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	f := frame{}
	if err := cbor.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("the hub sent %x: %w", b, err)
	}
	return f, nil
}

// receive reads the next frame.
func (c *wireClient) receive() frame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f, err := c.read(ctx)
	if err != nil {
		c.t.Fatalf("receive: %v", err)
	}
	return f
}

// receiveUntil reads frames until one fits.
func (c *wireClient) receiveUntil(fits func(frame) bool) frame {
	c.t.Helper()
	for {
		if f := c.receive(); fits(f) {
			return f
		}
	}
}

// awaitClose reads until the hub closes the socket and returns the code.
func (c *wireClient) awaitClose() websocket.StatusCode {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, err := c.read(ctx); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				c.t.Fatalf("the hub has not closed the socket after %s", patience)
			}
			return websocket.CloseStatus(err)
		}
	}
}
