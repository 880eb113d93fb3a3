package hub

import (
	"context"
	"time"
)

// comeBackLeast is the part of Limits.ComeBack that passes in any case: long enough
// for a device to have dealt with what it was sent last. An automerge-repo 2.5 that
// answers on a socket that closes loses the document until it is started again.
const comeBackLeast = 10

// comeBack has the device come back later: it is closed with TryAgain after a
// random while, Limits.ComeBack at most. automerge-repo's clients connect again a
// fixed time after they were closed, so that all devices of a failing store, or
// of a node that is cut off from it, would otherwise come at once.
//
// Until then the device is told nothing, and what it says is dropped: it has no
// answer to that, and offers it again.
func (d *Device) comeBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away || d.code != 0 {
		return
	}
	d.away = true
	if d.read != nil {
		close(d.read)
		d.read = nil
	}
	d.hub.metrics.sentAway.Inc()
	most := d.hub.limits.ComeBack
	least := most / comeBackLeast
	time.AfterFunc(least+d.hub.chance(most-least), func() { d.Close(TryAgain) })
}

// closed reports whether the device has ended, or is about to come back.
func (d *Device) closed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.away || d.code != 0
}

// Hesitate waits as long as the end of a device that is to come back does, or
// until ctx or the hub ends. Connections that never became a device and are told
// to come back hesitate before.
func (h *Hub) Hesitate(ctx context.Context) {
	wait := time.NewTimer(h.chance(h.limits.ComeBack))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	case <-h.ctx.Done():
	}
}
