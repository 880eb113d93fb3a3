package hub

import (
	"context"
	"errors"
	"fmt"

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

func (c *committer) append(batch []pendingCommit) {
	commits := make([]store.Commit, len(batch))
	for i, p := range batch {
		commits[i] = p.commit
	}
	stale, err := c.hub.store.Append(context.WithoutCancel(c.hub.ctx), commits)
	c.hub.metrics.appends.Inc()
	if err != nil {
		c.hub.metrics.failures.Inc()
		c.hub.log.Error("append failed; devices are told to come back", "commits", len(commits), "err", err)
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	} else {
		c.hub.metrics.commits.Add(float64(len(commits) - len(stale)))
	}
	left := make(map[crdt.RecordID]bool, len(stale))
	for _, id := range stale {
		left[id] = true
	}
	for _, p := range batch {
		if err == nil && left[p.commit.Record] {
			p.done <- errStale
			continue
		}
		p.done <- err
	}
}
