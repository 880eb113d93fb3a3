package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"wedsync/crdt"
)

// investigate is what follows when h cost the worker of s. A worker that took
// too long holds the record back. One that died is replaced and asked again; if
// that dies too, h has a change that kills, and the first is put in quarantine.
//
// All it starts is bounded: one more call, and one for each halving of h.
func (e *Engine) investigate(ctx context.Context, s *slot, task byte, id crdt.RecordID, h history, err error) (report, error) {
	log := e.options.Log.With("record", id.String(), "changes", len(h), "heads", logged(h.heads()))
	var first *death
	if !errors.As(err, &first) || first.cause == cancelled {
		return report{}, err
	}
	if first.cause == timedOut {
		return report{}, e.holdBack(ctx, log, id, err)
	}
	r, err := e.probe(ctx, s, task, h)
	if err == nil || errors.Is(err, ErrRefused) {
		log.WarnContext(ctx, "engine worker died, the next one did not", "cause", first.cause, "detail", first.detail)
		return r, err
	}
	killer, err := e.search(ctx, s, task, h, err)
	switch {
	case errors.Is(err, ErrTimeout):
		return report{}, e.holdBack(ctx, log, id, err)
	case err != nil:
		return report{}, err
	}
	e.quarantine.add(Quarantined{Record: id, Change: killer})
	e.metrics.quarantined.Inc()
	log.ErrorContext(ctx, "change kills the engine and is in quarantine",
		"change", killer.String(), "cause", first.cause, "detail", first.detail)
	return report{}, &QuarantineError{Record: id, Change: killer}
}

// search finds the first change on which the engine dies, given that it died of
// the whole history with the error err. Any other error ends the search.
func (e *Engine) search(ctx context.Context, s *slot, task byte, h history, err error) (crdt.Hash, error) {
	lives, dies := 0, len(h) // changes from the start
	if !deadly(err) || dies == 0 {
		return crdt.Hash{}, err
	}
	for dies-lives > 1 {
		middle := lives + (dies-lives)/2
		_, err := e.probe(ctx, s, task, h[:middle])
		switch {
		case err == nil || errors.Is(err, ErrRefused):
			lives = middle
		case deadly(err):
			dies = middle
		default:
			return crdt.Hash{}, err
		}
	}
	return h[dies-1].hash, nil
}

// probe is a call whose death would be no surprise, so that the next one need
// not wait.
func (e *Engine) probe(ctx context.Context, s *slot, task byte, h history) (report, error) {
	s.deaths = 0
	return s.do(ctx, task, h)
}

// deadly reports whether err says that what was fed killed the worker.
func deadly(err error) bool {
	var d *death
	return errors.As(err, &d) && (d.cause == crashed || d.cause == outOfMem)
}

func (e *Engine) holdBack(ctx context.Context, log *slog.Logger, id crdt.RecordID, err error) error {
	until := e.held.hold(id, time.Now(), e.options.Deadline)
	log.WarnContext(ctx, "record takes the engine too long and is held back", "until", until)
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
