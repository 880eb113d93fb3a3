package postgres

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The messages on the channel: the sender's node, a letter that says what
// follows, and that: names of suppliers, escaped and one a line, or what was told, in base64.
const (
	channel    = "wedsync"
	nodeSize   = 8
	letterMove = 'm'
	letterTold = 't'
	maxPayload = 7900 // bytes; PostgreSQL takes fewer than 8000
)

const (
	// bellPause is how long at least lies between two transactions that notify: each takes a lock of the whole server.
	bellPause = 20 * time.Millisecond
	// maxTelling is how many messages wait to be told; more callers wait.
	maxTelling = 256
)

// A bell tells other nodes what this one did. While one transaction notifies,
// what else there is to tell gathers.
type bell struct {
	pool *pgxpool.Pool
	node string

	telling chan telling
	rung    chan struct{} // holds one mark while suppliers are waiting
	ended   context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	waiting map[string]bool // suppliers that moved
}

// A telling is a message on its way.
type telling struct {
	message []byte
	done    chan error // holds one
}

// newBell starts the goroutine of a bell; close ends it.
func newBell(pool *pgxpool.Pool, node string) *bell {
	ctx, cancel := context.WithCancel(context.Background())
	b := &bell{
		pool: pool, node: node, telling: make(chan telling, maxTelling), rung: make(chan struct{}, 1),
		ended: cancel, done: make(chan struct{}), waiting: make(map[string]bool),
	}
	go b.run(ctx)
	return b
}

func (b *bell) close() {
	b.ended()
	<-b.done
}

// moved notes that there is something new of suppliers. It never waits.
func (b *bell) moved(suppliers []string) {
	if len(suppliers) == 0 {
		return
	}
	b.mu.Lock()
	for _, name := range suppliers {
		b.waiting[name] = true
	}
	b.mu.Unlock()
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// tell returns when the message is on its way, or why it is not.
func (b *bell) tell(ctx context.Context, message []byte) error {
	t := telling{message: message, done: make(chan error, 1)}
	select {
	case b.telling <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *bell) run(ctx context.Context) {
	defer close(b.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		var told []telling
		select {
		case t := <-b.telling:
			told = append(told, t)
		case <-b.rung:
		case <-ctx.Done():
			return
		}
		b.ring(ctx, told)
		pause.Reset(bellPause)
	}
}

// ring tells what there is to tell, in one transaction. If it fails, who told
// something hears of it; suppliers are found by those that ask.
func (b *bell) ring(ctx context.Context, told []telling) {
	for more := true; more; {
		select {
		case t := <-b.telling:
			told = append(told, t)
		default:
			more = false
		}
	}
	b.mu.Lock()
	suppliers := b.waiting
	b.waiting = make(map[string]bool)
	b.mu.Unlock()
	payloads := b.moves(suppliers)
	for _, t := range told {
		payloads = append(payloads, b.node+string(letterTold)+base64.StdEncoding.EncodeToString(t.message))
	}
	if len(payloads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.pool.Exec(ctx, `SELECT pg_notify($1, p) FROM unnest($2::text[]) p`, channel, payloads)
	for _, t := range told {
		t.done <- err
	}
}

// moves are the messages that name suppliers. A name that no message can hold is left out.
func (b *bell) moves(suppliers map[string]bool) (payloads []string) {
	head := b.node + string(letterMove)
	var line strings.Builder
	flush := func() {
		if line.Len() > 0 {
			payloads = append(payloads, head+line.String())
			line.Reset()
		}
	}
	for name := range suppliers {
		name = lineOf(name)
		if len(name) > maxPayload-len(head) {
			continue
		}
		if len(head)+line.Len()+1+len(name) > maxPayload {
			flush()
		}
		if line.Len() > 0 {
			line.WriteByte('\n')
		}
		line.WriteString(name)
	}
	flush()
	return payloads
}

// lineOf is a supplier's name on one line.
func lineOf(name string) string {
	return strings.ReplaceAll(escape(name), "\n", `\x0a`)
}
