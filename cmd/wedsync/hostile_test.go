package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
)

// hang is how long the hub may keep anybody waiting while it is attacked, and
// most is how much memory it may take, its engine's workers included. The race
// detector makes everything slower and larger.
func hang() time.Duration {
	if raceEnabled {
		return 5 * time.Second
	}
	return time.Second
}

func most() int {
	if raceEnabled {
		return 3 << 30
	}
	return 1 << 30
}

const mutations = 10_000

func TestTenThousandMutatedInputsHarmNobody(t *testing.T) {
	seed := seedOf(t)
	h := startHub(t)
	node := startNode(t)
	pair := startPair(t, h, node)
	targets := attackedRecords(h, node)

	var sent atomic.Int64
	var worst atomic.Int64 // nanoseconds
	g, ctx := errgroup.WithContext(t.Context())
	for k := range 4 {
		a := &attacker{
			url: h.sync(member(fmt.Sprintf("mallory-%d", k))), name: fmt.Sprintf("mallory-%d", k),
			rand: rand.New(rand.NewPCG(seed, uint64(k))), targets: targets,
		}
		g.Go(func() error {
			defer a.close()
			for sent.Add(1) <= mutations && ctx.Err() == nil {
				took, err := a.throw(a.mutated())
				if err != nil {
					return fmt.Errorf("%s: %w", a.name, err)
				}
				raise(&worst, int64(took))
			}
			return nil
		})
	}
	g.Go(func() error { return h.watchEngine(ctx, targets, &sent) })
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	pair.check()
	h.checkUnharmed(time.Duration(worst.Load()))
	h.checkReached()
	h.stop()
	h.start()
	pair.phone.do("wait", args{"peer": true})
	pair.tab.do("wait", args{"peer": true})
	converge(t, h, pair.id, pair.phone, pair.tab)
}

func TestNamedAttacksHarmNobody(t *testing.T) {
	h := startHub(t)
	node := startNode(t)
	target := attackedRecords(h, node)[0]
	attacks := namedAttacks(target) // before the pair starts: making them is work too
	pair := startPair(t, h, node)
	var worst time.Duration
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			a := &attacker{url: h.sync(member("mallory")), name: "mallory"}
			defer a.close()
			for _, input := range attack.inputs {
				took, err := a.throw(input)
				if err != nil {
					t.Fatal(err)
				}
				if took > hang() {
					t.Errorf("the hub was busy for %s", took)
				}
				worst = max(worst, took)
			}
			if !h.alive() {
				t.Fatalf("the hub has died")
			}
			// Whatever was taken reaches the engine here.
			h.api(owner("olga")).do("GET", "/api/clients/"+target.id, nil, nil)
		})
	}
	pair.check()
	h.checkUnharmed(worst)
}

// A pair is two well-behaved clients that edit one record all the time.
type pair struct {
	t          testing.TB
	phone, tab *nodeClient
	id         string
	stop       context.CancelFunc
	finished   chan error
	rounds     int
	worst      time.Duration
}

// startPair lets two clients edit until check is called.
func startPair(t *testing.T, h *hubProcess, node *nodeProcess) *pair {
	t.Helper()
	p := &pair{t: t, finished: make(chan error, 1)}
	p.phone = node.open("phone", clientOptions{url: h.sync(member("ada"))})
	p.tab = node.open("tab", clientOptions{url: h.sync(member("ben"))})
	p.id = p.phone.create(args{"name": "Ada"})
	p.tab.do("find", args{"id": p.id})
	ctx, cancel := context.WithCancel(t.Context())
	p.stop = cancel
	go func() { p.finished <- p.edit(ctx) }() // ended by check, or with the test
	return p
}

func (p *pair) edit(ctx context.Context) error {
	const least = 10 // rounds, for the run to show anything
	for ; ctx.Err() == nil || p.rounds < least; p.rounds++ {
		began := time.Now()
		if _, err := p.phone.try("set", args{"id": p.id, "field": "round", "value": p.rounds}); err != nil {
			return err
		}
		if _, err := p.tab.try("wait", args{"id": p.id, "field": "round", "value": p.rounds}); err != nil {
			return err
		}
		p.worst = max(p.worst, time.Since(began))
	}
	return nil
}

// check ends the pair's edits and says whether they went well.
func (p *pair) check() {
	p.t.Helper()
	p.stop()
	if err := <-p.finished; err != nil {
		p.t.Errorf("the well-behaved pair: %v", err)
	}
	if p.worst > hang() {
		p.t.Errorf("an edit of the well-behaved pair took %s", p.worst)
	}
	if gone := len(p.phone.events("gone")) + len(p.tab.events("gone")); gone != 0 {
		p.t.Errorf("the well-behaved pair lost its connection %d times", gone)
	}
	p.t.Logf("the well-behaved pair made %d edits, the slowest took %s", p.rounds, p.worst.Round(time.Millisecond))
}

