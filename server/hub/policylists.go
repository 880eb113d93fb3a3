package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// outsideLists refuses a field that is new to the policy and whose path leads
// through what is a list in a record, as last projected: no key leads on there,
// and to write the field would take the list away. Policies without new nested
// paths read nothing.
func (h *Hub) outsideLists(ctx context.Context, supplier string, former, policy *conflicts.Policy) error {
	var nested []crdt.Path
	for _, f := range policy.Fields {
		known := slices.ContainsFunc(former.Fields, func(o conflicts.FieldPolicy) bool { return o.Path == f.Path })
		if !known && len(f.Path.Keys()) > 1 {
			nested = append(nested, f.Path)
		}
	}
	for after := (crdt.RecordID{}); len(nested) > 0; {
		page, err := h.store.List(ctx, supplier, after, convertPage)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Record
		for _, s := range page {
			var fields map[string]any
			if json.Unmarshal(s.Projection, &fields) != nil {
				continue // never projected
			}
			for _, path := range nested {
				if at := listOn(fields, path.Keys()); at != "" {
					return &conflicts.FieldError{Field: path, Reason: fmt.Sprintf(
						"leads into a list, where no field keeps its place: client %s has one at %q", s.Record.ClientID(), at)}
				}
			}
		}
	}
	return nil
}

// listOn is the place above the end of keys where fields hold a list, empty if
// there is none.
func listOn(fields map[string]any, keys []string) string {
	for i, key := range keys[:len(keys)-1] {
		switch v := fields[key].(type) {
		case []any:
			return strings.Join(keys[:i+1], ".")
		case map[string]any:
			fields = v
		default:
			return ""
		}
	}
	return ""
}
