package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
)

// patience is how long anything may take on a busy machine before it counts
// as never.
const patience = 60 * time.Second

// builtBinary builds wedsync once per test run.
var builtBinary = sync.OnceValues(func() (string, error) { return build("wedsync") })

// racingBinary is wedsync with the race detector if the tests run with it, for hubs of
// which much is wanted at once. Of others it would find what the tests of the packages
// find, and take half a second of CPU to start and five times as much for all they do.
var racingBinary = sync.OnceValues(func() (string, error) {
	if raceEnabled {
		return build("racing", "-race", "-gcflags=modernc.org/...=-race=false") // as just test does
	}
	return builtBinary()
})

func build(name string, flags ...string) (string, error) {
	dir, err := buildDirectory()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if out, err := exec.Command("go", slices.Concat([]string{"build", "-o", path}, flags, []string{"."})...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build wedsync: %w\n%s", err, out)
	}
	return path, nil
}

// buildDirectory is where binaries are built; TestMain removes it.
var buildDirectory = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "wedsync-test-")
	builtIn = dir
	return dir, err
})

// builtIn is the directory of what was built, empty if nothing was.
var builtIn string

func TestMain(m *testing.M) {
	// A race in a hub ends it, which every test notices; and a process with
	// the detector does not rest for a second before it exits.
	if err := os.Setenv("GORACE", "halt_on_error=1 atexit_sleep_ms=0"); err != nil {
		panic(err) // the name is valid
	}
	code := m.Run()
	stopChromium()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // a leftover in /tmp is no failure of the tests
	}
	os.Exit(code)
}

// A hubProcess is wedsync serve in a process of its own. It keeps its address
// and its data over restarts.
type hubProcess struct {
	t       testing.TB
	data    string   // directory, empty for a hub on a database
	store   []string // flags that say where the hub keeps what it knows
	flags   []string // others
	env     []string // what its environment has beside ours
	binary  func() (path string, err error)
	address string
	cmd     *exec.Cmd
	serves  chan string   // holds its address once it serves
	ended   chan struct{} // closed when the process has ended
	log     *tail
	mint    *mint
}

// startHub starts a hub with an empty data directory. The hub ends with the
// test; its log is shown if the test failed.
func startHub(t testing.TB) *hubProcess {
	t.Helper()
	dir := emptyData(t)
	return startHubWith(t, dir, "--data", dir)
}

// startRacingHub is startHub with the race detector, if the tests have it.
func startRacingHub(t testing.TB) *hubProcess {
	t.Helper()
	dir := emptyData(t)
	return newHub(t, dir, "--data", dir).racing()
}

var openEmpty = storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) })

