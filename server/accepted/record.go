package accepted

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// ConflictsKey is the root map that the hub keeps in every document for clients
// that are offline. It is no field.
const ConflictsKey = "sync_conflicts"

// A Record is what counts of a record.
type Record struct {
	Fields map[string]any // decoded JSON, numbers as they are written
	Ledger *conflicts.LedgerView
	Stale  bool // whether the fields may lack what the record's heads hold
}

// Read makes what counts of a stored record.
func Read(s store.Summary) (*Record, error) {
	ledger, err := conflicts.ReadLedger(s.Ledger)
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", s.Record, err)
	}
	fields, err := projected(s.Projection)
	if err != nil {
		return nil, fmt.Errorf("projection of %s: %w", s.Record, err)
	}
	for path, accepted := range ledger.Accepted {
		overlay(fields, path.Keys(), accepted.Value)
	}
	return &Record{
		Fields: fields, Ledger: ledger,
		Stale: s.Projection == nil || !slices.Equal(s.ProjectedHeads, s.Heads.Heads),
	}, nil
}

// projected are the fields of a projection, numbers as they are written.
func projected(projection []byte) (map[string]any, error) {
	fields := make(map[string]any)
	if projection == nil {
		return fields, nil
	}
	dec := json.NewDecoder(bytes.NewReader(projection))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return nil, err
	}
	delete(fields, ConflictsKey)
	return fields, nil
}

// overlay puts v at a path of fields, making maps on the way; a cleared value
// takes out what is there.
func overlay(fields map[string]any, keys []string, v crdt.Value) {
	cleared := v.Kind == crdt.Missing
	for _, key := range keys[:len(keys)-1] {
		below, ok := fields[key].(map[string]any)
		if !ok {
			if cleared {
				return
			}
			below = make(map[string]any)
			fields[key] = below
		}
		fields = below
	}
	last := keys[len(keys)-1]
	if cleared {
		delete(fields, last)
		return
	}
	fields[last] = v.JSON()
}