// A target is a record that is attacked, with the changes it consists of.
type target struct {
	id      string
	changes [][]byte
	decoded []*crdt.Change
}

// attackedRecords makes records with all kinds of operations.
func attackedRecords(h *hubProcess, node *nodeProcess) []target {
	h.t.Helper()
	c := node.open("victim", clientOptions{url: h.sync(member("vic"))})
	var all []target
	for range 3 {
		id := c.create(args{
			"name": "Victim", "venue_name": "Orchard Barn", "wedding_date": args{"$immutable": "2027-06-12"}, "budget": 12500,
			"visits": args{"$counter": 1}, "met": args{"$date": "2020-01-01T00:00:00.000Z"}, "seal": args{"$bytes": "AAEC"},
			"guests": []any{"a", args{"name": "b"}}, "venue": args{"name": "Barn", "rooms": 3}, "rate": 1.5, "none": nil, "yes": true,
		})
		c.do("inc", args{"id": id, "field": "visits", "by": 3})
		c.do("splice", args{"id": id, "field": "venue_name", "index": 7, "remove": 1, "insert": "-red "})
		c.do("set", args{"id": id, "field": "venue", "value": args{"name": "Mill"}})
		c.do("remove", args{"id": id, "field": "none"})
		c.do("set", args{"id": id, "field": "guests", "value": []any{1, 2.5, "c"}})
		c.do("wait", args{"id": id, "acked": true})
		t := target{id: id, changes: c.do("changes", args{"id": id}).Changes}
		for _, raw := range t.changes {
			decoded, err := crdt.Decode(raw, crdt.DefaultLimits)
			if err != nil {
				h.t.Fatalf("a change that Automerge made: %v", err)
			}
			t.decoded = append(t.decoded, decoded)
		}
		all = append(all, t)
	}
	c.do("close", nil)
	return all
}

// An attacker throws inputs at the hub, each over a connection that has joined.
type attacker struct {
	url, name string
	rand      *rand.Rand
	targets   []target
	conn      *wireClient
	joined    int
}

// throw sends an input and then an honest question, and returns how long it
// took until the hub answered that or closed the connection.
func (a *attacker) throw(input []byte) (time.Duration, error) {
	if a.conn == nil {
		if err := a.connect(); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err := a.conn.write(input)
	if err == nil {
		err = a.ask()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return 0, fmt.Errorf("the hub neither answered nor closed within %s", patience)
	}
	if err != nil {
		a.close()
	}
	return time.Since(began), nil
}

func (a *attacker) connect() error {
	conn, err := connectWire(a.url)
	if err != nil {
		return err
	}
	a.conn = conn
	a.joined++
	join, err := cbor.Marshal(map[string]any(joinOf(a.name)))
	if err == nil {
		err = conn.write(join)
	}
	return err
}

// ask asks for a record that nobody has and reads until that is answered.
func (a *attacker) ask() error {
	question, err := cbor.Marshal(map[string]any(frame{
		"type": "request", "senderId": a.name, "targetId": "hub", "documentId": nobodys, "data": emptyMessage,
	}))
	if err != nil {
		return err
	}
	if err := a.conn.write(question); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		f, err := a.conn.read(ctx)
		if err != nil || f["type"] == "doc-unavailable" && f["documentId"] == nobodys {
			return err
		}
	}
}

func (a *attacker) close() {
	if a.conn != nil {
		a.conn.close()
		a.conn = nil
	}
}

// emptyMessage is the sync message of a peer that has nothing.
var emptyMessage = []byte{0x42, 0, 0, 1, 0, 0, 0}

// mutated is an input of one of four kinds: a broken frame, a broken sync
// message in a sound frame, a broken change with a repaired checksum, or a
// well-formed change whose operations make little sense.
func (a *attacker) mutated() []byte {
	t := a.targets[a.rand.IntN(len(a.targets))]
	change := t.changes[a.rand.IntN(len(t.changes))]
	switch a.rand.IntN(10) {
	case 0, 1:
		return a.damaged(a.sound(t, change))
	case 2, 3:
		return syncFrame(a.name, t.id, a.damaged(syncMessage(change)))
	case 4, 5, 6:
		return syncFrame(a.name, t.id, syncMessage(a.reshaped(t)))
	}
	return syncFrame(a.name, t.id, syncMessage(repaired(a.damaged(bytes.Clone(change)))))
}

