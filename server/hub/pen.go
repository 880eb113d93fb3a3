package hub

import (
	"math/rand/v2"
	"sync"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A pen knows under which epoch this process writes directories. Nobody else has
// that epoch, and it is given up for another once the store has lost something
// that was written under it.
type pen struct {
	mu    sync.Mutex
	under uint64
	count map[crdt.RecordID]uint64 // changes that it wrote, or may have, by directory
}

// maxPenned bounds the directories of which a pen knows what it wrote. Beyond,
// it writes all of them under another epoch.
const maxPenned = 1 << 16

func newPen() *pen {
	p := new(pen)
	p.renew()
	return p
}

func (p *pen) renew() {
	p.under, p.count = 1+rand.Uint64N(1<<63), make(map[crdt.RecordID]uint64)
}

// epoch is the one for the next change of a directory.
func (p *pen) epoch(d *conflicts.Directory) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.Written(p.under) < p.count[d.ID()] || len(p.count) >= maxPenned {
		p.renew()
	}
	return p.under
}

// wrote notes how many changes of an epoch a directory may have.
func (p *pen) wrote(id crdt.RecordID, epoch, count uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if epoch == p.under && count > 0 {
		p.count[id] = count
	}
}
