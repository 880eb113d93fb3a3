package engine

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"wedsync/crdt"
)

func TestBadHistoriesAreRefusedBeforeTheEngineSeesThem(t *testing.T) {
	e := start(t, Options{})
	chunks := chain(t, 0xaa, 3)
	corrupt := slices.Clone(chunks[1])
	corrupt[len(corrupt)-1] ^= 1
	saved, err := e.Save(context.Background(), record, chunks)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		chunks [][]byte
		want   error
	}{
		"no bytes":           {[][]byte{{}}, crdt.ErrMalformed},
		"wrong magic":        {[][]byte{[]byte("not a chunk at all")}, crdt.ErrMalformed},
		"wrong checksum":     {[][]byte{chunks[0], corrupt}, crdt.ErrMalformed},
		"bytes follow":       {[][]byte{append(slices.Clone(chunks[0]), 0)}, crdt.ErrMalformed},
		"a document":         {[][]byte{saved}, crdt.ErrUnsupported},
		"missing dependency": {[][]byte{chunks[0], chunks[2]}, crdt.ErrInvalid},
		"wrong order":        {[][]byte{chunks[1], chunks[0]}, crdt.ErrInvalid},
		"twice":              {[][]byte{chunks[0], chunks[0]}, crdt.ErrInvalid},
		"inflates too far":   {[][]byte{deflate(t, make([]byte, crdt.DefaultLimits.MaxInflated+1))}, crdt.ErrLimit},
	} {
		if _, err := e.Materialise(context.Background(), record, c.chunks); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestDeflatedChangesLoad(t *testing.T) {
	chunks := chain(t, 0xaa, 2)
	body := chunks[1][len(chunks[1])-len(bodyOf(t, chunks[1])):]
	plainResult := materialise(t, start(t, Options{}), record, chunks)
	r := materialise(t, start(t, Options{}), record, [][]byte{chunks[0], deflate(t, body)})
	if !slices.Equal(r.Heads, plainResult.Heads) || !bytes.Equal(r.JSON, plainResult.JSON) {
		t.Errorf("deflated gives %s at %v, plain %s at %v", r.JSON, r.Heads, plainResult.JSON, plainResult.Heads)
	}
}

func TestEquivocationIsRefused(t *testing.T) {
	e := start(t, Options{})
	one := draft{actor: 0xaa, seq: 1, startOp: 1, key: "a", value: 1}.chunk()
	other := draft{actor: 0xaa, seq: 1, startOp: 1, key: "a", value: 2}.chunk()
	if _, err := e.Materialise(context.Background(), record, [][]byte{one, other}); !errors.Is(err, ErrQuarantined) {
		t.Errorf("two changes under one actor and sequence: %v, want %v", err, ErrQuarantined)
	}
	materialise(t, e, record, [][]byte{one})
}

// bodyOf is the body of a plain chunk.
func bodyOf(t testing.TB, chunk []byte) []byte {
	t.Helper()
	_, n := binary.Uvarint(chunk[chunkHeader+1:])
	return chunk[chunkHeader+1+n:]
}

// deflate makes a deflated chunk of the body of a change.
func deflate(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	hash := hashBody(body)
	raw := append(append([]byte(nil), magic...), hash[:4]...)
	raw = binary.AppendUvarint(append(raw, deflated), uint64(b.Len()))
	return append(raw, b.Bytes()...)
}

func FuzzHistoryHeaders(f *testing.F) {
	f.Add(draft{actor: 1, seq: 1, startOp: 1, key: "a"}.chunk())
	f.Add(killer(2, crdt.Hash{1}))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		c, err := readChange(chunk)
		if err != nil {
			if !errors.Is(err, crdt.ErrMalformed) && !errors.Is(err, crdt.ErrUnsupported) && !errors.Is(err, crdt.ErrLimit) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if len(c.deps)*len(crdt.Hash{}) > crdt.DefaultLimits.MaxInflated {
			t.Fatalf("%d dependencies", len(c.deps))
		}
	})
}

func FuzzWorkerReport(f *testing.F) {
	f.Add(report{rss: 1, data: 2, heads: []crdt.Hash{{3}}, payload: []byte("{}")}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readReport(b)
		if err != nil {
			return
		}
		if again := r.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x reads as %+v, which is written %x", b, r, again)
		}
	})
}
