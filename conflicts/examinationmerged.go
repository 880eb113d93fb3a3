package conflicts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// merged holds the stored merged entries against those that the ledger has open.
func (x *Examination) merged(l *ledger, rows []Merged) {
	open := make(map[string]*Merged)
	for _, m := range l.Merged {
		open[m.ID] = m
	}
	for _, row := range rows {
		if row.Status != MergedOpen {
			continue
		}
		switch m := open[row.ID]; {
		case m == nil:
			x.find(adviceBug, "merged entry %s of %s is open, the ledger does not know it", row.ID, row.Field)
		case !bytes.Equal(m.stored(), row.stored()):
			x.find(adviceTamper, "merged entry %s of %s is stored otherwise than the ledger has it", row.ID, row.Field)
		}
		delete(open, row.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		x.find(adviceBug, "merged entry %s of %s is open in the ledger alone", id, open[id].Field)
	}
}

// stored is the entry as it is stored.
func (m *Merged) stored() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("conflicts: merged entry %s of %s: %v", m.ID, m.Record, err)) // it holds nothing that JSON cannot
	}
	return b
}

// mergedChanges looks for the changes that the open entries name: a value is
// used as its change wrote it.
func (x *Examination) mergedChanges(r *Record) {
	for _, path := range slices.Sorted(maps.Keys(r.ledger.Merged)) {
		m := r.ledger.Merged[path]
		for _, v := range m.Values {
			if _, there := r.graph.Index(v.Change); !there {
				x.find(adviceTamper, "merged entry %s of %s has a value of change %s, which the record does not hold", m.ID, path, v.Change)
			}
		}
	}
}
