package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"wedsync/crdt"
)

// investigate is what follows when h cost the worker of s, or was refused. A
// worker that took too long holds the record back. In all other cases a fresh
// one is asked again; if that fails too, h holds a change that the engine cannot
// take, and the first such is put in quarantine.
//
// All that it starts is bounded: one more call, and one for each halving of h.
func (e *Engine) investigate(ctx context.Context, s *slot, task byte, id crdt.RecordID, h history, first error) (report, error) {
	log := e.options.Log.With("record", id.String(), "changes", len(h), "heads", logged(h.heads()))
	if errors.Is(first, ErrTimeout) {
		return report{}, e.holdBack(ctx, log, id, first)
	}
	if !blames(first) {
		return report{}, first
	}
	r, err := e.probe(ctx, s, task, h)
	if err == nil {
		log.WarnContext(ctx, "engine worker failed, a fresh one did not", "err", first)
		return r, nil
	}
	culprit, err := e.search(ctx, s, task, h, err)
	switch {
	case errors.Is(err, ErrTimeout):
		return report{}, e.holdBack(ctx, log, id, err)
	case err != nil:
		return report{}, err
	}
	if e.quarantine.add(Quarantined{Record: id, Change: culprit}) {
		e.metrics.quarantined.Inc()
		log.ErrorContext(ctx, "engine cannot take a change, it is in quarantine", "change", culprit.String(), "err", first)
	}
	return report{}, &QuarantineError{Record: id, Change: culprit}
}

// search finds the first change that the engine cannot take, given that the whole
// history failed with err. An error that blames no change ends the search.
func (e *Engine) search(ctx context.Context, s *slot, task byte, h history, err error) (crdt.Hash, error) {
	good, bad := 0, len(h) // changes from the start
	if !blames(err) || bad == 0 {
		return crdt.Hash{}, err
	}
	for bad-good > 1 {
		middle := good + (bad-good)/2
		_, err := e.probe(ctx, s, task, h[:middle])
		switch {
		case err == nil:
			good = middle
		case blames(err):
			bad = middle
		default:
			return crdt.Hash{}, err
		}
	}
	return h[bad-1].hash, nil
}

// probe is a call on a fresh worker, so that only h is to blame. Its death would
// be no surprise: the next start need not wait.
func (e *Engine) probe(ctx context.Context, s *slot, task byte, h history) (report, error) {
	s.dismiss()
	s.deaths = 0
	return s.do(ctx, task, h)
}

// blames reports whether err says that what was fed is to blame.
func blames(err error) bool {
	var d *death
	if errors.As(err, &d) {
		return d.cause == crashed || d.cause == outOfMem
	}
	return errors.Is(err, ErrRefused)
}

func (e *Engine) holdBack(ctx context.Context, log *slog.Logger, id crdt.RecordID, err error) error {
	until := e.held.hold(id, time.Now(), e.options.Deadline)
	log.WarnContext(ctx, "record takes the engine too long and is held back", "until", until, "err", err)
	return err
}

// logged are the first few of hashes, as text.
func logged(hashes []crdt.Hash) []string {
	var out []string
	for _, h := range hashes[:min(len(hashes), 4)] {
		out = append(out, h.String())
	}
	return out
}
