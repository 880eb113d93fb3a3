package sending

import (
	"context"
	"errors"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// expect has the hub expect the values of a delivery to come back, before they go.
func (s *Sender) expect(ctx context.Context, set *Settings, d *store.Delivery) error {
	return s.exchanged(ctx, set, d, s.hub.Sent)
}

// acknowledge says that the values of a delivery have arrived.
func (s *Sender) acknowledge(ctx context.Context, set *Settings, d *store.Delivery) error {
	return s.exchanged(ctx, set, d, s.hub.Acknowledged)
}

// exchanged notes values that pass to the CRM of a connection. Of a record that
// is gone, or a field that is not critical any more, nothing can come back.
func (s *Sender) exchanged(ctx context.Context, set *Settings, d *store.Delivery, note func(context.Context, crdt.RecordID, conflicts.Sending) error) error {
	if set.Connection == "" || d.Record == (crdt.RecordID{}) {
		return nil
	}
	revisions, err := sent(d.Body)
	for err == nil && len(revisions) > 0 {
		err = note(ctx, d.Record, conflicts.Sending{To: connection.Principal(d.Supplier, set.Connection), Revisions: revisions})
		var field *conflicts.FieldError
		if !errors.As(err, &field) {
			break
		}
		delete(revisions, field.Field)
		err = nil
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
