package crdt

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// generator prints random changes as Automerge itself writes and reads them.
const generator = "../testdata/automerge/random-changes.mjs"

func TestRandomChangesDecodeAsJavaScriptDecodesThem(t *testing.T) {
	checkRandomChanges(t, 4200, "3")
}

func TestRandomChangesOfAutomerge2DecodeAsItDecodesThem(t *testing.T) {
	checkRandomChanges(t, 1000, "2")
}

func checkRandomChanges(t *testing.T, count int, version string) {
	t.Helper()
	seed := rand.Uint32()
	t.Logf("node testdata/automerge/random-changes.mjs %d %d %s", seed, count, version)
	n, actions := 0, map[string]int{}
	scan := bufio.NewScanner(bytes.NewReader(generate(t, seed, count, version)))
	scan.Buffer(nil, 64<<20)
	for ; scan.Scan(); n++ {
		var v vector
		if err := json.Unmarshal(scan.Bytes(), &v); err != nil {
			t.Fatalf("seed %d, line %d: %v", seed, n+1, err)
		}
		v.check(t)
		for _, op := range v.Decoded.Ops {
			actions[op.Action]++
		}
		if t.Failed() {
			t.Fatalf("seed %d, line %d, chunk %x", seed, n+1, v.Raw)
		}
	}
	if n != count {
		t.Errorf("seed %d: %d changes, want %d", seed, n, count)
	}
	for _, a := range []string{"makeMap", "set", "makeList", "makeText", "del", "inc", "markBegin", "markEnd"} {
		if actions[a] == 0 {
			t.Errorf("seed %d: no %s among the operations", seed, a)
		}
	}
	t.Logf("%d changes with %v", n, actions)
}

// generate is what the generator prints.
func generate(t *testing.T, seed uint32, count int, version string) []byte {
	t.Helper()
	const how = "run `npx -y rust-just@1.57.0 test`, which installs what Node needs"
	if _, err := os.Stat("../node_modules/@automerge/automerge/package.json"); err != nil {
		t.Fatalf("Automerge for JavaScript is not installed; %s: %v", how, err)
	}
	script, err := filepath.Abs(generator)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, strconv.FormatUint(uint64(seed), 10), strconv.Itoa(count), version)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	lines, err := cmd.Output()
	if err != nil {
		t.Fatalf("seed %d: node: %v; %s\n%s", seed, err, how, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Logf("node: %s", stderr.Bytes())
	}
	return lines
}
