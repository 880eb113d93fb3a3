package crdt

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
)

// repaired is raw with the checksum that its bytes ask for, so that mutations
// reach what lies behind the checksum.
func repaired(raw []byte) []byte {
	if len(raw) <= hashedFrom || raw[hashedFrom] != changeChunk {
		return raw
	}
	raw = slices.Clone(raw)
	sum := sha256.Sum256(raw[hashedFrom:])
	copy(raw[len(magic):hashedFrom], sum[:])
	return raw
}

// resized is a plain chunk around the body of raw, so that mutations may change
// its length.
func resized(raw []byte) []byte {
	if len(raw) <= bodyFrom || raw[hashedFrom] != changeChunk {
		return raw
	}
	if _, err := chunkBody(raw[bodyFrom:]); err == nil {
		return repaired(raw)
	}
	size := 1
	for size < 9 && bodyFrom+size < len(raw) && raw[bodyFrom+size-1] >= 0x80 {
		size++
	}
	return sealChunk(raw[min(bodyFrom+size, len(raw)):])
}

func FuzzDecode(f *testing.F) {
	for _, v := range readVectors(f, "changes.json") {
		if len(v.Raw) < 2000 {
			f.Add(v.Raw)
		}
	}
	f.Add(Encode(fine()))
	f.Add(honest().chunk())
	f.Add(deflated(f, Encode(fine())))
	l := DefaultLimits
	l.MaxOps, l.MaxInflated = 5000, 1<<20
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, b := range [][]byte{raw, resized(raw)} {
			if c, err := Decode(b, l); err == nil {
				checkEncodesAlike(t, c, l)
			}
		}
	})
}

// checkEncodesAlike checks what every accepted change promises: it encodes into
// the bytes it was made of, but for those after the columns.
func checkEncodesAlike(t *testing.T, c *Change, l Limits) {
	t.Helper()
	again := Encode(c)
	body, _, err := openChunk(c.Raw, &l)
	if err != nil {
		t.Fatal(err)
	}
	if own, _ := chunkBody(again[bodyFrom:]); !bytes.HasPrefix(body, own) {
		t.Fatalf("encodes as\n%x, was\n%x", own, body)
	}
	other, err := Decode(again, l)
	if err != nil {
		t.Fatalf("refused after Encode: %v", err)
	}
	if len(other.Ops) != c.NumOps || !slices.EqualFunc(other.Ops, c.Ops, equalOps) {
		t.Fatalf("operations became\n%+v, were\n%+v", other.Ops, c.Ops)
	}
}

func equalOps(a, b Op) bool {
	return a.ID == b.ID && a.Obj == b.Obj && a.Key == b.Key && a.Elem == b.Elem && a.Seq == b.Seq && a.Insert == b.Insert &&
		a.Action == b.Action && a.Value.Equal(b.Value) && slices.Equal(a.Pred, b.Pred) &&
		a.Begin == b.Begin && a.Expand == b.Expand && a.Name == b.Name
}

func TestMutatedVectorsNeverBreakTheDecoder(t *testing.T) {
	accepted := 0
	for _, v := range readVectors(t, "changes.json") {
		if len(v.Raw) > 1500 {
			continue
		}
		for at := hashedFrom; at < len(v.Raw); at++ {
			for _, to := range []byte{0, 1, 0x7f, 0x80, 0xff, v.Raw[at] + 1, v.Raw[at] ^ 0x10} {
				raw := slices.Clone(v.Raw)
				raw[at] = to
				if c, err := Decode(resized(raw), DefaultLimits); err == nil {
					accepted++
					checkEncodesAlike(t, c, DefaultLimits)
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("no mutation was accepted: the check above never ran")
	}
}
