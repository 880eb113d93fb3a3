package hub

import "time"

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
	time.AfterFunc(d.hub.chance(d.hub.limits.ComeBack), func() { d.Close(TryAgain) })
}

// closed reports whether the device has ended, or is about to come back.
func (d *Device) closed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.away || d.code != 0
}
