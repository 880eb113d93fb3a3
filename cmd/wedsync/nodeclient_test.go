package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

const repository = "../.."

// A nodeProcess holds real automerge-repo clients; see testdata/wire.
type nodeProcess struct {
	t      testing.TB
	in     io.WriteCloser
	cmd    *exec.Cmd
	errors *tail

	mu      sync.Mutex
	written int
	waiting map[int]chan answer // by number of the command
	told    []event
	changed chan struct{} // closed and replaced when told grows
	ended   bool
}

// An answer is what one command returned.
type answer struct {
	N     int      `json:"n"`
	Error string   `json:"error"`
	ID    string   `json:"id"`
	Heads []string `json:"heads"`
	Value any      `json:"value"`
	Count int      `json:"count"`
	Has   bool     `json:"has"`

	Changes [][]byte `json:"changes"`

	Sent     int `json:"sent"`
	Received int `json:"received"`
}

// An event is what a client told unasked.
type event struct {
	Client  string   `json:"client"`
	Event   string   `json:"event"`
	Doc     string   `json:"doc"`
	Field   string   `json:"field"`
	Value   any      `json:"value"`
	Source  string   `json:"source"`
	Heads   []string `json:"heads"`
	Equal   bool     `json:"equal"`
	From    string   `json:"from"`
	Hub     string   `json:"hub"`
	Storage string   `json:"storage"`
	Message any      `json:"message"`
}

// args are a command's arguments.
type args map[string]any

// startNode starts a Node process; it ends with the test.
func startNode(t testing.TB) *nodeProcess {
	t.Helper()
	if _, err := os.Stat(filepath.Join(repository, "node_modules/@automerge/automerge-repo/package.json")); err != nil {
		t.Fatalf("the npm packages are not installed (run: npx -y rust-just@1.57.0 _setup): %v", err)
	}
	readScripts(t)
	p := &nodeProcess{t: t, errors: &tail{}, waiting: make(map[int]chan answer), changed: make(chan struct{})}
	p.cmd = exec.Command("node", filepath.Join(repository, "testdata/wire/client.mjs"))
	p.cmd.Stderr = p.errors
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start node (20.19 or newer is needed): %v", err)
	}
	ended := make(chan struct{})
	go func() { // ends with the process
		defer close(ended)
		p.read(out)
		_ = p.cmd.Wait() // it is told to end by closing its input
	}()
	t.Cleanup(func() {
		_ = p.in.Close()
		select {
		case <-ended:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
		}
		if t.Failed() {
			t.Logf("node stderr:\n%s", p.errors)
		}
	})
	return p
}

// readScripts reads what Node will run, for go test to notice when it changes
// and not to answer from its cache.
func readScripts(t testing.TB) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(repository, "testdata/*/*.mjs"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in testdata: %v", err)
	}
	for _, name := range scripts {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *nodeProcess) read(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		p.take(line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for _, w := range p.waiting {
		w <- answer{Error: "node has ended"}
	}
	clear(p.waiting)
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *nodeProcess) take(line []byte) {
	var a answer
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		p.t.Errorf("node says %q: %v", line, err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Event != "" {
		p.told = append(p.told, e)
		close(p.changed)
		p.changed = make(chan struct{})
		return
	}
	if err := json.Unmarshal(line, &a); err != nil {
		p.t.Errorf("node answers %q: %v", line, err)
		return
	}
	if w, ok := p.waiting[a.N]; ok {
		delete(p.waiting, a.N)
		w <- a
	}
}

// A nodeClient is one automerge-repo client.
type nodeClient struct {
	p    *nodeProcess
	name string
}

// A clientOptions says how a client is opened; zero is a 2.5.6 client without storage.
type clientOptions struct {
	url     string
	version int    // 1 for 1.2.1
	storage string // a directory
	peer    string // its peer id; the name if empty
	offline bool   // begin without network
}

// open opens a client and, unless it begins offline, waits for the hub.
func (p *nodeProcess) open(name string, o clientOptions) *nodeClient {
	p.t.Helper()
	c := &nodeClient{p: p, name: name}
	a := args{"url": o.url, "peer": o.peer, "offline": o.offline}
	if o.peer == "" {
		a["peer"] = name
	}
	if o.version != 0 {
		a["repo"] = o.version
	}
	if o.storage != "" {
		a["storage"] = o.storage
	}
	c.do("open", a)
	if !o.offline {
		c.do("wait", args{"peer": true})
	}
	return c
}

// try runs a command. Any goroutine may call it.
func (c *nodeClient) try(cmd string, a args) (answer, error) {
	p := c.p
	line := maps.Clone(a)
	if line == nil {
		line = args{}
	}
	back := make(chan answer, 1)
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return answer{}, fmt.Errorf("%s %s: node has ended", c.name, cmd)
	}
	p.written++
	p.waiting[p.written] = back
	line["n"], line["client"], line["cmd"] = p.written, c.name, cmd
	b, err := json.Marshal(line)
	if err == nil {
		_, err = p.in.Write(append(b, '\n'))
	}
	p.mu.Unlock()
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", c.name, cmd, err)
	}
	select {
	case got := <-back:
		if got.Error != "" {
			return got, fmt.Errorf("%s %s: %s", c.name, cmd, got.Error)
		}
		return got, nil
	case <-time.After(2 * patience):
		return answer{}, fmt.Errorf("%s %s: no answer", c.name, cmd)
	}
}

// do is try for commands that must succeed.
func (c *nodeClient) do(cmd string, a args) answer {
	c.p.t.Helper()
	got, err := c.try(cmd, a)
	if err != nil {
		c.p.t.Fatal(err)
	}
	return got
}

// create makes a document and waits until the hub has stored it.
func (c *nodeClient) create(fields args) (id string) {
	c.p.t.Helper()
	id = c.do("create", args{"fields": fields}).ID
	c.do("wait", args{"id": id, "acked": true})
	return id
}

func (c *nodeClient) heads(id string) []string {
	c.p.t.Helper()
	return c.do("heads", args{"id": id}).Heads
}

func (c *nodeClient) value(id, field string) any {
	c.p.t.Helper()
	return c.do("get", args{"id": id, "field": field}).Value
}

// awaitValue waits until the field shows the value.
func (c *nodeClient) awaitValue(id, field string, value any) {
	c.p.t.Helper()
	c.do("wait", args{"id": id, "field": field, "value": value})
}

// events are the events of one kind that the client has told so far.
func (c *nodeClient) events(kind string) []event {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	var got []event
	for _, e := range c.p.told {
		if e.Client == c.name && e.Event == kind {
			got = append(got, e)
		}
	}
	return got
}

// await waits for an event that fits, old ones included.
func (c *nodeClient) await(kind string, fits func(event) bool) event {
	c.p.t.Helper()
	var got event
	c.p.awaitChange(func() bool {
		all := c.events(kind)
		i := slices.IndexFunc(all, fits)
		if i >= 0 {
			got = all[i]
		}
		return i >= 0
	}, fmt.Sprintf("%s to tell of %s", c.name, kind))
	return got
}

// awaitChange waits until met; it looks whenever a client has told something.
func (p *nodeProcess) awaitChange(met func() bool, what string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if met() {
			return
		}
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// plain is a value as the API would show it: text and scalar strings alike.
func plain(v any) any {
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		for _, tag := range []string{"$immutable", "$date", "$counter", "$bytes"} {
			if inner, ok := m[tag]; ok {
				return inner
			}
		}
	}
	return v
}
