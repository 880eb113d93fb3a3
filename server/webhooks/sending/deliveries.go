package sending

import (
	"context"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"wedsync/server/activity"
	"wedsync/store"
)

// Deliveries reads deliveries of an endpoint, the latest first, or says
// [store.ErrNotFound].
func (s *Sender) Deliveries(ctx context.Context, supplier string, q store.DeliveryQuery) ([]store.Delivery, error) {
	if _, err := s.store.Endpoint(ctx, supplier, q.Endpoint); err != nil {
		return nil, err
	}
	return s.store.Deliveries(ctx, supplier, q)
}

// Delivery reads one with what is kept of its attempts, or says [store.ErrNotFound].
func (s *Sender) Delivery(ctx context.Context, supplier, endpoint, id string) (store.Delivery, Log, error) {
	d, err := s.store.Delivery(ctx, supplier, endpoint, id)
	return d, logOf(&d), err
}

// Redeliver has a delivery sent again, whatever came of it, in its place among
// those of its record. It says [store.ErrNotFound] too if the content was erased.
func (s *Sender) Redeliver(ctx context.Context, supplier, endpoint, id string) (store.Delivery, error) {
	for range races {
		d, err := s.store.Delivery(ctx, supplier, endpoint, id)
		if err != nil {
			return d, err
		}
		if d.Body == nil {
			return d, store.ErrNotFound
		}
		log := logOf(&d)
		log.First = s.now().UTC()
		d.State, d.Attempts, d.Due, d.Log = store.DeliveryPending, 0, s.now(), log.encode()
		err = s.store.UpdateDelivery(ctx, d)
		if err == nil {
			s.ring(supplier, endpoint)
			return s.store.Delivery(ctx, supplier, endpoint, id)
		}
		if !errors.Is(err, store.ErrStale) {
			return d, err
		}
	}
	return store.Delivery{}, fmt.Errorf("%w: delivery %s is being sent", store.ErrUnavailable, id)
}

// Test sends an event to an endpoint that says nothing but that it is one, also if
// it is paused or disabled, and returns the delivery with what came of it. It is
// tried once, and tells nothing of how the endpoint does.
func (s *Sender) Test(ctx context.Context, supplier, endpoint string) (store.Delivery, Log, error) {
	e, err := s.store.Endpoint(ctx, supplier, endpoint)
	if err != nil {
		return store.Delivery{}, Log{}, err
	}
	set, err := settingsOf(e)
	if err != nil {
		return store.Delivery{}, Log{}, err
	}
	now := s.now()
	d := s.ping(supplier, endpoint)
	d.Due = now.Add(lease) // nobody else sends it
	if err := s.store.AddDeliveries(ctx, supplier, endpoint, []store.Delivery{d}); err != nil {
		return d, Log{}, err
	}
	if d, err = s.store.Delivery(ctx, supplier, endpoint, d.ID); err != nil {
		return d, Log{}, err
	}
	a := s.request(ctx, &set, &d)
	log := Log{}
	log.add(a.Attempt)
	d.State, d.Attempts, d.Log = store.DeliveryDelivered, 1, log.encode()
	if !a.came() {
		d.State = store.DeliveryFailed
	}
	s.keep(ctx, &d)
	return d, log, nil
}

// ping is the delivery of a test.
func (s *Sender) ping(supplier, endpoint string) store.Delivery {
	now := s.now()
	id := "test-" + ulid.MustNew(ulid.Timestamp(now), ulid.DefaultEntropy()).String()
	e := activity.NewSource(s.epoch, supplier).Told(id, Ping, now, "This is a test. Nothing has happened.")
	return store.Delivery{
		Supplier: supplier, Endpoint: endpoint, ID: id, Type: Ping, Body: Compose(e, id, nil).Encode(),
		State: store.DeliveryPending, Due: now, Created: now,
	}
}
