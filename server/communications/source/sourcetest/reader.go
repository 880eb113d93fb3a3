package sourcetest

import (
	"context"
	"errors"
	"fmt"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// Bounds of a reading, beyond which a source does not come to an end.
const (
	maxSteps = 10_000
	maxTimes = 50 // that a scope begins again, or that a step is made again
)

// A Reader reads an account. It keeps what it found as a store would.
type Reader struct {
	Source  source.Source
	Account source.Account

	Steps  int
	Again  int                   // how often a provider had forgotten the place
	Doubt  []string              // what is wrong with what a source found
	Found  map[string]store.Item // by the account's id, without those that are gone
	places map[string]source.Place
}

// Read reads all scopes until each is up to date.
func (r *Reader) Read(ctx context.Context) error {
	scopes, err := r.scopes(ctx)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		if err := r.ReadScope(ctx, scope); err != nil {
			return fmt.Errorf("%s: %w", scope, err)
		}
	}
	return nil
}

func (r *Reader) scopes(ctx context.Context) (scopes []string, err error) {
	for range maxTimes {
		if scopes, err = r.Source.Scopes(ctx, r.Account); !errors.Is(err, source.ErrUnreadable) {
			return scopes, err
		}
	}
	return nil, err
}

// ReadScope reads a scope until it is up to date.
func (r *Reader) ReadScope(ctx context.Context, scope string) error {
	if r.places == nil {
		r.places, r.Found = make(map[string]source.Place), make(map[string]store.Item)
	}
	failed, again := 0, 0
	for range maxSteps {
		step, err := r.Source.Pull(ctx, r.Account, scope, r.places[scope])
		switch {
		case errors.Is(err, source.ErrPlace) && again < maxTimes:
			again++
			r.Again++
			r.places[scope] = source.Place{Again: true}
			continue
		case errors.Is(err, source.ErrUnreadable) && failed < maxTimes:
			failed++
			continue
		case err != nil:
			return err
		}
		r.keep(step)
		r.places[scope] = source.Place{State: step.State, Again: r.places[scope].Again && step.More}
		if !step.More {
			return nil
		}
	}
	return fmt.Errorf("not at an end after %d steps", maxSteps)
}

// keep keeps what a step found.
func (r *Reader) keep(step source.Step) {
	r.Steps++
	if len(step.Found) > store.MaxPull || len(step.Removed) > store.MaxPull {
		r.doubt("a step with %d items and %d removals", len(step.Found), len(step.Removed))
	}
	once := make(map[string]bool)
	for _, item := range step.Found {
		if len(item.Occurrences) != 1 || item.Occurrences[0].Provider == "" || item.Occurrences[0].Level != r.Account.Level {
			r.doubt("occurrences %+v", item.Occurrences)
			continue
		}
		id := item.Occurrences[0].Provider
		if once[id] {
			r.doubt("%s twice in a step", id)
		}
		once[id] = true
		if item.Key == [32]byte{} || item.Kind == "" || item.At.IsZero() || item.Direction == "" {
			r.doubt("%+v", item)
		}
		r.Found[id] = item
	}
	for _, id := range step.Removed {
		if once[id] {
			r.doubt("%s found and removed in a step", id)
		}
		delete(r.Found, id)
	}
}

func (r *Reader) doubt(format string, args ...any) {
	r.Doubt = append(r.Doubt, fmt.Sprintf(format, args...))
}

// Keys are the keys of what was found, each with how many occurrences it has.
func (r *Reader) Keys() map[[32]byte]int {
	keys := make(map[[32]byte]int)
	for _, item := range r.Found {
		keys[item.Key]++
	}
	return keys
}
