package sending

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"wedsync/store"
)

// An Endpoint is one as its owners see it: without its secrets.
type Endpoint struct {
	store.Endpoint
	Settings Settings
	Breaker  Breaker
	Counts   map[store.DeliveryState]int // of its deliveries
}

// A Change is what to set of an endpoint; nil leaves as it is.
type Change struct {
	URL         *string
	Description *string
	Events      *[]string
	Connection  *string
	Status      *Status // Active or Paused
}

// A SettingsError says what is wrong with a change.
type SettingsError struct{ Member, Reason string }

func (e *SettingsError) Error() string { return e.Member + " " + e.Reason }

// Endpoints reads those of a supplier in ascending order of id.
func (s *Sender) Endpoints(ctx context.Context, supplier string) ([]Endpoint, error) {
	stored, err := s.store.Endpoints(ctx, supplier)
	if err != nil {
		return nil, err
	}
	counts, err := s.store.DeliveryCounts(ctx, supplier)
	if err != nil {
		return nil, err
	}
	all := make([]Endpoint, len(stored))
	for i, e := range stored {
		if all[i], err = s.show(e, counts[e.ID]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Endpoint reads one, or says [store.ErrNotFound].
func (s *Sender) Endpoint(ctx context.Context, supplier, id string) (Endpoint, error) {
	e, err := s.store.Endpoint(ctx, supplier, id)
	if err != nil {
		return Endpoint{}, err
	}
	counts, err := s.store.DeliveryCounts(ctx, supplier)
	if err != nil {
		return Endpoint{}, err
	}
	return s.show(e, counts[id])
}

func (s *Sender) show(e store.Endpoint, counts map[store.DeliveryState]int) (Endpoint, error) {
	set, err := settingsOf(e)
	return Endpoint{Endpoint: e, Settings: set, Breaker: set.Breaker(s.now()), Counts: counts}, err
}

// Create makes an endpoint, which is told of what happens from now on. Its secret
// is not told again. What is wrong with the change is a *SettingsError; a supplier
// that has too many gets [store.ErrTooMany].
func (s *Sender) Create(ctx context.Context, supplier string, c Change) (e Endpoint, secret string, err error) {
	var set Settings
	if c.URL == nil {
		return Endpoint{}, "", &SettingsError{"url", "is needed"}
	}
	if err := s.apply(ctx, supplier, &set, c); err != nil {
		return Endpoint{}, "", err
	}
	ends, err := s.store.Ends(ctx, []string{supplier})
	if err != nil {
		return Endpoint{}, "", err
	}
	now := s.now()
	secret = set.rotate(now)
	stored := store.Endpoint{
		Supplier: supplier, ID: ulid.MustNew(ulid.Timestamp(now), ulid.DefaultEntropy()).String(), Cursor: ends[supplier].Number,
		Settings: set.encode(), Created: now, Changed: now,
	}
	if err := s.store.SetEndpoint(ctx, stored); err != nil {
		return Endpoint{}, "", err
	}
	stored.Version++
	s.ring(supplier, stored.ID)
	e, err = s.show(stored, nil)
	return e, secret, err
}

// Change changes an endpoint, or says what Create does, or [store.ErrNotFound]. One
// that is set active again goes on where it was: the journal kept what it missed.
func (s *Sender) Change(ctx context.Context, supplier, id string, c Change) (Endpoint, error) {
	_, err := s.change(ctx, supplier, id, func(set *Settings) error { return s.apply(ctx, supplier, set, c) })
	if err != nil {
		return Endpoint{}, err
	}
	s.ring(supplier, id)
	return s.Endpoint(ctx, supplier, id)
}

// Rotate gives an endpoint a new secret, which is not told again. The one before
// signs too, for Overlap.
func (s *Sender) Rotate(ctx context.Context, supplier, id string) (e Endpoint, secret string, err error) {
	_, err = s.change(ctx, supplier, id, func(set *Settings) error {
		secret = set.rotate(s.now())
		return nil
	})
	if err != nil {
		return Endpoint{}, "", err
	}
	e, err = s.Endpoint(ctx, supplier, id)
	return e, secret, err
}

// Delete forgets an endpoint and its deliveries, or says [store.ErrNotFound].
func (s *Sender) Delete(ctx context.Context, supplier, id string) error {
	return s.store.DeleteEndpoint(ctx, supplier, id)
}

// change changes the settings of an endpoint, however often others are faster.
func (s *Sender) change(ctx context.Context, supplier, id string, change func(*Settings) error) (set Settings, err error) {
	for range races {
		e, err := s.store.Endpoint(ctx, supplier, id)
		if err != nil {
			return Settings{}, err
		}
		if set, err = settingsOf(e); err != nil {
			return Settings{}, err
		}
		if err := change(&set); err != nil {
			return Settings{}, err
		}
		e.Settings, e.Changed = set.encode(), s.now()
		err = s.store.SetEndpoint(ctx, e)
		if !errors.Is(err, store.ErrStale) {
			return set, err
		}
	}
	return Settings{}, fmt.Errorf("%w: endpoint %s is being changed elsewhere", store.ErrUnavailable, id)
}

// apply sets what a change wants, if all of it may be.
func (s *Sender) apply(ctx context.Context, supplier string, set *Settings, c Change) error {
	if c.URL != nil {
		if err := s.client.Check(*c.URL); err != nil || len(*c.URL) > MaxURL {
			return &SettingsError{"url", badURL(err)}
		}
		set.URL = *c.URL
	}
	if c.Description != nil {
		text := strings.TrimSpace(*c.Description)
		if utf8.RuneCountInString(text) > MaxDescription || strings.ContainsFunc(text, unicode.IsControl) {
			return &SettingsError{"description", fmt.Sprintf("must have at most %d characters, and no control characters", MaxDescription)}
		}
		set.Description = text
	}
	if c.Events != nil {
		if err := checkFilters(*c.Events); err != nil {
			return err
		}
		set.Events = slices.Compact(slices.Sorted(slices.Values(*c.Events)))
	}
	if c.Connection != nil {
		if err := s.checkConnection(ctx, supplier, *c.Connection); err != nil {
			return err
		}
		set.Connection = *c.Connection
	}
	return set.turn(c.Status)
}

// turn sets the status, if one is given.
func (s *Settings) turn(to *Status) error {
	switch {
	case to == nil:
	case *to == Active && s.stands():
		s.Paused, s.Disabled, s.Trouble = false, nil, nil
	case *to == Active:
	case *to == Paused:
		s.Paused = true
	default:
		return &SettingsError{"status", "must be active or paused"}
	}
	return nil
}

func badURL(err error) string {
	if err == nil {
		return fmt.Sprintf("must not be longer than %d bytes", MaxURL)
	}
	return "cannot be sent to: " + err.Error()
}

func checkFilters(filters []string) error {
	if len(filters) > MaxFilters {
		return &SettingsError{"events", fmt.Sprintf("must not be more than %d", MaxFilters)}
	}
	for i, f := range filters {
		if rule := CheckFilter(f); rule != "" {
			return &SettingsError{fmt.Sprintf("events[%d]", i), rule}
		}
	}
	return nil
}

// checkConnection refuses a connection that the supplier does not have.
func (s *Sender) checkConnection(ctx context.Context, supplier, id string) error {
	if id == "" {
		return nil
	}
	c, err := s.store.Connection(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.Supplier != supplier {
		return &SettingsError{"connection", "is none of this supplier's"}
	}
	return err
}
