package main

import (
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// How long the long tests are. Without these flags they have their short forms,
// which belong to the ordinary tests.
var (
	soakInputs        = flag.Int("soak.inputs", 1_500, "hostile inputs `N`")
	soakFloods        = flag.Int("soak.floods", 0, "floods have `N` percent of their full size, and their short form at least")
	soakKills         = flag.Int("soak.kills", 6, "kills of the hub, `N` in all")
	soakStories       = flag.Int("soak.stories", 1, "random stories, `N` in all")
	soakNodes         = flag.Duration("soak.nodes", 8*time.Second, "`how long` devices move between hubs on one database")
	soakCopied        = flag.Int("soak.copied", 200, "records that are copied, `N` in all")
	soakCopiedChanges = flag.Int("soak.copiedchanges", 20, "changes of each record that is copied, `N` in all")
	soakActivity      = flag.Duration("soak.activity", 5*time.Second, "`how long` records are edited that many listen to")
	soakListeners     = flag.Int("soak.listeners", 60, "listeners, `N` in all")
	soakFailures      = flag.Int("soak.failures", 0, "failures of the database, `N` in all; 0 for each once")
	soakWebhooks      = flag.Int("soak.webhooks", 2, "deliveries of the same event by each of 50 senders, `N` in all")
	soakTalk          = flag.Int("soak.communications", 10, "a corpus of communication of `N` percent of its full size")
	soakReport        = flag.Duration("soak.report", 0, "how often to tell how far a test is; 0 for never")
)

// A progress tells how far a long test is.
type progress struct {
	t     testing.TB
	part  string
	seed  uint64
	total int
	done  atomic.Int64
	began time.Time
	more  func() string // what else is worth telling; nil if nothing
}

// startProgress tells until the test ends.
func startProgress(t testing.TB, part string, seed uint64, total int, more func() string) *progress {
	p := &progress{t: t, part: part, seed: seed, total: total, began: time.Now(), more: more}
	if *soakReport == 0 {
		return p
	}
	go func() { // ends with the test
		tick := time.NewTicker(*soakReport)
		defer tick.Stop()
		for {
			select {
			case <-t.Context().Done():
				return
			case <-tick.C:
				p.tell()
			}
		}
	}()
	return p
}

func (p *progress) tell() {
	done := p.done.Load()
	line := fmt.Sprintf("· %s, seed %d: %d of %d", p.part, p.seed, done, p.total)
	if done < int64(p.total) {
		line += fmt.Sprintf(", %.0f/s", float64(done)/time.Since(p.began).Seconds())
	}
	if p.more != nil {
		line += ", " + p.more()
	}
	fmt.Println(line)
}

// finish says what came of it.
func (p *progress) finish(took time.Duration, results ...string) {
	p.t.Helper()
	line := fmt.Sprintf("%s, seed %d: %d in %.0f s", p.part, p.seed, p.done.Load(), took.Seconds())
	for _, r := range results {
		line += "; " + r
	}
	p.t.Log(line)
	if *soakReport == 0 {
		return
	}
	verdict := "✓"
	if p.t.Failed() {
		verdict = "✗"
	}
	fmt.Println(verdict, line)
}
