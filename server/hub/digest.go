package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf16"

	"wedsync/crdt"
)

// Digest names the accepted state of a record, by the document that its changes
// make: two copies with equal digests show the same, whatever history led there.
// It is the SHA-256, in lower-case hexadecimal, of the document's root map
// without the key sync_conflicts, written in UTF-8 as canonical JSON (RFC 8785):
//
//   - Texts, strings and immutable strings are strings. Marks do not count.
//   - Numbers of every kind and counters are IEEE doubles, written as ECMAScript
//     does: an integer beyond 2^53 is rounded to the nearest, ties to even; −0 is
//     0; NaN and the infinities are null.
//   - A date is a string as ECMAScript's toISOString makes it, in UTC with
//     milliseconds; one that ECMAScript cannot hold is null.
//   - Bytes are a string, their base64 with padding.
//   - Where values are in conflict, the one that shows counts.
//   - Members of maps stand in the order of their keys' UTF-16 code units, elements
//     of lists in their order, and there is no white space.
//   - Strings escape quotation marks, backslashes and what is below U+0020 alone: as
//     \b \t \n \f \r if they can be, else as \u00xx in lower case.
//
// It is computed from a projection, the JSON text of that document. testdata/digest
// has the same in JavaScript, and vectors.
func Digest(projection []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(projection))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return "", fmt.Errorf("read projection: %w", err)
	}
	delete(fields, "sync_conflicts")
	text, err := appendCanonical(nil, fields)
	if err != nil {
		return "", fmt.Errorf("read projection: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// appendCanonical appends decoded JSON as RFC 8785 writes it.
func appendCanonical(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v), nil
	case json.Number:
		return appendDouble(b, v)
	case string:
		return appendString(b, v), nil
	case []any:
		b = append(b, '[')
		for i, e := range v {
			var err error
			if b, err = appendCanonical(separated(b, i), e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, key := range slices.SortedFunc(maps.Keys(v), byCodeUnits) {
			b = append(appendString(separated(b, i), key), ':')
			var err error
			if b, err = appendCanonical(b, v[key]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	return append(b, "null"...), nil
}

// separated is b with a comma before all but the first.
func separated(b []byte, i int) []byte {
	if i == 0 {
		return b
	}
	return append(b, ',')
}

func byCodeUnits(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// appendDouble appends a number as ECMAScript writes the double next to it, which
// is how encoding/json writes doubles, but for −0.
func appendDouble(b []byte, n json.Number) ([]byte, error) {
	f, err := n.Float64()
	if err != nil {
		return nil, err
	}
	if f == 0 {
		f = math.Abs(f)
	}
	text, err := json.Marshal(f)
	return append(b, text...), err
}

// shortEscapes are the characters that have an escape of their own.
var shortEscapes = map[byte]byte{'"': '"', '\\': '\\', '\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r'}

// appendString appends s as ECMAScript's JSON.stringify writes it.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		if short, ok := shortEscapes[c]; ok {
			b = append(b, '\\', short)
		} else if c < ' ' {
			b = fmt.Appendf(b, `\u%04x`, c)
		} else {
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// digests remembers the digests of records by the heads that they are of.
type digests struct {
	mu sync.Mutex
	by map[crdt.RecordID]headsDigest
}

type headsDigest struct {
	heads  []crdt.Hash
	digest string
}

// maxDigests bounds the records whose digests are remembered; beyond, all are
// forgotten and made again as they are asked for.
const maxDigests = 10_000

// of is the digest of a record's projection as of heads.
func (d *digests) of(id crdt.RecordID, heads []crdt.Hash, projection []byte) (string, error) {
	d.mu.Lock()
	known, ok := d.by[id]
	d.mu.Unlock()
	if ok && slices.Equal(known.heads, heads) {
		return known.digest, nil
	}
	made, err := Digest(projection)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil || len(d.by) >= maxDigests {
		d.by = make(map[crdt.RecordID]headsDigest)
	}
	d.by[id] = headsDigest{heads, made}
	return made, nil
}

// forget has a record's digest made anew.
func (d *digests) forget(id crdt.RecordID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.by, id)
}
