package storetest

import (
	"context"
	"slices"
	"testing"

	"wedsync/store"
)

// An Open opens the store at a place, making it if there is none. Places are
// paths of directories that exist; the same place opened again is the same store.
type Open func(ctx context.Context, place string) (store.Store, error)

// Run holds the stores that open opens to the contract, except for groups of
// promises that a store only passes on to another.
func Run(t *testing.T, open Open, except ...string) {
	for _, group := range []struct {
		name  string
		cases []testcase
	}{
		{"Append", appendCases},
		{"Answers", answerCases},
		{"Erasure", erasureCases},
		{"Records", recordCases},
		{"Projections", projectionCases},
		{"Conflicts", conflictCases},
		{"Queue", queueCases},
		{"Journal", journalCases},
		{"History", historyCases},
		{"Happenings", happeningCases},
		{"Census", censusCases},
		{"Receipts", receiptCases},
		{"Merged", mergedCases},
		{"Devices", deviceCases},
		{"Policies", policyCases},
		{"Access", accessCases},
		{"Tickets", ticketCases},
		{"Connections", connectionCases},
		{"Inbox", inboxCases},
		{"Identities", identityCases},
		{"Outbox", outboxCases},
		{"Accounts", accountCases},
		{"Cursors", cursorCases},
		{"Pulls", pullCases},
		{"Timelines", timelineCases},
		{"TalkErasure", talkErasureCases},
		{"TalkCopying", talkCopyingCases},
		{"Hooks", hookCases},
		{"Jobs", jobCases},
		{"Nodes", nodeCases},
		{"Copying", copyingCases},
		{"Life", lifeCases},
		{"Concurrency", concurrencyCases},
	} {
		if slices.Contains(except, group.name) {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.claim, func(t *testing.T) { c.run(newBench(t, open)) })
			}
		})
	}
}

// A testcase is one promise.
type testcase struct {
	claim string
	run   func(*bench)
}

// A bench is one case at work: its store and the calls that must succeed.
type bench struct {
	*testing.T
	open  Open
	place string
	ctx   context.Context
	store.Store
}

func newBench(t *testing.T, open Open) *bench {
	b := &bench{T: t, open: open, place: t.TempDir(), ctx: t.Context()}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *bench) start() {
	b.Helper()
	s, err := b.open(b.ctx, b.place)
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	b.Store = s
}

func (b *bench) stop() {
	b.Helper()
	if err := b.Close(); err != nil {
		b.Errorf("close: %v", err)
	}
}

// restart closes the store and opens it again.
func (b *bench) restart() {
	b.Helper()
	b.stop()
	b.start()
}
