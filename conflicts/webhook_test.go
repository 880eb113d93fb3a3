package conflicts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt"
)

// webhook delivers one value of one field.
func (w *world) webhook(event string, path crdt.Path, v crdt.Value) *Outcome {
	w.t.Helper()
	w.seen[name(v)] = true
	w.kind, w.from = "webhook", crm
	at, policy := w.now, w.policy
	return w.do(func(r *Record) *Outcome {
		out, err := r.Webhook(WebhookEdit{
			From: crm, Event: event, Fields: map[crdt.Path]crdt.Value{path: v}, Policy: policy, Now: at,
		})
		if err != nil {
			w.t.Fatalf("webhook: %v", err)
		}
		return out
	})
}

func (w *world) sent(path crdt.Path, revision uint64) { w.exchange((*Record).Sent, path, revision) }

func (w *world) acknowledged(path crdt.Path, revision uint64) {
	w.exchange((*Record).Acknowledged, path, revision)
}

func (w *world) exchange(note func(*Record, Sending) (*Outcome, error), path crdt.Path, revision uint64) {
	w.t.Helper()
	w.do(func(r *Record) *Outcome {
		out, err := note(r, Sending{To: crm, Revisions: map[crdt.Path]uint64{path: revision}})
		if err != nil {
			w.t.Fatalf("%s at revision %d: %v", path, revision, err)
		}
		return out
	})
}

func TestCase22_WebhookValueThatDiffersFromItsShadowIsAProposal(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			w.sent("budget", 1)
			w.acknowledged("budget", 1)
			w.verdict(w.webhook("e1", "budget", num(7)), "budget", EditDiverted, NeedsReview, 13)
			p := w.pending("budget").Proposals[0]
			if p.Source != FromWebhook || !p.Authors[0].same(crm.author()) {
				t.Fatalf("proposal %+v", p)
			}
			w.verdict(w.webhook("e2", "wedding_date", text("2027-06-12")), "wedding_date", EditDiverted, NeedsReview, 13)
			w.accepted("wedding_date", crdt.Value{}, 0)
		})
	}
	story(t, modes(Locked), func(t *testing.T, w *world, f form, a, b *device) {
		w.verdict(w.webhook("e1", "budget", num(7)), "budget", EditRejected, Forbidden, 3)
		w.noPending("budget")
	})
}

func TestCase23_OwnValueThatComesBackIsNoEdit(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		for n := range int64(3) {
			o.set("budget", f.n(10*(n+1)))
			o.push()
			w.sent("budget", uint64(n)+2)
		}
		w.verdict(w.webhook("late", "budget", num(20)), "budget", EditNoChange, Echo, 0)
		w.verdict(w.webhook("again", "budget", num(20)), "budget", EditDiverted, StaleBase, 10)
		w.verdict(w.webhook("earlier", "budget", num(10)), "budget", EditDiverted, StaleBase, 4)
		w.verdict(w.webhook("now", "budget", num(30)), "budget", EditNoChange, Echo, 0)
		w.accepted("budget", f.n(30), 4)
	})
}

// A retry, or a second event that tells of the same revision, is no second value
// to wait for: who sets the old value later means it.
func TestRevisionThatIsSentAgainIsExpectedBackOnce(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		for n := range int64(2) {
			o.set("budget", f.n(10*(n+1)))
			o.push()
			w.sent("budget", uint64(n)+2)
			w.sent("budget", uint64(n)+2)
		}
		w.sent("budget", 2) // late
		w.verdict(w.webhook("echo", "budget", num(10)), "budget", EditNoChange, Echo, 0)
		w.verdict(w.webhook("echo 2", "budget", num(20)), "budget", EditNoChange, Echo, 0)
		w.verdict(w.webhook("edit", "budget", num(10)), "budget", EditDiverted, StaleBase, 10)
	})
}

func TestConnectionRepeatsItself(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.webhook("e1", "budget", num(7))
		w.verdict(w.webhook("e2", "budget", text("7.0")), "budget", EditNoChange, Echo, 0)
		w.verdict(w.webhook("e1", "budget", num(8)), "budget", EditNoChange, "", 1)
		values(t, w.open("budget"), 7)
		w.verdict(w.webhook("e3", "budget", num(9)), "budget", EditDiverted, StaleBase, 4)
		values(t, w.open("budget"), 9)
	})
}

// An echo delivered twice is still one: its event is known though its value is
// not expected any more.
func TestRepeatedEchoIsNoEdit(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		w.sent("budget", 1)
		o.set("budget", f.n(10))
		o.push()
		w.sent("budget", 2)
		w.verdict(w.webhook("e1", "budget", num(1)), "budget", EditNoChange, Echo, 0)
		w.verdict(w.webhook("e1", "budget", num(1)), "budget", EditNoChange, "", 1)
		w.noPending("budget")
	})
}

