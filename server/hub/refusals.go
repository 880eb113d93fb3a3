package hub

import (
	"bytes"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// refusals are changes of one connection that were refused, for the people who
// must enter again what they say. They go with the connection: who comes back
// offers them again.
type refusals struct {
	bytes int
	by    map[crdt.RecordID][][]byte
}

// maxRefusals bounds the bytes that one connection's refusals keep; what is
// refused beyond is reported but not kept.
const maxRefusals = 64 << 10

// keep keeps a change that was refused. The caller holds mu.
func (d *Device) keep(id crdt.RecordID, refusal conflicts.Refusal) {
	if refusal.Raw == nil {
		return
	}
	if d.refusals == nil {
		d.refusals = &refusals{by: make(map[crdt.RecordID][][]byte)}
	}
	kept := d.refusals
	known := slices.ContainsFunc(kept.by[id], func(raw []byte) bool { return bytes.Equal(raw, refusal.Raw) })
	if known || kept.bytes+len(refusal.Raw) > maxRefusals {
		return
	}
	kept.bytes += len(refusal.Raw)
	kept.by[id] = append(kept.by[id], refusal.Raw)
}

// kept are the changes to a record that were refused.
func (d *Device) kept(id crdt.RecordID) [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refusals == nil {
		return nil
	}
	return slices.Clone(d.refusals.by[id])
}
