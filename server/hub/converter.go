package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A PolicyJob is how far the records of a supplier have been brought in line
// with its policy.
type PolicyJob struct {
	Version     uint64 // of the policy; 0 if there never was a job
	Done, Total int    // records; Total grows until all are counted
	Failed      int    // of Done: cannot be judged now, and are when next opened
	Finished    bool
}

// A converter judges records that exist by a policy that is new, one at a time,
// one supplier after the other. A record that it has not come to is judged when
// it is next written.
type converter struct {
	hub  *Hub
	wake chan struct{}

	mu    sync.Mutex
	queue []string // suppliers, each once
	jobs  map[string]*PolicyJob
}

const (
	convertPage = 200             // records of one query
	convertRest = 5 * time.Second // before a job that the store stopped begins again
)

func newConverter(h *Hub) *converter {
	return &converter{hub: h, wake: make(chan struct{}, 1), jobs: make(map[string]*PolicyJob)}
}

// begin has the records of a supplier judged by a policy of that version. A job
// that runs is begun again.
func (c *converter) begin(supplier string, version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if job := c.jobs[supplier]; job != nil && job.Version >= version {
		return
	}
	c.jobs[supplier] = &PolicyJob{Version: version}
	c.queue = append(c.queue, supplier)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *converter) job(supplier string) PolicyJob {
	c.mu.Lock()
	defer c.mu.Unlock()
	if job := c.jobs[supplier]; job != nil {
		return *job
	}
	return PolicyJob{Finished: true}
}

// next takes the supplier that has waited longest.
func (c *converter) next() (supplier string, job *PolicyJob) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return "", nil
	}
	supplier = c.queue[0]
	c.queue = c.queue[1:]
	return supplier, c.jobs[supplier]
}

// replaced reports whether a newer policy has its own job.
func (c *converter) replaced(supplier string, job *PolicyJob) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jobs[supplier] != job
}

func (c *converter) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// run ends with the hub's context.
func (c *converter) run() {
	for {
		supplier, job := c.next()
		if job == nil {
			select {
			case <-c.hub.ctx.Done():
				return
			case <-c.wake:
			}
			continue
		}
		for !c.finish(supplier, job) {
			select {
			case <-c.hub.ctx.Done():
				return
			case <-time.After(convertRest):
			}
		}
	}
}

// finish does a job, and reports whether nothing of it is left.
func (c *converter) finish(supplier string, job *PolicyJob) bool {
	c.note(func() { *job = PolicyJob{Version: job.Version} })
	ids, err := c.outOfLine(supplier, job)
	if err == nil {
		err = c.judge(supplier, job, ids)
	}
	if err != nil {
		c.hub.log.Warn("records are not judged by the new policy yet", "supplier", supplier, "policy", job.Version, "err", err)
		return false
	}
	if c.replaced(supplier, job) {
		return true
	}
	c.note(func() { job.Finished = true })
	c.hub.log.Info("records are judged by the policy", "supplier", supplier,
		"policy", job.Version, "records", job.Total, "failed", job.Failed)
	return true
}

// outOfLine are the records that do not follow the policy. The others are done.
func (c *converter) outOfLine(supplier string, job *PolicyJob) (ids []crdt.RecordID, err error) {
	policy, err := c.hub.Policy(c.hub.ctx, supplier)
	if err != nil {
		return nil, err
	}
	for after := (crdt.RecordID{}); ; {
		page, err := c.hub.store.List(c.hub.ctx, supplier, after, convertPage)
		if err != nil || len(page) == 0 {
			return ids, err
		}
		after = page[len(page)-1].Record
		for _, summary := range page {
			if follows, err := conflicts.Follows(summary.Ledger, policy); err != nil || !follows {
				ids = append(ids, summary.Record)
			}
		}
		c.note(func() {
			job.Total += len(page)
			job.Done = job.Total - len(ids)
		})
	}
}

// judge judges records, until a newer policy has a job of its own.
func (c *converter) judge(supplier string, job *PolicyJob, ids []crdt.RecordID) error {
	for _, id := range ids {
		if c.replaced(supplier, job) {
			return nil
		}
		err := c.hub.judge(c.hub.ctx, supplier, id)
		if errors.Is(err, ErrUnavailable) || c.hub.ctx.Err() != nil {
			return errors.Join(err, c.hub.ctx.Err())
		}
		failed := err != nil && !errors.Is(err, store.ErrNotFound) // deleted meanwhile
		if failed {
			c.hub.log.Error("record is not judged by the policy", "record", id, "supplier", supplier, "err", err)
		}
		c.note(func() {
			job.Done++
			if failed {
				job.Failed++
			}
		})
	}
	return nil
}

// judge brings a record in line with its supplier's policy. One that waits for
// a device is judged once that has brought all.
func (h *Hub) judge(ctx context.Context, supplier string, id crdt.RecordID) error {
	_, err := h.command(ctx, id, &commandTask{
		supplier: supplier, kind: "policy", from: conflicts.Principal{Supplier: supplier},
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			if !r.Settled() {
				return new(conflicts.Outcome), nil
			}
			return r.Judge(conflicts.Judgement{Policy: p, Now: now}), nil
		},
	})
	return err
}
