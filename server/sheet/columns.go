package sheet

import (
	"maps"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A Census finds out which columns records need.
type Census struct {
	policy *conflicts.Policy
	chosen bool                        // other fields than those in types do not count
	types  map[crdt.Path]map[Type]bool // of what records hold
}

// NewCensus begins a census of the records of a supplier who has that policy.
// Without fields all are counted; of those that are named each gets a column,
// also if no record holds it.
func NewCensus(policy *conflicts.Policy, fields []crdt.Path) *Census {
	c := &Census{policy: policy, chosen: fields != nil, types: make(map[crdt.Path]map[Type]bool)}
	if !c.chosen {
		for _, f := range policy.Fields {
			fields = append(fields, f.Path)
		}
	}
	for _, path := range fields {
		c.types[path] = make(map[Type]bool)
	}
	return c
}

// Count takes in a record. It is false once there are more fields than a table
// may have columns.
func (c *Census) Count(record map[string]any) bool {
	for path, v := range Split(record, c.policy) {
		seen, known := c.types[path]
		if v == nil || !known && c.chosen {
			continue
		}
		if !known {
			seen = make(map[Type]bool)
			c.types[path] = seen
		}
		seen[TypeOf(v)] = true
	}
	return 1+len(c.types) <= MaxColumns
}

// Columns are those of all records that were counted: client_id, the critical
// fields as the policy has them, and the others in order of their names.
func (c *Census) Columns() []Column {
	columns := []Column{{ID: true, Type: Text}}
	critical := make(map[crdt.Path]bool)
	for _, f := range c.policy.Fields {
		if critical[f.Path] = true; c.types[f.Path] != nil {
			columns = append(columns, c.column(f.Path))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.types)) {
		if !critical[path] {
			columns = append(columns, c.column(path))
		}
	}
	return columns
}

func (c *Census) column(path crdt.Path) Column {
	column := Column{Field: path, Type: Text, Kind: kindOf(c.policy, path)}
	if column.Kind == "" {
		switch seen := slices.Collect(maps.Keys(c.types[path])); len(seen) {
		case 0:
		case 1:
			column.Type = seen[0]
		default:
			column.Type = JSON
		}
	}
	column.Typed = column.Type != Text
	return column
}

// Split takes a record apart into what columns hold: its critical fields by their
// paths, and what is left of it by root keys. A map of which nothing is left has
// no column. Record stays as it is.
func Split(record map[string]any, policy *conflicts.Policy) map[crdt.Path]any {
	fields := make(map[crdt.Path]any, len(record)+len(policy.Fields))
	rest := maps.Clone(record)
	for _, f := range policy.Fields {
		fields[f.Path] = takeOut(rest, f.Path.Keys())
	}
	for key, v := range rest {
		if _, critical := fields[crdt.Path(key)]; !critical {
			fields[crdt.Path(key)] = v
		}
	}
	return fields
}

// takeOut takes the value at a path out of a map, and maps that become empty by
// that with it. Maps on the way are copied first.
func takeOut(from map[string]any, keys []string) any {
	v, ok := from[keys[0]]
	if !ok {
		return nil
	}
	if len(keys) == 1 {
		delete(from, keys[0])
		return v
	}
	below, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	below = maps.Clone(below)
	taken := takeOut(below, keys[1:])
	if from[keys[0]] = below; taken != nil && len(below) == 0 {
		delete(from, keys[0])
	}
	return taken
}
