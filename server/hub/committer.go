package hub

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"wedsync/crdt"
	"wedsync/store"
)

// errStale means that the record moved on since it was read.
var errStale = errors.New("the record moved on")

// A committer stores the commits of many rooms together: while one transaction
// is flushed the next batch gathers. Each room has at most one commit under way.
type committer struct {
	hub *Hub
	in  chan pendingCommit
}

type pendingCommit struct {
	commit store.Commit
	done   chan<- error // has room for one
}

func newCommitter(h *Hub) *committer {
	return &committer{hub: h, in: make(chan pendingCommit, h.limits.BatchCommits)}
}

// store returns once the commit is durable (nil), was left out (errStale) or
// may or may not be stored (any other error).
func (c *committer) store(commit store.Commit) error {
	done := make(chan error, 1)
	c.in <- pendingCommit{commit, done}
	return <-done
}

// run ends with the hub's context, when no room is left to commit.
func (c *committer) run() {
	for {
		select {
		case <-c.hub.ctx.Done():
			return
		case first := <-c.in:
			c.append(c.gather(first))
		}
	}
}

func (c *committer) gather(first pendingCommit) []pendingCommit {
	batch := []pendingCommit{first}
	for had := 0; len(batch) > had; {
		had = len(batch)
		runtime.Gosched() // rooms that are about to commit go along, as long as there are any
		batch = c.drain(batch)
	}
	return batch
}

// drain adds what waits, as far as there is room.
func (c *committer) drain(batch []pendingCommit) []pendingCommit {
	for len(batch) < c.hub.limits.BatchCommits {
		select {
		case next := <-c.in:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// append stores a batch. A commit that breaks a rule of the store is taken out
// and the others are stored without it.
func (c *committer) append(batch []pendingCommit) {
	for len(batch) > 0 {
		stale, err := c.hub.store.Append(context.WithoutCancel(c.hub.ctx), commitsOf(batch))
		c.hub.metrics.appends.Inc()
		var broken *store.CommitError
		if !errors.As(err, &broken) {
			c.answer(batch, stale, err)
			return
		}
		c.hub.log.Error("commit refused by the store", "record", broken.Record, "err", err)
		others := slices.DeleteFunc(slices.Clone(batch), func(p pendingCommit) bool {
			return p.commit.Record == broken.Record
		})
		if len(others) == len(batch) {
			c.answer(batch, nil, err)
			return
		}
		for _, p := range batch {
			if p.commit.Record == broken.Record {
				p.done <- err
			}
		}
		batch = others
	}
}

func commitsOf(batch []pendingCommit) []store.Commit {
	commits := make([]store.Commit, len(batch))
	for i, p := range batch {
		commits[i] = p.commit
	}
	return commits
}

func (c *committer) answer(batch []pendingCommit, stale []crdt.RecordID, err error) {
	if err != nil {
		c.hub.metrics.failures.Inc()
		c.hub.storeFailed(err)
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err == nil {
		c.hub.storeWorked()
	}
	for _, p := range batch {
		switch {
		case err != nil:
			p.done <- err
		case slices.Contains(stale, p.commit.Record):
			p.done <- errStale
		default:
			c.hub.metrics.commits.Inc()
			p.done <- nil
		}
	}
}
