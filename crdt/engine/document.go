package engine

import (
	"fmt"
	"slices"

	"github.com/automerge/automerge-go"

	"wedsync/crdt"
)

// perform runs in a worker. It dies where automerge-go does.
func perform(task byte, chunks []byte) (report, error) {
	doc, err := load(chunks)
	if err != nil {
		return report{}, err
	}
	r := report{heads: headsOf(doc)}
	switch task {
	case taskMaterialise:
		r.payload, err = toJSON(doc)
	case taskSave:
		r.payload = doc.Save()
	default:
		err = fmt.Errorf("task %q is unknown", task)
	}
	return r, err
}

// load reads all chunks at once. Unlike LoadIncremental, Load reports errors,
// and unlike LoadChanges it takes changes one behind the other.
func load(chunks []byte) (*automerge.Doc, error) {
	if len(chunks) == 0 {
		return automerge.New(), nil
	}
	return automerge.Load(chunks)
}

func headsOf(doc *automerge.Doc) []crdt.Hash {
	var heads []crdt.Hash
	for _, h := range doc.Heads() {
		heads = append(heads, crdt.Hash(h))
	}
	slices.SortFunc(heads, crdt.Hash.Compare)
	return heads
}

func toJSON(doc *automerge.Doc) ([]byte, error) {
	root, err := valueOf(doc.Root())
	if err != nil {
		return nil, err
	}
	return crdt.EncodeJSON(root)
}

// valueOf reads v and all below it. A scalar of a type to come is null:
// automerge-go does not give its bytes.
func valueOf(v *automerge.Value) (crdt.Value, error) {
	switch v.Kind() {
	case automerge.KindNull, automerge.KindUnknown:
		return crdt.Value{Kind: crdt.Null}, nil
	case automerge.KindBool:
		if v.Bool() {
			return crdt.Value{Kind: crdt.Bool, Int: 1}, nil
		}
		return crdt.Value{Kind: crdt.Bool}, nil
	case automerge.KindInt64:
		return crdt.Value{Kind: crdt.Int, Int: v.Int64()}, nil
	case automerge.KindUint64:
		return crdt.Value{Kind: crdt.Uint, Uint: v.Uint64()}, nil
	case automerge.KindFloat64:
		return crdt.Value{Kind: crdt.Float, Float: v.Float64()}, nil
	case automerge.KindStr:
		return crdt.Value{Kind: crdt.Str, Str: v.Str()}, nil
	case automerge.KindBytes:
		return crdt.Value{Kind: crdt.Bytes, Bytes: v.Bytes()}, nil
	case automerge.KindTime:
		return crdt.Value{Kind: crdt.Timestamp, Int: v.Time().UnixMilli()}, nil
	case automerge.KindCounter:
		n, err := v.Counter().Get()
		return crdt.Value{Kind: crdt.Counter, Int: n}, err
	case automerge.KindText:
		s, err := v.Text().Get()
		return crdt.Value{Kind: crdt.Text, Str: s}, err
	case automerge.KindMap:
		return mapOf(v.Map())
	case automerge.KindList:
		return listOf(v.List())
	}
	return crdt.Value{}, fmt.Errorf("a value of kind %s", v.Kind())
}

func mapOf(m *automerge.Map) (crdt.Value, error) {
	values, err := m.Values()
	if err != nil {
		return crdt.Value{}, fmt.Errorf("read map: %w", err)
	}
	out := make(map[string]crdt.Value, len(values))
	for key, v := range values {
		if out[key], err = valueOf(v); err != nil {
			return crdt.Value{}, fmt.Errorf("%q: %w", key, err)
		}
	}
	return crdt.Value{Kind: crdt.Map, Map: out}, nil
}

func listOf(l *automerge.List) (crdt.Value, error) {
	values, err := l.Values()
	if err != nil {
		return crdt.Value{}, fmt.Errorf("read list: %w", err)
	}
	out := make([]crdt.Value, len(values))
	for i, v := range values {
		if out[i], err = valueOf(v); err != nil {
			return crdt.Value{}, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return crdt.Value{Kind: crdt.List, List: out}, nil
}
