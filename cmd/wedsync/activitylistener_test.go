package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// A soakEvent is an event that told of changes of a record.
type soakEvent struct {
	first, last uint64
	id          string
	commits     int
	connection  int
}

// A soakListener listens to a hub and notes what it hears. It is for one goroutine.
type soakListener struct {
	address string
	token   string
	random  *rand.Rand
	socket  bool     // over WebSocket
	clients []string // all if it names none

	position   string // that it goes on from
	from       uint64 // where it began
	connection int
	heard      map[string][]soakEvent
	ended      map[string]bool // records whose last event it heard
	resets     int
	failed     error
}

func (w *activitySoak) listener(seed uint64, socket bool) *soakListener {
	return &soakListener{
		address: w.hub.address, token: w.viewer, random: rand.New(rand.NewPCG(seed, 0)), socket: socket,
		heard: make(map[string][]soakEvent), ended: make(map[string]bool),
	}
}

// errHeardAll means that a listener heard the end of all its records.
var errHeardAll = errors.New("heard all")

// listen listens, and breaks off at random and goes on, until it has heard the end
// of all its records. It calls begun once it has a position.
func (l *soakListener) listen(ctx context.Context, begun func()) {
	for ctx.Err() == nil {
		life, cancel := context.WithTimeout(ctx, time.Duration(1+l.random.ExpFloat64()*float64(4*time.Second)))
		if l.connection == 0 {
			cancel()
			life, cancel = context.WithTimeout(ctx, time.Minute) // however long it takes to be let in
		}
		l.connection++
		err := l.connect(life, func(data []byte) error {
			first := l.position == ""
			if err := l.hear(data); err != nil {
				return err
			}
			if first {
				begun()
				return io.EOF // the next connection has a life of its own
			}
			return nil
		})
		broke := life.Err() != nil
		cancel()
		switch {
		case errors.Is(err, errHeardAll):
			return
		case !broke && !errors.Is(err, io.EOF):
			l.failed = err
			return
		}
	}
	l.failed = ctx.Err()
}

// connect opens a stream and has each event heard.
func (l *soakListener) connect(ctx context.Context, hear func([]byte) error) error {
	query := url.Values{"token": {l.token}, "position": {l.position}, "clients": {strings.Join(l.clients, ",")}}
	if !l.socket {
		return l.events(ctx, http.DefaultClient, query, hear)
	}
	conn, _, err := websocket.Dial(ctx, "ws://"+l.address+"/api/realtime/clients?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	for {
		_, b, err := conn.Read(ctx)
		if err == nil {
			err = hear(b)
		}
		if err != nil {
			return err
		}
	}
}

func (l *soakListener) events(ctx context.Context, client *http.Client, query url.Values, hear func([]byte) error) error {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+l.address+"/api/realtime/clients/events?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream") // without it a token in the URL does not count
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", resp.Status)
	}
	err = eachEvent(resp.Body, func() {}, func(data string) error { return hear([]byte(data)) })
	if errors.Is(err, errEnded) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// hear notes an event.
func (l *soakListener) hear(data []byte) error {
	var e struct {
		activityEvent
		ID   string `json:"id"`
		Data struct {
			Offsets *[2]uint64 `json:"offsets"`
			Commits int        `json:"commits"`
			User    string     `json:"user"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	if l.position == "" {
		_, number, _ := strings.Cut(e.Position, ":")
		l.from, _ = strconv.ParseUint(number, 10, 64) // of a hub that is under test: what is wrong shows below
	}
	l.position = e.Position
	switch e.Type {
	case resetEvent:
		l.resets++
	case "wedsync.client.changed":
		l.heard[e.Subject] = append(l.heard[e.Subject], soakEvent{e.Data.Offsets[0], e.Data.Offsets[1], e.ID, e.Data.Commits, l.connection})
		if e.Data.User == closer {
			l.ended[e.Subject] = true
		}
	}
	if len(l.clients) > 0 && len(l.ended) == len(l.clients) {
		return errHeardAll
	}
	return nil
}

// dawdle listens to everything and reads so slowly that it cannot keep up.
func (l *soakListener) dawdle(ctx context.Context) {
	slowly := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return slowConn{conn, ctx}, conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}}}
	defer slowly.CloseIdleConnections()
	for ctx.Err() == nil {
		l.connection++
		query := url.Values{"token": {l.token}, "position": {l.position}}
		if err := l.events(ctx, slowly, query, l.hear); err != nil && ctx.Err() == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			l.failed = err
		}
	}
}

// A slowConn yields a kilobyte every tenth of a second.
type slowConn struct {
	net.Conn
	ctx context.Context
}

func (c slowConn) Read(p []byte) (int, error) {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
	return c.Conn.Read(p[:min(len(p), 1<<10)])
}
