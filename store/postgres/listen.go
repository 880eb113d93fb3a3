package postgres

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wedsync/store"
)

// listenCheck is after how much silence a listener asks whether the server is
// still there.
const listenCheck = 5 * time.Second

// Listen implements [store.Nodes], with a connection of its own.
func (s *Store) Listen(ctx context.Context, l store.Listener) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	s.listening.Add(1)
	leave()
	defer s.listening.Done()
	within, cancel := context.WithCancel(ctx)
	closed := make(chan bool)
	go func() { // ends with within
		select {
		case <-s.closing:
			cancel()
			closed <- true
		case <-within.Done():
			closed <- false
		}
	}()
	err = s.listen(within, l)
	cancel()
	switch isClosed := <-closed; {
	case ctx.Err() != nil:
		return nil
	case isClosed:
		return fmt.Errorf("%s: listen: closed: %w", s.name, store.ErrUnavailable)
	}
	return s.explain(ctx, "listen", err)
}

func (s *Store) listen(ctx context.Context, l store.Listener) (err error) {
	c := s.config.ConnConfig.Copy()
	c.RuntimeParams["application_name"] = "wedsync listener"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	// What closing finds is no matter any more.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return err
	}
	for {
		n, err := wait(ctx, conn)
		if err != nil {
			return err
		}
		if n != nil {
			s.hear(n.Payload, l)
		}
	}
}

// wait waits for a notification, or finds that the server is still there and has none.
func wait(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	silence, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	n, err := conn.WaitForNotification(silence)
	if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return n, err
	}
	within, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return nil, conn.Ping(within)
}

// hear takes a message apart. What is no message of a node is none of ours.
func (s *Store) hear(payload string, l store.Listener) {
	if len(payload) <= nodeSize || payload[:nodeSize] == s.node {
		return
	}
	body := payload[nodeSize+1:]
	switch payload[nodeSize] {
	case letterMove:
		for name := range strings.SplitSeq(body, "\n") {
			if l.Moved != nil {
				l.Moved(unescape(name))
			}
		}
	case letterTold:
		if message, err := base64.StdEncoding.DecodeString(body); err == nil && l.Told != nil {
			l.Told(message)
		}
	}
}
