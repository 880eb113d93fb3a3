package conflicts

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// replays runs a command, and again from what the journal keeps of it: both must
// lead to the same.
func (w *world) replays(from Principal, run func(*Record, time.Time) (*Outcome, error)) *Outcome {
	w.t.Helper()
	again, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
	if err != nil {
		w.t.Fatalf("load: %v", err)
	}
	at := w.now
	out := w.do(func(r *Record) *Outcome {
		out, err := run(r, at)
		if err != nil {
			w.t.Fatalf("command: %v", err)
		}
		return out
	})
	var in *Input
	if err := json.Unmarshal([]byte(inJSON(w.t, out.Input)), &in); err != nil {
		w.t.Fatalf("input: %v", err)
	}
	replayed, err := again.Replay(Journaled{
		StoredBatch: w.pasts[len(w.pasts)-1].StoredBatch, From: from, Policy: w.policy, At: at, Input: in,
	}, nil)
	if err != nil {
		w.t.Fatalf("replay: %v", err)
	}
	for what, pair := range map[string][2]string{
		"outcome": {inJSON(w.t, out), inJSON(w.t, replayed)},
		"ledger":  {string(w.rec.Ledger()), string(again.Ledger())},
	} {
		if pair[0] != pair[1] {
			w.t.Fatalf("a replay comes to another %s:\n%s", what, cmp.Diff(pair[0], pair[1]))
		}
	}
	return out
}

func inJSON(t fataler, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(b)
}

func TestWhatAConnectionSaysAndIsToldIsReplayed(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.kind, w.from = KindWebhook, crm
		revisions := Sending{To: crm, Revisions: map[crdt.Path]uint64{"budget": 1}}
		w.replays(crm, func(r *Record, _ time.Time) (*Outcome, error) { return r.Sent(revisions) })
		w.replays(crm, func(r *Record, _ time.Time) (*Outcome, error) { return r.Acknowledged(revisions) })
		delivers := func(event string, budget int64) *Outcome {
			w.seen[name(num(budget))] = true
			return w.replays(crm, func(r *Record, at time.Time) (*Outcome, error) {
				return r.Webhook(WebhookEdit{
					From: crm, Event: event, Policy: w.policy, Now: at,
					Fields: map[crdt.Path]crdt.Value{"budget": num(budget), "notes": text(event)},
				})
			})
		}
		w.verdict(delivers("e1", 1), "budget", EditNoChange, Echo, 0)
		w.verdict(delivers("e2", 7), "budget", EditDiverted, NeedsReview, 13)
		w.verdict(delivers("e3", 8), "budget", EditDiverted, NeedsReview, 4)
	})
}

func TestRemindersAreReplayed(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		w.now = w.now.Add(2 * time.Hour)
		out := w.replays(Principal{}, func(r *Record, at time.Time) (*Outcome, error) { return r.Remind(time.Hour, at) })
		if len(out.Reminded) != 1 {
			t.Fatalf("reminded of %v", out.Reminded)
		}
	})
}

func TestErasureIsTheEndOfAReplay(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	_, err := w.rec.Replay(Journaled{From: olga, At: w.now, Input: &Input{Erases: true}}, nil)
	if !errors.Is(err, ErrErased) {
		t.Fatalf("got %v", err)
	}
}

func TestChoicesAboutMergedEntriesAreReplayed(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for _, key := range []crdt.Path{"phone", "email"} {
			a.set(key, f.s("a"))
			b.set(key, f.s("b"))
		}
		a.push()
		b.push()
		used, seen := w.merged("phone"), w.merged("email")
		w.kind, w.from = KindUse, olga
		w.replays(olga, func(r *Record, at time.Time) (*Outcome, error) {
			return r.UseMerged(MergedUse{By: olga, Entry: used.ID, Value: used.Values[1].Change, Policy: w.policy, Now: at})
		})
		w.kind, w.from = KindDismiss, bob
		out := w.replays(bob, func(r *Record, at time.Time) (*Outcome, error) { return r.DismissMerged(bob, seen.ID, w.policy, at) })
		if out.Empty() || w.mergedRows[used.ID].Status != MergedUsed || w.mergedRows[seen.ID].Status != MergedDismissed {
			t.Fatalf("entries %+v", w.mergedRows)
		}
	})
}
