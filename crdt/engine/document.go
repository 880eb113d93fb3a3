package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
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
	root, err := plainValue(doc.Root())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// timestamp is RFC 3339 with milliseconds.
const timestamp = "2006-01-02T15:04:05.000Z07:00"

// plainValue is v as encoding/json writes it best. Numbers that JSON does not
// have, and scalars of types to come, are null.
func plainValue(v *automerge.Value) (any, error) {
	switch v.Kind() {
	case automerge.KindMap:
		return plainMap(v.Map())
	case automerge.KindList:
		return plainList(v.List())
	case automerge.KindText:
		return v.Text().Get()
	case automerge.KindCounter:
		return v.Counter().Get()
	case automerge.KindTime:
		return v.Time().UTC().Format(timestamp), nil
	case automerge.KindFloat64:
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, nil
		}
	}
	return v.Interface(), nil
}

func plainMap(m *automerge.Map) (any, error) {
	values, err := m.Values()
	if err != nil {
		return nil, fmt.Errorf("read map: %w", err)
	}
	out := make(map[string]any, len(values))
	for key, v := range values {
		if out[key], err = plainValue(v); err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
	}
	return out, nil
}

func plainList(l *automerge.List) (any, error) {
	values, err := l.Values()
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	out := make([]any, len(values))
	for i, v := range values {
		if out[i], err = plainValue(v); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return out, nil
}
