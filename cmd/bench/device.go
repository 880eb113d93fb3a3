package main

import (
	"context"
	"errors"
)

// A device is one connection to a server. It knows the corpus's records by
// number. Several goroutines may send while one waits for news.
type device interface {
	// open says that we hold the first held changes of a record, the first
	// shared of which the server had when we last met, and follows the record.
	open(ctx context.Context, record, held, shared int) error
	// push sends changes of a record. On a record that is not open it brings
	// them without asking first.
	push(ctx context.Context, record int, s span) error
	// took does what a client does that has just received changes and now holds n.
	took(ctx context.Context, record, n int) error
	// next waits for the server to tell something.
	next(ctx context.Context) (news, error)
	close()
}

// News is that the server has, and told durably or not, the first so many
// changes of a record.
type news struct{ record, has int }

// A span is changes from, included, to to, excluded.
type span struct{ from, to int }

// A work is what must be encoded before a trial.
type work struct {
	records, changes int    // of each record
	spans            []span // sent in one message
}

// A corpus is encoded work, and how to talk about it.
type corpus interface {
	dial(ctx context.Context, url, name string) (device, error)
	work() work
}

// await waits until the server has so many changes of a record, and passes over
// all other news.
func await(ctx context.Context, d device, record, n int) error {
	for {
		got, err := d.next(ctx)
		if err != nil {
			return err
		}
		if got.record == record && got.has >= n {
			return nil
		}
	}
}

// bring creates a record at the server with its first n changes.
func bring(ctx context.Context, d device, record, n int) error {
	if err := d.push(ctx, record, span{0, n}); err != nil {
		return err
	}
	return await(ctx, d, record, n)
}

// A lingering device answers pings while nobody waits for its news, so that no
// server ends its connection.
type lingering struct {
	device
	told chan news
}

const untold = 16 // news that are kept while nobody waits; later ones are lost

// linger lets d linger; its goroutine ends when d is closed.
func linger(ctx context.Context, d device) lingering {
	l := lingering{d, make(chan news, untold)}
	go func() {
		defer close(l.told)
		for {
			n, err := d.next(ctx)
			if err != nil {
				return
			}
			select {
			case l.told <- n:
			default:
			}
		}
	}()
	return l
}

func (l lingering) next(ctx context.Context) (news, error) {
	select {
	case n, open := <-l.told:
		if !open {
			return n, errors.New("the server ended the connection")
		}
		return n, nil
	case <-ctx.Done():
		return news{}, ctx.Err()
	}
}

func closeAll(devices []device) {
	for _, d := range devices {
		if d != nil {
			d.close()
		}
	}
}
