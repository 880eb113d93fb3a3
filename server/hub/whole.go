package hub

import (
	"context"
	"errors"

	"wedsync/store"
	"wedsync/syncproto"
)

// sendsClosed reports whether a device that holds nothing can be sent all of the
// record as it is stored, without opening it.
func (r *room) sendsClosed(m *member, message *syncproto.Message) bool {
	if r.record != nil || !r.stored.State.Served() ||
		len(message.Heads) > 0 || len(message.Need) > 0 || len(message.Changes) > 0 {
		return false
	}
	m.fresh, m.owed, m.peer = true, false, nil
	return true
}

// whole is the message with all changes of a closed record. Each that must be
// sent with another one is. If there are too many for one message the record is
// opened, and tells the device its heads: it asks for what leads there.
func (r *room) whole(m *member) ([]byte, bool) {
	m.fresh = false
	stored, err := r.hub.store.Load(context.WithoutCancel(r.hub.ctx), r.id)
	if errors.Is(err, store.ErrCorrupt) {
		err = r.unreadable(err)
	}
	if err != nil || stored.Version != r.stored.Version {
		m.device.mark(r)
		return nil, false
	}
	all := syncproto.Message{Heads: stored.Heads.Heads}
	for _, b := range stored.Batches {
		all.Changes = append(all.Changes, b.Chunks...)
	}
	if all.Size() > syncproto.SendTarget || len(all.Changes) > syncproto.MaxChanges {
		m.device.mark(r)
		return nil, false
	}
	if m.device.who.Role.MayPropose() {
		all.Have = []syncproto.Have{{LastSync: all.Heads}}
	}
	return all.Append(make([]byte, 0, all.Size())), true
}
