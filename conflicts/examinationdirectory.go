package conflicts

import (
	"fmt"
	"slices"

	"wedsync/crdt"
)

// ExamineDirectory finds what is wrong with a supplier's directory as it is
// stored. What it lists is not looked at: the hub puts that right when a device
// next opens it.
func ExamineDirectory(env *Env, supplier string, id crdt.RecordID, batches []StoredBatch, heads []crdt.Hash) []Finding {
	var findings []Finding
	find := func(advice, format string, args ...any) {
		findings = append(findings, Finding{What: fmt.Sprintf(format, args...), Advice: advice})
	}
	if env.DirectoryID(supplier) != id {
		find(adviceTamper, "it is stored as the directory of %s, whose directory has another id", supplier)
	}
	d := NewDirectory(id, env)
	if err := d.restore(batches); err != nil {
		find(adviceBackup, "its changes cannot be read: %v", err)
		return findings
	}
	for i := range d.graph.Len() {
		c, err := crdt.Decode(d.graph.At(i).Raw, env.storedLimits())
		if err != nil {
			find(adviceBackup, "its changes cannot be read: %v", err)
			return findings
		}
		if !d.genuine(c) {
			find(adviceTamper, "change %s was not written by the hub", c.Hash)
		}
	}
	if !slices.Equal(d.graph.Heads(), heads) {
		find(adviceBackup, "its changes lead to other heads than those that are stored")
	}
	return findings
}
