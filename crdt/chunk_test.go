package crdt

import (
	"bytes"
	"compress/flate"
	"errors"
	"slices"
	"testing"
)

// deflated is the chunk of type 2 for a plain one.
func deflated(t testing.TB, plain []byte) []byte {
	t.Helper()
	body, err := chunkBody(plain[bodyFrom:])
	if err != nil {
		t.Fatal(err)
	}
	return wrapDeflated(plain[4:hashedFrom], deflate(t, body))
}

func wrapDeflated(sum, data []byte) []byte {
	return slices.Concat([]byte(magic), sum, append([]byte{deflatedChunk}, appendHashed(nil, data)[1:]...))
}

func deflate(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDeflatedChunkIsThePlainChange(t *testing.T) {
	plain := Encode(typing(300))
	want, err := Decode(plain, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	raw := deflated(t, plain)
	got, err := Decode(raw, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash != want.Hash || !bytes.Equal(got.Raw, raw) || !bytes.Equal(Encode(got), plain) {
		t.Errorf("hash %s, want %s", got.Hash, want.Hash)
	}
}

// bomb inflates to n megabytes of zeros.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return wrapDeflated([]byte("0000"), bytes.Repeat(out.Bytes(), n))
}

func TestDeflateBombsStayWithinTheLimit(t *testing.T) {
	for _, megabytes := range []int{5, 64, 1024} {
		raw := bomb(t, megabytes)
		var err error
		n := allocated(func() { _, err = Decode(raw, DefaultLimits) })
		if !errors.Is(err, ErrLimit) || n > 8*uint64(DefaultLimits.MaxInflated) {
			t.Errorf("%d bytes that inflate to %d MiB: %d bytes allocated, %v", len(raw), megabytes, n, err)
		}
	}
}

func TestDamagedDeflatedChunksAreRefused(t *testing.T) {
	plain := Encode(typing(300))
	whole := deflated(t, plain)
	body, err := chunkBody(whole[bodyFrom:])
	if err != nil {
		t.Fatal(err)
	}
	sum := plain[4:hashedFrom]
	for _, a := range []struct {
		name string
		raw  []byte
	}{
		{"cut off", wrapDeflated(sum, body[:len(body)-1])},
		{"bytes after the stream", wrapDeflated(sum, append(slices.Clone(body), 0))},
		{"nothing", wrapDeflated(sum, nil)},
		{"no stream", wrapDeflated(sum, []byte("hello"))},
		{"other checksum", wrapDeflated([]byte("0000"), body)},
		{"checksum of the deflated bytes", wrapDeflated(hashOf(body), body)},
	} {
		if _, err := Decode(a.raw, DefaultLimits); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", a.name, err)
		}
	}
}

func hashOf(body []byte) []byte {
	h := hashBody(body)
	return h[:4]
}

func TestChunkBeyondTheLimitIsNotEvenHashed(t *testing.T) {
	l := DefaultLimits
	raw := Encode(typing(300))
	l.MaxChunk = len(raw) - 1
	if _, err := Decode(raw, l); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	l.MaxChunk = len(raw)
	if _, err := Decode(raw, l); err != nil {
		t.Error(err)
	}
}