// emptyData is a data directory with tables and nothing in them: a hub that has to
// make them starts later.
func emptyData(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := openEmpty(t.Context(), dir)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// startHubOn starts a hub on a PostgreSQL database.
func startHubOn(t testing.TB, address string) *hubProcess {
	t.Helper()
	return startHubWith(t, "", "--store", address)
}

// startRacingHubOn is startHubOn with the race detector, if the tests have it.
func startRacingHubOn(t testing.TB, address string) *hubProcess {
	t.Helper()
	return newHub(t, "", "--store", address).racing()
}

func startHubWith(t testing.TB, data string, store ...string) *hubProcess {
	t.Helper()
	h := newHub(t, data, store...)
	h.begin()
	return h
}

// newHub is a hub that is yet to be started.
func newHub(t testing.TB, data string, store ...string) *hubProcess {
	return &hubProcess{t: t, binary: builtBinary, data: data, store: store, address: "127.0.0.1:0", log: &tail{}, mint: &mint{}}
}

// racing starts a hub with the race detector, if the tests have it.
func (h *hubProcess) racing() *hubProcess {
	h.t.Helper()
	h.binary = racingBinary
	h.begin()
	return h
}

// startHubFlags starts a hub with an empty data directory and flags of its own;
// those that look like VARIABLE=value go into its environment.
func startHubFlags(t testing.TB, flags ...string) *hubProcess {
	t.Helper()
	dir := emptyData(t)
	h := newHub(t, dir, "--data", dir)
	for _, f := range flags {
		if strings.HasPrefix(f, "WEDSYNC_") {
			h.env = append(h.env, f)
		} else {
			h.flags = append(h.flags, f)
		}
	}
	h.begin()
	return h
}

// begin starts the process for the first time; it ends with the test.
func (h *hubProcess) begin() {
	h.t.Helper()
	h.start()
	h.t.Cleanup(func() {
		h.kill()
		if h.t.Failed() {
			h.t.Logf("hub log:\n%s", h.log)
		}
	})
}

// start starts the process and returns once it serves.
func (h *hubProcess) start() {
	h.t.Helper()
	h.launch()
	h.await()
}

// launch starts the process.
func (h *hubProcess) launch() {
	h.t.Helper()
	path, err := h.binary()
	if err != nil {
		h.t.Fatal(err)
	}
	h.mint.forget()
	h.cmd = exec.Command(path, slices.Concat([]string{"serve", "--listen", h.address}, h.store, h.flags)...)
	h.cmd.Env = append(append(os.Environ(), "GOGC=100"), h.env...) // as without just test
	h.cmd.Stderr = h.log
	h.cmd.SysProcAttr = hubAttributes()
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	h.ended = make(chan struct{})
	h.serves = make(chan string, 1)
	started := make(chan error)
	// A child dies with the thread that started it, so that one lives as long as the child.
	go func() {
		runtime.LockOSThread()
		err := h.cmd.Start()
		started <- err
		if err == nil {
			h.read(out, h.serves)
		}
	}()
	if err := <-started; err != nil {
		h.t.Fatalf("start hub: %v", err)
	}
}

// await returns once a process that was launched serves.
func (h *hubProcess) await() {
	h.t.Helper()
	select {
	case h.address = <-h.serves:
	case <-h.ended:
		h.t.Fatalf("hub ended before it was listening:\n%s", h.log)
	case <-time.After(patience):
		h.t.Fatalf("hub is not listening after %s:\n%s", patience, h.log)
	}
}

func (h *hubProcess) read(out io.Reader, serves chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, _ = fmt.Fprintln(h.log, lines.Text()) // a tail takes everything
		if _, address, ok := strings.Cut(lines.Text(), "listening on http://"); ok {
			serves <- strings.TrimSpace(address)
		}
	}
	_ = h.cmd.Wait() // how it ended is the test's business
	close(h.ended)
}

// kill ends the process without warning.
func (h *hubProcess) kill() { h.signal(syscall.SIGKILL) }

// stop asks the process to end.
func (h *hubProcess) stop() { h.signal(syscall.SIGTERM) }

func (h *hubProcess) signal(s syscall.Signal) {
	h.t.Helper()
	if err := h.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		h.t.Errorf("signal hub: %v", err)
	}
	select {
	case <-h.ended:
	case <-time.After(patience):
		h.t.Errorf("hub still runs %s after %s", patience, s)
	}
}

// alive reports whether the process that was started last still runs.
func (h *hubProcess) alive() bool {
	select {
	case <-h.ended:
		return false
	default:
		return true
	}
}

// in is the hub for a part of a test, whose own its failures are.
func (h *hubProcess) in(t testing.TB) *hubProcess {
	part := *h
	part.t = t
	return &part
}

// A who says whom a token is for.
type who struct{ supplier, user, role, device string }

func owner(user string) who  { return who{"barn", user, "owner", ""} }
func member(user string) who { return who{"barn", user, "member", user + "-device"} }
func viewer(user string) who { return who{"barn", user, "viewer", user + "-device"} }

// sync is the address of a device's socket.
func (h *hubProcess) sync(w who) string {
	return "ws://" + h.address + "/sync?token=" + h.token(w)
}

// An api is the hub's HTTP interface as one principal sees it.
type api struct {
	t     testing.TB
	base  string
	token string
}

func (h *hubProcess) api(w who) *api {
	return &api{t: h.t, base: "http://" + h.address, token: h.token(w)}
}

