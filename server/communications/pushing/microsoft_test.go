package pushing_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"wedsync/server/communications/pushing"
	"wedsync/server/communications/source"
	"wedsync/server/communications/source/microsoft"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/testdata/providers"
)

const anna = "anna@barn.example"

// A mailbox is one at Microsoft, which the hub watches.
type mailbox struct {
	*scene
	graph   *providers.Server
	outlook providers.Outlook
	caller  source.Caller
	said    []providers.Push
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	b := &mailbox{scene: newScene(t)}
	b.graph = providers.New(providers.Options{Seed: 1, Clock: func() time.Time { return b.clock }, TokenLife: 10_000 * time.Hour})
	b.graph.OnPush(func(p providers.Push) { b.said = append(b.said, p) })
	b.outlook = b.graph.Outlook(anna)
	token := b.graph.Grant(providers.Microsoft, anna).Access
	b.caller = &sourcetest.Caller{Client: &http.Client{Transport: b.graph}, Base: "http://graph.test/microsoft", Sign: func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	}}
	return b
}

// account is the account as its source sees it now.
func (b *mailbox) account() source.Account {
	return source.Account{Address: anna, Now: b.clock, Caller: b.caller}
}

func (b *mailbox) target() source.Push {
	b.Helper()
	to, whyNot := b.targets.Of("microsoft", "01ANNA")
	if whyNot != "" {
		b.Fatal(whyNot)
	}
	return to
}

func (b *mailbox) watch() {
	b.Helper()
	until, err := microsoft.Source{}.Watch(b.Context(), b.account(), b.target())
	if left := until.Sub(b.clock); err != nil || left < 6*24*time.Hour || left > 7*24*time.Hour {
		b.Fatalf("for %s, %v", left, err)
	}
}

// deliver sends what Graph has said since.
func (b *mailbox) deliver() int {
	b.Helper()
	said := b.said
	b.said = nil
	for _, p := range said {
		if status := b.send(p.URL, string(p.Body), p.Header); status != http.StatusAccepted {
			b.Errorf("answered %d to %s", status, p.Body)
		}
	}
	return len(said)
}

func (b *mailbox) arrive() { b.outlook.Add(providers.Mail{Subject: "hello", Date: b.clock}) }

func TestGraphTellsTheHubOfAMailboxForAsLongAsItIsWatched(t *testing.T) {
	b := newMailbox(t)
	b.arrive()
	b.watch()
	b.watch() // which makes none more
	b.arrive()
	if n := b.deliver(); n != 1 || !slices.Equal(b.engine.said(), []string{"pushed 01ANNA"}) {
		t.Errorf("told %d times, %v", n, b.engine.said())
	}
	for range 10 { // each a day before the last end
		b.clock = b.clock.Add(6 * 24 * time.Hour)
		b.watch()
	}
	b.arrive()
	if n := b.deliver(); n != 1 {
		t.Errorf("told %d times after two months", n)
	}
	// One that nobody renewed ends.
	b.clock = b.clock.Add(8 * 24 * time.Hour)
	b.arrive()
	if n := b.deliver(); n != 0 {
		t.Errorf("told %d times after it has ended", n)
	}
	b.watch()
	b.arrive()
	if n := b.deliver(); n != 1 {
		t.Errorf("told %d times after it was begun again", n)
	}
	// The hub has moved.
	b.targets.PublicURL = b.elsewhere
	b.watch()
	b.arrive()
	if n := len(b.said); n != 1 || b.said[0].URL != b.elsewhere+pushing.MicrosoftPath+"01ANNA" {
		t.Errorf("told %d times after the hub has moved: %+v", n, b.said)
	}
	b.said = nil
	for range 2 {
		if err := (microsoft.Source{}).Unwatch(t.Context(), b.account(), b.target()); err != nil {
			t.Fatal(err)
		}
	}
	b.arrive()
	if n := b.deliver(); n != 0 {
		t.Errorf("told %d times after it was ended", n)
	}
}

func TestEndsOfSubscriptionsAreHeard(t *testing.T) {
	b := newMailbox(t)
	b.watch()
	for event, want := range map[string][]string{
		providers.Missed:                  {"pushed 01ANNA", "pushed 01ANNA"}, // mail and events
		providers.ReauthorizationRequired: {"rewatch 01ANNA", "rewatch 01ANNA"},
		providers.SubscriptionRemoved:     {"rewatch 01ANNA", "pushed 01ANNA", "rewatch 01ANNA", "pushed 01ANNA"},
	} {
		b.watch()
		b.engine.all = nil
		b.graph.Lifecycle(anna, event)
		b.deliver()
		if got := b.engine.said(); !slices.Equal(got, want) {
			t.Errorf("%s: %v", event, got)
		}
		b.watch()
		b.arrive()
		if n := b.deliver(); n != 1 {
			t.Errorf("told %d times after %s and a renewal", n, event)
		}
	}
}

func TestWhyGraphTellsNothingIsSaid(t *testing.T) {
	b := newMailbox(t)
	b.targets.PublicURL = "http://127.0.0.1:1"
	if _, err := (microsoft.Source{}).Watch(t.Context(), b.account(), b.target()); !errors.Is(err, source.ErrForbidden) {
		t.Errorf("a hub that nobody reaches: %v", err)
	}
}
