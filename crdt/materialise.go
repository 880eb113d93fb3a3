package crdt

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Materialise is the whole document that chunks make, as a Map, and its heads,
// ascending. The chunks were valid when they were stored and stand in causal
// order. It takes up to some hundred bytes of memory for each operation beside
// the chunks, so maxOps bounds these, and maxBytes the chunks once inflated: what
// goes beyond is ErrLimit.
func Materialise(chunks [][]byte, maxOps, maxBytes int) (Value, []Hash, error) {
	f := newFields([]watched{{}}) // the path without keys: all of the document
	l := DefaultLimits
	var heads []Hash
	for i, chunk := range chunks {
		l.MaxOps, l.MaxChunk, l.MaxInflated = maxOps, maxBytes, maxBytes
		body, hash, err := openChunk(chunk, &l)
		var c *Change
		if err == nil {
			c, err = decodeBody(chunk, body, hash, l, nil)
		}
		if err != nil {
			return Value{}, nil, fmt.Errorf("change %d: %w", i, err)
		}
		maxOps -= c.NumOps
		maxBytes -= len(body)
		heads = replaceHeads(heads, c)
		f.Apply(i, c)
	}
	return Value{Kind: Map, Map: f.entries(f.root, View{low: len(chunks)})}, heads, nil
}

// EncodeJSON is the text of [Value.JSON].
func EncodeJSON(v Value) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.JSON()); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