// do sends a request and decodes the answer into out; it returns the status.
func (a *api) do(method, path string, body, out any) int {
	a.t.Helper()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, a.base+path, payload)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Idempotency-Key", rand.Text())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	if out != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			a.t.Fatalf("%s %s: answer %q: %v", method, path, b, err)
		}
	} else if resp.StatusCode >= 300 {
		a.t.Logf("%s %s: %s: %s", method, path, resp.Status, b)
	}
	return resp.StatusCode
}

// must is do for requests that have to succeed.
func (a *api) must(method, path string, body, out any) {
	a.t.Helper()
	if status := a.do(method, path, body, out); status >= 300 {
		a.t.Fatalf("%s %s: status %d", method, path, status)
	}
}

// An item is a record as the API shows it.
type item struct {
	ClientID   string            `json:"client_id"`
	DocumentID string            `json:"document_id"`
	Fields     map[string]any    `json:"fields"`
	Pending    map[string]string `json:"pending"`
	Revision   uint64            `json:"revision"`
	Heads      []string          `json:"heads"`
	Stale      bool              `json:"stale"`
	Verdicts   map[string]struct {
		Outcome  string `json:"outcome"`
		Reason   string `json:"reason"`
		Conflict string `json:"conflict_id"`
	} `json:"verdicts"`
}

// A queueItem is a row of sync_conflicts as the API shows it.
type queueItem struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	Field    string `json:"field"`
	Status   string `json:"status"`
	Version  uint64 `json:"version"`
	Reason   string `json:"reason"`
	Base     struct {
		Revision uint64 `json:"revision"`
		Value    any    `json:"value"`
	} `json:"base"`
	Current struct {
		Revision uint64 `json:"revision"`
		Value    any    `json:"value"`
	} `json:"current"`
	Proposals []proposal `json:"proposals"`
}

type proposal struct {
	ID     string `json:"id"`
	Value  any    `json:"value"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Author struct {
		User   string `json:"user"`
		Device string `json:"device"`
		Role   string `json:"role"`
	} `json:"author"`
}

func (a *api) create(fields map[string]any) item {
	a.t.Helper()
	var i item
	a.must("POST", "/api/clients", map[string]any{"fields": fields}, &i)
	return i
}

func (a *api) get(id string) item {
	a.t.Helper()
	var i item
	a.must("GET", "/api/clients/"+id, nil, &i)
	return i
}

// conflicts reads the whole queue, page by page.
func (a *api) conflicts(status string) []queueItem {
	a.t.Helper()
	var all []queueItem
	path := "/api/conflicts?status=" + status
	for next := ""; ; {
		var page struct {
			Items []queueItem `json:"items"`
			Next  string      `json:"next"`
		}
		a.must("GET", path+next, nil, &page)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		next = "&cursor=" + page.Next
	}
}

func (a *api) resolve(c queueItem, how map[string]any) {
	a.t.Helper()
	body := map[string]any{"version": c.Version}
	for k, v := range how {
		body[k] = v
	}
	a.must("POST", "/api/conflicts/"+c.ID+"/resolve", body, nil)
}

// A tail keeps the last lines that were written to it.
type tail struct {
	mu      sync.Mutex
	text    []byte
	written chan struct{} // closed with the next write; nil if nobody waits
}

const tailSize = 64 << 10 // bytes

func (l *tail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if l.written != nil {
		close(l.written)
		l.written = nil
	}
	if over := len(l.text) - tailSize; over > 0 {
		l.text = append(l.text[:0], l.text[over:]...)
	}
	return len(b), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// await waits until a text was written.
func (l *tail) await(t testing.TB, text string) {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		there := bytes.Contains(l.text, []byte(text))
		if l.written == nil {
			l.written = make(chan struct{})
		}
		written := l.written
		l.mu.Unlock()
		if there {
			return
		}
		select {
		case <-written:
		case <-late:
			t.Fatalf("waited in vain for %q in\n%s", text, l)
		}
	}
}
