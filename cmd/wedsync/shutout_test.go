package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"

	"wedsync/server/hub"
	"wedsync/store/postgres/pgtest"
)

// mostShutOut is how long a device that is shut out hears anything, on whatever node.
const mostShutOut = time.Second

// A listening device notes when it last heard a frame, and how it ended.
type listening struct {
	name  string
	frame atomic.Int64 // Unix nanoseconds
	count atomic.Int64
	ended time.Time
	code  websocket.StatusCode
}

// listenTo joins a device that asks for a record and hears of it until it is closed.
func listenTo(t *testing.T, all *sync.WaitGroup, name, url, record string) *listening {
	t.Helper()
	c := joinWire(t, url, name)
	if err := c.write(syncFrame(name, record, syncMessage())); err != nil {
		t.Fatal(err)
	}
	l := &listening{name: name}
	all.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for {
			_, err := c.read(ctx)
			if err != nil {
				l.ended, l.code = time.Now(), websocket.CloseStatus(err)
				return
			}
			l.frame.Store(time.Now().UnixNano())
			l.count.Add(1)
		}
	})
	return l
}

// awaitFrames returns once the device has heard so many more.
func (l *listening) awaitFrames(t *testing.T, more int64) {
	t.Helper()
	want := l.count.Load() + more
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for l.count.Load() < want {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s heard %d frames, want %d", l.name, l.count.Load(), want)
		}
	}
}

func TestWhoIsShutOutHearsNothingAfterASecondOnAnyNode(t *testing.T) {
	t.Parallel()
	db, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Run(t.Context(), "postgres", "CREATE DATABASE shutout"); err != nil {
		t.Fatal(err)
	}
	hubs := []*hubProcess{startHubOn(t, db.Address("shutout")), startHubOn(t, db.Address("shutout"))}
	// All nodes take the same tokens, and to make one takes a process.
	tokens := make(map[who]string)
	token := func(w who) string {
		if tokens[w] == "" {
			tokens[w] = hubs[0].token(w)
		}
		return tokens[w]
	}
	socket := func(h *hubProcess, w who) string { return "ws://" + h.address + "/sync?token=" + token(w) }
	site := func(h *hubProcess, w who) *api { return &api{t: t, base: "http://" + h.address, token: token(w)} }
	olga := site(hubs[0], owner("olga"))
	record := olga.create(map[string]any{"name": "Ada & Ben"}).DocumentID

	// On each node a device that will be revoked, one of a user who will have no
	// access, one who may do less, and one who stays.
	var all sync.WaitGroup
	var revoked, without, narrowed, staying []*listening
	for n, h := range hubs {
		device := func(user, device string) *listening {
			return listenTo(t, &all, fmt.Sprint(user, device, n), socket(h, who{"barn", user, "member", device}), record)
		}
		revoked = append(revoked, device("ada", "phone"))
		without = append(without, device("eve", ""))
		narrowed = append(narrowed, device("ben", "phone"))
		staying = append(staying, device("ada", "tablet"))
	}
	// And one that says something every few milliseconds, for all of them to hear.
	speaking, stop := context.WithCancel(t.Context())
	spoken := make(chan error, 1)
	fred := joinWire(t, socket(hubs[0], member("fred")), "fred")
	if err := fred.write(syncFrame("fred", record, syncMessage())); err != nil {
		t.Fatal(err)
	}
	go func() { spoken <- chatter(speaking, fred, record) }()
	for _, group := range [][]*listening{revoked, without, narrowed, staying} {
		for _, l := range group {
			l.awaitFrames(t, 5)
		}
	}

	shut := func(group []*listening, code hub.CloseCode, method, path string, body any) {
		t.Helper()
		began := time.Now()
		olga.must(method, path, body, nil)
		for _, l := range staying {
			l.awaitFrames(t, 10) // time goes on
		}
		t.Cleanup(func() {
			for _, l := range group {
				heard, ended := time.Unix(0, l.frame.Load()).Sub(began), l.ended.Sub(began)
				t.Logf("%s: %s %s: the last frame after %v, closed with %d after %v", l.name, method, path, heard, l.code, ended)
				if l.code != websocket.StatusCode(code) || ended > mostShutOut || heard > mostShutOut {
					t.Errorf("%s was closed with %d after %v, its last frame came after %v; want %d within %v", l.name, l.code, ended, heard, code, mostShutOut)
				}
			}
		})
	}
	var page listing[remoteDevice]
	olga.must("GET", "/api/devices?limit=200", nil, &page)
	for _, d := range page.Items {
		if d.User == "ada" && d.Device == "phone" {
			shut(revoked, hub.Revoked, "DELETE", "/api/devices/"+d.ID, nil)
		}
	}
	shut(without, hub.Revoked, "PUT", "/api/users/eve", map[string]any{"role": "none"})
	shut(narrowed, hub.GoingAway, "PUT", "/api/users/ben", map[string]any{"role": "viewer"})

	for n, h := range hubs {
		if code := dialWire(t, socket(h, who{"barn", "ada", "member", "phone"})).awaitClose(); code != websocket.StatusCode(hub.Revoked) {
			t.Errorf("node %d: who is shut out comes back and is told %d", n, code)
		}
		if status := site(h, who{"barn", "ada", "member", "phone"}).do("GET", "/api/clients", nil, nil); status != 403 {
			t.Errorf("node %d: who is shut out is answered %d", n, status)
		}
		site(h, who{"barn", "ada", "member", "tablet"}).must("GET", "/api/clients", nil, nil)
		site(h, who{"mill", "ada", "member", "phone"}).must("GET", "/api/clients", nil, nil)
	}
	for _, l := range staying {
		l.awaitFrames(t, 1)
	}
	stop()
	if err := <-spoken; err != nil {
		t.Error(err)
	}
	fred.close()
	for _, h := range hubs {
		h.stop() // ends those who stayed
	}
	all.Wait()
}

// chatter says something about a record until ctx ends.
func chatter(ctx context.Context, c *wireClient, record string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := uint64(1); ; n++ {
		b, err := cbor.Marshal(frame{
			"type": "ephemeral", "senderId": "fred", "targetId": "hub", "documentId": record,
			"sessionId": "s", "count": n, "data": []byte("typing"),
		})
		if err == nil {
			err = c.write(b)
		}
		if err != nil {
			return fmt.Errorf("say something: %w", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
