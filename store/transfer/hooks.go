package transfer

import (
	"context"

	"wedsync/store"
)

// hooks moves a supplier's webhooks. What has arrived is written once more.
func (t *transfer) hooks(ctx context.Context, s *supplier) error {
	connections, err := t.From.Connections(ctx, s.name)
	if err != nil {
		return err
	}
	endpoints, err := t.From.Endpoints(ctx, s.name)
	if err != nil {
		return err
	}
	if len(connections)+len(endpoints) > 0 {
		if err := t.To.RestoreHooks(ctx, s.name, store.Hooks{Connections: connections, Endpoints: endpoints}); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, string) error{t.objects, t.events, t.deliveries} {
		if err := part(ctx, s.name); err != nil {
			return err
		}
	}
	return nil
}

func (t *transfer) objects(ctx context.Context, supplier string) error {
	return pages(ctx, objectPages(t.From, supplier), func(page []store.ObjectID) error {
		return t.To.RestoreHooks(ctx, supplier, store.Hooks{Objects: page})
	})
}

func (t *transfer) events(ctx context.Context, supplier string) error {
	return pages(ctx, eventPages(t.From, supplier), func(page []store.InboxEvent) error {
		return t.To.RestoreHooks(ctx, supplier, store.Hooks{Events: page})
	})
}

func (t *transfer) deliveries(ctx context.Context, supplier string) error {
	return pages(ctx, deliveryPages(t.From, supplier), func(page []store.Delivery) error {
		return t.To.RestoreHooks(ctx, supplier, store.Hooks{Deliveries: page})
	})
}

// objectPages reads page after page of a supplier's objects.
func objectPages(s store.Store, supplier string) func(context.Context) ([]store.ObjectID, error) {
	var last store.ObjectID
	return func(ctx context.Context) ([]store.ObjectID, error) {
		page, err := s.Objects(ctx, supplier, last, pageHooks)
		if len(page) > 0 {
			last = page[len(page)-1]
		}
		return page, err
	}
}

// eventPages reads page after page of a supplier's events.
func eventPages(s store.Store, supplier string) func(context.Context) ([]store.InboxEvent, error) {
	q := store.InboxQuery{Oldest: true, Limit: pageHooks}
	return func(ctx context.Context) ([]store.InboxEvent, error) {
		page, err := s.InboxEvents(ctx, supplier, q)
		if len(page) > 0 {
			q.After = page[len(page)-1].Number
		}
		return page, err
	}
}

// deliveryPages reads page after page of a supplier's deliveries.
func deliveryPages(s store.Store, supplier string) func(context.Context) ([]store.Delivery, error) {
	q := store.DeliveryQuery{Limit: pageHooks}
	return func(ctx context.Context) ([]store.Delivery, error) {
		page, err := s.Deliveries(ctx, supplier, q)
		if len(page) > 0 {
			q.Before = page[len(page)-1].Seq
		}
		return page, err
	}
}
