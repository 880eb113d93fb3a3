package sending

import (
	"context"
	"errors"
	"slices"

	"wedsync/store"
)

// sweep rings for the endpoints for which there is something to do, and takes note
// of those that others made or took away.
func (s *Sender) sweep(ctx context.Context) error {
	found := make(map[string]map[string]bool)
	states := make(map[string]int)
	var after store.Endpoint
	for {
		endpoints, err := s.store.AllEndpoints(ctx, after, atOnce)
		if err != nil {
			return err
		}
		for i := range endpoints {
			e := &endpoints[i]
			if found[e.Supplier] == nil {
				found[e.Supplier] = make(map[string]bool)
			}
			found[e.Supplier][e.ID] = true
		}
		if err := s.look(ctx, endpoints, states); err != nil {
			return err
		}
		if len(endpoints) < atOnce {
			break
		}
		after = endpoints[len(endpoints)-1]
	}
	s.measure(states)
	s.dismiss(found)
	return nil
}

// look counts endpoints by state, and rings for those for which there is something
// to do.
func (s *Sender) look(ctx context.Context, endpoints []store.Endpoint, states map[string]int) error {
	suppliers := make([]string, len(endpoints))
	for i := range endpoints {
		suppliers[i] = endpoints[i].Supplier
	}
	ends, err := s.store.Ends(ctx, slices.Compact(suppliers))
	if err != nil {
		return err
	}
	for i := range endpoints {
		e := &endpoints[i]
		state := s.state(e)
		states[state]++
		if state == string(Paused) || state == string(Off) {
			continue
		}
		s.mu.Lock()
		s.courier(e.Supplier, e.ID)
		s.mu.Unlock()
		due := ends[e.Supplier].Number > e.Cursor
		if !due && state != string(Open) {
			next, err := s.store.NextDue(ctx, e.Supplier, e.ID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			due = err == nil && !next.After(s.now())
		}
		if due {
			s.ring(e.Supplier, e.ID)
		}
	}
	return nil
}

// state is how an endpoint is counted.
func (s *Sender) state(e *store.Endpoint) string {
	set, err := settingsOf(*e)
	if err != nil {
		s.log.Error("an endpoint of webhooks cannot be read", "supplier", e.Supplier, "endpoint", e.ID, "err", err)
		return string(Off)
	}
	if b := set.Breaker(s.now()); !set.stands() && b != Closed {
		return string(b)
	}
	return string(set.Status())
}

func (s *Sender) measure(states map[string]int) {
	for _, state := range []string{string(Active), string(Paused), string(Off), string(Open), string(HalfOpen)} {
		s.metrics.endpoints.WithLabelValues(state).Set(float64(states[state]))
	}
}

// dismiss forgets couriers whose endpoints are gone.
func (s *Sender) dismiss(found map[string]map[string]bool) {
	var stops []func()
	s.mu.Lock()
	for supplier, crew := range s.suppliers {
		for id, c := range crew.couriers {
			if !found[supplier][id] && !c.working {
				delete(crew.couriers, id)
			}
		}
		if len(crew.couriers) == 0 {
			delete(s.suppliers, supplier)
			stops = append(stops, crew.stop)
		}
	}
	s.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}