func TestWebhookKnowsWhatItAcknowledged(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		w.sent("budget", 1)
		w.verdict(w.webhook("e1", "budget", num(7)), "budget", EditDiverted, StaleBase, 10)
		w.resolve("budget", Resolution{Action: Keep})
		w.sent("budget", 2)
		w.acknowledged("budget", 2)
		w.acknowledged("budget", 1) // late
		w.verdict(w.webhook("e2", "budget", num(8)), "budget", EditDiverted, NeedsReview, 13)
		if c := w.pending("budget"); c.Base.Revision != 2 {
			t.Fatalf("conflict %+v", c)
		}
	})
}

func TestShadowIsBounded(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(olga)
	a.set("budget", num(1))
	a.push()
	for range 2 * MaxSent {
		w.sent("budget", 1)
	}
	for n := range 2 * MaxEvents {
		w.webhook(fmt.Sprint("e", n), "budget", num(1))
	}
	s := w.rec.ledger.Fields["budget"].Shadows[crm.author().key()]
	if len(s.Sent) > MaxSent || len(s.Events) != MaxEvents || s.Events[0] != fmt.Sprint("e", MaxEvents) {
		t.Fatalf("%d values and %d events, the first %s", len(s.Sent), len(s.Events), s.Events[0])
	}
	w.checkReplay()
}

func TestConnectionsHaveTheirOwnShadows(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.sent("budget", 1)
		other := Principal{Supplier: "s", User: "other-crm", Role: Integration}
		w.seen[name(num(5))] = true
		at := w.now
		out := w.do(func(r *Record) *Outcome {
			out, err := r.Webhook(WebhookEdit{
				From: other, Event: "e1", Fields: fieldsOf("budget", num(5), "notes", text("from the CRM")), Policy: w.policy, Now: at,
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		})
		w.verdict(out, "budget", EditDiverted, StaleBase, 10)
		if a.pull(); a.value("notes").Str != "from the CRM" {
			t.Errorf("notes are %+v", a.value("notes"))
		}
		w.verdict(w.webhook("e1", "budget", num(1)), "budget", EditNoChange, Echo, 0)
	})
}

func TestWebhookIsRefusedWithItsFault(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		before := string(w.rec.Ledger())
		hook := func(who Principal, event string, path crdt.Path) error {
			_, err := w.rec.Webhook(WebhookEdit{From: who, Event: event, Fields: map[crdt.Path]crdt.Value{path: num(5)}, Policy: w.policy, Now: w.now})
			return err
		}
		if err := hook(olga, "e1", "budget"); !errors.Is(err, ErrForbidden) {
			t.Errorf("no connection: %v", err)
		}
		for _, event := range []string{"", strings.Repeat("e", MaxEventID+1)} {
			if err := hook(crm, event, "budget"); !errors.Is(err, ErrEventID) {
				t.Errorf("event of %d bytes: %v", len(event), err)
			}
		}
		var wrong *FieldError
		if err := hook(crm, "e1", "budget.x"); !errors.As(err, &wrong) {
			t.Errorf("below a critical field: %v", err)
		}
		for path, revision := range map[crdt.Path]uint64{"budget": 2, "venue_name": 0, "notes": 1} {
			if _, err := w.rec.Sent(Sending{To: crm, Revisions: map[crdt.Path]uint64{path: revision}}); !errors.As(err, &wrong) {
				t.Errorf("%s at revision %d was sent: %v", path, revision, err)
			}
		}
		if _, err := w.rec.Acknowledged(Sending{To: olga, Revisions: map[crdt.Path]uint64{"budget": 1}}); !errors.Is(err, ErrForbidden) {
			t.Errorf("an owner acknowledges: %v", err)
		}
		if after := string(w.rec.Ledger()); after != before {
			t.Errorf("what was refused changed the ledger")
		}
	})
}

func TestHistoryTellsWhatAConnectionSetInOrdinaryFields(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.webhook("e1", "notes", text("from the CRM"))
		wantLines(t, w.lines(HistoryQuery{Field: "notes"})[1:], "webhook notes: hello → from the CRM, crm")
	})
}

func TestWhatAConnectionSetsInAnOrdinaryFieldIsAValueOfAMergedEntry(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("phone", f.s("0172"))
		at := w.now
		w.webhook("e1", "phone", f.s("0171"))
		b.push()
		m := w.merged("phone")
		i := slices.IndexFunc(m.Values, func(v MergedValue) bool { return v.Author.same(crm.author()) })
		if i < 0 || !m.Values[i].Value.Equal(f.s("0171")) || !m.Values[i].ReceivedAt.Equal(at) {
			t.Fatalf("entry %+v", m)
		}
		w.webhook("e2", "phone", f.s("0173"))
		if m := w.mergedRows[m.ID]; m.Status != MergedSuperseded || !m.ClosedBy.same(crm.author()) {
			t.Fatalf("closed as %+v", m)
		}
	})
}
