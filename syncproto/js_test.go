package syncproto

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"wedsync/crdt"
)

const setUp = "run `npx -y rust-just@1.57.0 test`, which installs what the tests need"

// node is a process that holds Automerge documents: testdata/wire/sync-peer.mjs.
type node struct {
	in  io.Writer
	out *bufio.Reader
}

func startNode(t testing.TB) *node {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "node_modules/@automerge/automerge/package.json")); err != nil {
		t.Fatalf("the npm packages are not installed; %s: %v", setUp, err)
	}
	cmd := exec.Command("node", filepath.Join(root, "testdata/wire/sync-peer.mjs"))
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node; %s: %v", setUp, err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v\n%s", err, stderr.Bytes())
		}
	})
	return &node{in: in, out: bufio.NewReader(out)}
}

type command map[string]any

type answer struct {
	Error   string
	Message *string
	Heads   []string
	Changes []string
	Value   json.RawMessage
	Bytes   string
	Frame   map[string]any
}

func (n *node) ask(t testing.TB, cmd string, c command) answer {
	t.Helper()
	c["cmd"] = cmd
	line, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	var a answer
	reply, err := n.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(reply, &a)
	}
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	if a.Error != "" {
		t.Fatalf("%s: JavaScript: %s", cmd, a.Error)
	}
	return a
}

func (n *node) heads(t testing.TB, doc string) []crdt.Hash {
	t.Helper()
	var heads []crdt.Hash
	for _, text := range n.ask(t, "heads", command{"doc": doc}).Heads {
		heads = append(heads, hash(t, text))
	}
	return ascending(heads)
}

func hash(t testing.TB, text string) crdt.Hash {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(crdt.Hash{}) {
		t.Fatalf("%q is no hash", text)
	}
	return crdt.Hash(b)
}

func fromBase64(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
