package hub_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// A vector is a document with its digest, as JavaScript has both.
type vector struct {
	Name      string   `json:"name"`
	Chunks    [][]byte `json:"chunks"`
	Canonical string   `json:"canonical"`
	Digest    string   `json:"digest"`
}

// script is what a script of testdata/digest prints.
func script(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("node", args...)
	cmd.Dir = "../../testdata/digest"
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v (Node and the packages of package.json are needed: npx -y rust-just@1.57.0 _setup)\n%s", err, stderr.Bytes())
	}
	return out
}

func TestDigestsAreThoseOfTheVectors(t *testing.T) {
	kept, err := os.ReadFile("../../testdata/digest/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(kept, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors {
		value, _, err := crdt.Materialise(v.Chunks, 1<<14, 1<<20)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		projection, err := crdt.EncodeJSON(value)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if got, err := hub.Digest(projection); err != nil || got != v.Digest {
			t.Errorf("%s: digest %s, %v, want %s, of\n%s\nfrom %s", v.Name, got, err, v.Digest, v.Canonical, projection)
		}
	}
	if made := script(t, "vectors.mjs"); !bytes.Equal(made, kept) {
		t.Errorf("vectors.mjs prints other vectors than those that are kept:\n%s", made)
	}
}

func TestDigestOfWhatIsNoProjectionIsRefused(t *testing.T) {
	for _, bad := range []string{"", "[]", `{"a"`, `{"a":1e999}`, "7"} {
		if got, err := hub.Digest([]byte(bad)); err == nil {
			t.Errorf("%q has digest %s", bad, got)
		}
	}
}

// A thousand random documents of real clients go to the hub as devices send
// them, half of Automerge 3, half of Automerge 2. What sync status says of each
// must be what the function for apps says of the client's document.
func TestDigestsOfAThousandRandomRecordsAreThoseOfTheirClients(t *testing.T) {
	seed := rand.Uint32()
	t.Logf("seed %d", seed)
	h := startHub(t, openStore(t))
	device := newReplica(t, "anna", newID(1))
	device.connect(h, principal("anna", conflicts.Member))
	want := make(map[crdt.RecordID]vector)
	copies := make(map[crdt.RecordID]*replica)
	for _, version := range []string{"3", "2"} {
		out := bufio.NewScanner(bytes.NewReader(script(t, "random.mjs", fmt.Sprint(seed), "500", version)))
		out.Buffer(nil, 16<<20)
		for out.Scan() {
			var v vector
			if err := json.Unmarshal(out.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			v.Name = fmt.Sprintf("seed %d, document %d of Automerge %s", seed, len(want), version)
			id := newID(byte(len(want)))
			id[14] = byte(len(want) >> 8)
			want[id] = v
			copies[id] = copyOf(t, v, id)
			copies[id].device = device.device
		}
	}
	for _, r := range copies {
		r.send()
	}
	for len(copies) > 0 {
		for _, o := range device.next() {
			if r := copies[o.Record]; r != nil {
				if r.take(o); r.acked() {
					delete(copies, o.Record)
				}
			}
		}
	}
	compared, began := 0, time.Now()
	for after := (crdt.RecordID{}); ; {
		page, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{After: after, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		if page.Totals.Stale > 0 && time.Since(began) < time.Minute {
			continue // a busy machine takes longer than a page may
		}
		for _, item := range page.Items {
			v := want[item.Record]
			if item.Digest != v.Digest || item.Stale {
				s, err := h.Fresh(t.Context(), "studio", item.Record)
				t.Fatalf("%s: digest %q, stale %v, want %s, of\n%s\nthe hub shows\n%s %v",
					v.Name, item.Digest, item.Stale, v.Digest, v.Canonical, s.Projection, err)
			}
			compared++
		}
		if after = page.Next; after == (crdt.RecordID{}) {
			break
		}
	}
	if compared != 1000 {
		t.Errorf("%d digests were compared", compared)
	}
}

// copyOf is a device's copy of a document.
func copyOf(t *testing.T, v vector, id crdt.RecordID) *replica {
	t.Helper()
	r := newReplica(t, "anna", id)
	r.peer = newPeer()
	for _, chunk := range v.Chunks {
		c, err := crdt.Decode(chunk, limits)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if _, err := r.graph.Add(c); err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
	}
	return r
}
