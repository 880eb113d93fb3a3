package syncproto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"wedsync/crdt"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFirstMessageOfAnEmptyClientKeepsItsFlags(t *testing.T) {
	m := parse(t, unhex(t, "42 00 00 01 00 00 00 020284"))
	if len(m.Have) != 1 || !m.Have[0].Bloom.Empty() || !bytes.Equal(m.Flags, []byte{2, 2, 0x84}) {
		t.Errorf("%+v", m)
	}
}

func TestHostileMessagesAreRefused(t *testing.T) {
	hash := strings.Repeat("11", 32)
	for name, c := range map[string]struct {
		hex  string
		want error
	}{
		"nothing":                        {"", ErrMalformed},
		"version 2":                      {"43 00 00 00 00", ErrPayload},
		"document chunk":                 {"85 6f 4a 83", ErrPayload},
		"truncated heads":                {"42 02 " + hash, ErrMalformed},
		"2^60 hashes":                    {"42 80808080808080801 0", ErrLimit},
		"overlong number":                {"42 8000 00 00 00", ErrMalformed},
		"number beyond 64 bits":          {"42 ffffffffffffffffff02 00", ErrMalformed},
		"bloom with no bits per entry":   {"42 00 00 01 00 03 010007 00", ErrMalformed},
		"bloom with no probes":           {"42 00 00 01 00 05 010a00 0000 00", ErrMalformed},
		"bloom with no entries":          {"42 00 00 01 00 03 000a07 00", ErrMalformed},
		"bloom with 2^32-1 probes":       {"42 00 00 01 00 09 010a ffffffff0f 0000 00", ErrLimit},
		"bloom with 2^20 bits per entry": {"42 00 00 01 00 05 01 808040 07 00", ErrLimit},
		"bloom with 2^32-1 entries":      {"42 00 00 01 00 07 ffffffff0f 0a07 00", ErrLimit},
		"bloom with bits missing":        {"42 00 00 01 00 04 010a07 00 00", ErrMalformed},
		"bloom with bits too many":       {"42 00 00 01 00 06 010a07 000000 00", ErrMalformed},
		"nine haves":                     {"42 00 00 09" + strings.Repeat("0000", 9) + "00", ErrLimit},
		"2^40 changes":                   {"42 00 00 00 808080808020", ErrLimit},
		"more changes than bytes":        {"42 00 00 00 ffff03", ErrMalformed},
		"change cut short":               {"42 00 00 00 01 05 11", ErrMalformed},
		"flags without end":              {"42 00 00 00 00" + strings.Repeat("00", MaxFlags+1), ErrLimit},
	} {
		if m, err := DecodeMessage(unhex(t, c.hex)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, m, err, c.want)
		}
	}
}

func TestFilterIsAutomergesByteForByte(t *testing.T) {
	// From a captured frame: one head, whose filter says 05 01 0a 07 a080. The
	// test against JavaScript compares many more.
	b := NewBloom([]crdt.Hash{{0: 1, 4: 2, 8: 3}})
	got := b.append(nil)
	if want := unhex(t, "05 01 0a 07"); !bytes.HasPrefix(got, want) || len(got) != 6 {
		t.Errorf("%x", got)
	}
}

func TestFilterHoldsWhatWasPutInAndLittleElse(t *testing.T) {
	rng := seeded(t, 3)
	random := func() (h crdt.Hash) {
		for i := range h {
			h[i] = byte(rng.Uint32())
		}
		return h
	}
	hashes := make([]crdt.Hash, 1000)
	for i := range hashes {
		hashes[i] = random()
	}
	b := NewBloom(hashes)
	for _, h := range hashes {
		if !b.Contains(h) {
			t.Fatalf("%s is missing", h)
		}
	}
	false1 := 0
	for range 10_000 {
		if b.Contains(random()) {
			false1++
		}
	}
	if false1 > 200 {
		t.Errorf("%d of 10000 false hits, about 100 expected", false1)
	}
	if (Bloom{}).Contains(hashes[0]) {
		t.Error("the empty filter holds something")
	}
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add(unhex(f, "42 00 00 01 00 00 00 020284"))
	f.Add(unhex(f, "42 01"+strings.Repeat("cf", 32)+"00 01 00 05 010a07a080 00 020284"))
	f.Add((&Message{Changes: [][]byte{{1, 2}, {}}, Need: make([]crdt.Hash, 3)}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		if again := m.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x re-encodes as %x", b, again)
		}
		if n := sizeOf(m); n < len(b) {
			t.Fatalf("size %d said to be at most %d", len(b), n)
		}
	})
}

func FuzzBloom(f *testing.F) {
	f.Add(unhex(f, "05 010a07 a080"), []byte("any hash"))
	f.Add(unhex(f, "03 010007"), []byte{})
	f.Add(unhex(f, "09 010a ffffffff0f 0000"), []byte{})
	f.Fuzz(func(t *testing.T, b, seed []byte) {
		r := reader{rest: b}
		bloom := r.bloom()
		if r.err != nil {
			return
		}
		var h crdt.Hash
		copy(h[:], seed)
		bloom.Contains(h)
		if again := bloom.append(nil); !bytes.Equal(again, b[:len(b)-len(r.rest)]) {
			t.Fatalf("%x re-encodes as %x", b, again)
		}
	})
}