// sound is a frame of any type.
func (a *attacker) sound(t target, change []byte) []byte {
	var f frame
	switch a.rand.IntN(6) {
	case 0:
		f = joinOf(a.name)
	case 1:
		f = frame{"type": "ephemeral", "senderId": a.name, "targetId": "hub", "documentId": t.id, "count": 7, "sessionId": "s", "data": []byte{0xa0}}
	case 2:
		f = frame{"type": "remote-heads-changed", "senderId": a.name, "targetId": "hub", "documentId": t.id, "newHeads": frame{"x": frame{"heads": []string{"y"}, "timestamp": 1.5}}}
	case 3:
		f = frame{"type": "request", "senderId": a.name, "targetId": "hub", "documentId": t.id, "data": emptyMessage}
	default:
		return syncFrame(a.name, t.id, syncMessage(change))
	}
	b, err := cbor.Marshal(map[string]any(f))
	if err != nil {
		panic(err) // nothing but maps, strings and numbers
	}
	return b
}

// damaged is b, damaged in one to four places.
func (a *attacker) damaged(b []byte) []byte {
	for range 1 + a.rand.IntN(4) {
		if len(b) == 0 {
			return b
		}
		i := a.rand.IntN(len(b))
		switch a.rand.IntN(6) {
		case 0:
			b[i] ^= 1 << a.rand.IntN(8)
		case 1:
			b[i] = []byte{0, 1, 0x7f, 0x80, 0xff}[a.rand.IntN(5)]
		case 2:
			b = append(b[:i], b[min(len(b), i+1+a.rand.IntN(8)):]...)
		case 3:
			b = append(b[:i], append([]byte{byte(a.rand.Uint32())}, b[i:]...)...)
		case 4:
			b = append(b[:i], append(bytes.Repeat([]byte{0xff}, 1+a.rand.IntN(9)), b[i:]...)...)
		case 5:
			b = b[:i]
		}
	}
	return b
}

func raise(worst *atomic.Int64, took int64) {
	for {
		old := worst.Load()
		if took <= old || worst.CompareAndSwap(old, took) {
			return
		}
	}
}

// watchEngine asks for the attacked records again and again, so that whatever
// was taken is given to the engine.
func (h *hubProcess) watchEngine(ctx context.Context, targets []target, sent *atomic.Int64) error {
	token := h.token(owner("olga"))
	client := http.Client{Timeout: patience}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := 0; sent.Load() < mutations; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.address+"/api/clients/"+targets[i%len(targets)].id, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode >= 500 {
			return fmt.Errorf("GET of an attacked record: %s", resp.Status)
		}
	}
	return nil
}

// checkUnharmed checks that the hub is the process that was started, never kept
// anybody waiting, and has taken no more memory than it may.
func (h *hubProcess) checkUnharmed(worst time.Duration) {
	h.t.Helper()
	if !h.alive() {
		h.t.Fatalf("the hub has died")
	}
	peak := peakMemory(h.t, h.cmd.Process.Pid)
	h.t.Logf("slowest answer %s, peak memory %d MB", worst.Round(time.Millisecond), peak>>20)
	if worst > hang() {
		h.t.Errorf("the hub kept an attacker waiting for %s, and so everybody on that record", worst)
	}
	if peak > most() {
		h.t.Errorf("the hub took %d MB, more than %d", peak>>20, most()>>20)
	}
}

// checkReached checks that the mutations got as far as they are meant to: some
// were taken, others refused as changes, and records went through the engine.
func (h *hubProcess) checkReached() {
	h.t.Helper()
	resp, err := http.Get("http://" + h.address + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	for name, least := range map[string]float64{
		"wedsync_changes_refused_total": 100, "wedsync_changes_stored_total": 100, "wedsync_projections_total": 10,
	} {
		sum := 0.0
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, name) {
				h.t.Logf("%s", strings.TrimSpace(line))
				f := strings.Fields(line)
				n, _ := strconv.ParseFloat(f[len(f)-1], 64) // always a number
				sum += n
			}
		}
		if sum < least {
			h.t.Errorf("%s is %v after %d mutations, want %v at least: the run shows nothing", name, sum, mutations, least)
		}
	}
}

// peakMemory is the largest resident size of a process and its children, each
// at its own peak.
func peakMemory(t testing.TB, pid int) int {
	t.Helper()
	total := 0
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Logf("memory is not measured: %v", err)
		return 0
	}
	for _, e := range entries {
		status, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err != nil {
			continue // not a process, or ended meanwhile
		}
		if e.Name() == strconv.Itoa(pid) || statusOf(status, "PPid") == pid {
			total += statusOf(status, "VmHWM") << 10
		}
	}
	return total
}

// statusOf reads a number from /proc/PID/status.
func statusOf(status []byte, name string) int {
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.Fields(text)[0]) // always a number
			return n
		}
	}
	return 0
}
