package conflicts

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"wedsync/crdt"
)

// An Input is what a batch was given beside its changes, its principal, its
// policy and its time. With those it is kept in the journal, and [Record.Replay]
// decides alike. At most one part is set; without any the batch is a delivery.
type Input struct {
	Delivered    *Delivered   `json:"delivered,omitempty"`
	Edit         *Edit        `json:"edit,omitempty"`
	Webhook      *WebhookEdit `json:"webhook,omitempty"`
	Sent         *Sending     `json:"sent,omitempty"`
	Acknowledged *Sending     `json:"acknowledged,omitempty"`
	Resolution   *Resolution  `json:"resolution,omitempty"`
	Withdrawal   *Withdrawal  `json:"withdrawal,omitempty"`
	Reopens      string       `json:"reopens,omitempty"` // the conflict to be reconsidered
	Uses         *MergedUse   `json:"uses,omitempty"`
	Dismisses    string       `json:"dismisses,omitempty"` // the merged entry to be closed
	Reminds      *Reminding   `json:"reminds,omitempty"`
	Deletes      bool         `json:"deletes,omitempty"`
	Restores     bool         `json:"restores,omitempty"`
	Erases       bool         `json:"erases,omitempty"`
	Judges       bool         `json:"judges,omitempty"`
	Repairs      bool         `json:"repairs,omitempty"` // rows are stored again as they should be
}

// Delivered is what of a device's batch is not seen in the changes that it
// stored.
type Delivered struct {
	// Announced are the heads that the device announced, while the record waits.
	Announced []crdt.Hash `json:"announced,omitempty"`
	// Recovers says that the batch brought hub changes that the hub had lost.
	Recovers bool `json:"recovers,omitempty"`
	// Bound are the actors, in hexadecimal, of changes that waited from this
	// batch on, and that became the deliverer's.
	Bound []string `json:"bound,omitempty"`
	// Waited are the changes that came in earlier batches, with those who
	// delivered them.
	Waited []Wait `json:"waited,omitempty"`
}

// A Wait says that a change of a batch was delivered earlier.
type Wait struct {
	Change crdt.Hash `json:"change"`
	By     Principal `json:"by"`
}

// delivered is where the batch notes what its changes will not tell.
func (b *batch) delivered() *Delivered {
	if b.out.Input == nil {
		b.out.Input = &Input{Delivered: new(Delivered)}
	}
	return b.out.Input.Delivered
}

// A Journaled batch is one as the journal keeps it.
type Journaled struct {
	StoredBatch
	From   Principal
	Policy *Policy // that it was judged by
	At     time.Time
	Input  *Input // nil for a delivery that its changes tell all of
}

// Replay does again what a batch of the journal did. The record must have done
// all of its batches before that, and nothing else; row finds a conflict as
// these left it. Of an erasure it returns ErrErased: there is no record any
// more, and nothing that came before it is in the journal.
func (r *Record) Replay(p Journaled, row func(id string) (Conflict, bool)) (*Outcome, error) {
	in := p.Input
	if in == nil {
		in = new(Input)
	}
	switch {
	case in.Edit != nil:
		e := *in.Edit
		e.From, e.Policy, e.Now = p.From, p.Policy, p.At
		return r.Edit(e)
	case in.Webhook != nil:
		w := *in.Webhook
		w.From, w.Policy, w.Now = p.From, p.Policy, p.At
		return r.Webhook(w)
	case in.Sent != nil:
		return r.Sent(Sending{To: p.From, Revisions: in.Sent.Revisions})
	case in.Acknowledged != nil:
		return r.Acknowledged(Sending{To: p.From, Revisions: in.Acknowledged.Revisions})
	case in.Resolution != nil:
		s := *in.Resolution
		s.By, s.Policy, s.Now = p.From, p.Policy, p.At
		return r.Resolve(s)
	case in.Withdrawal != nil:
		w := *in.Withdrawal
		w.By, w.Policy, w.Now = p.From, p.Policy, p.At
		return r.Withdraw(w)
	case in.Reopens != "":
		former, ok := row(in.Reopens)
		if !ok {
			return nil, fmt.Errorf("reopen %s: %w", in.Reopens, ErrUnknownConflict)
		}
		return r.Reopen(Reopening{By: p.From, Former: former, Policy: p.Policy, Now: p.At})
	case in.Uses != nil:
		u := *in.Uses
		u.By, u.Policy, u.Now = p.From, p.Policy, p.At
		return r.UseMerged(u)
	case in.Dismisses != "":
		return r.DismissMerged(p.From, in.Dismisses, p.Policy, p.At)
	case in.Reminds != nil:
		return r.Remind(in.Reminds.After, p.At)
	case in.Deletes:
		return r.Delete(p.From, p.Policy, p.At)
	case in.Restores:
		return r.Restore(p.From, p.Policy, p.At)
	case in.Erases:
		return nil, ErrErased
	case in.Repairs:
		return new(Outcome), nil
	case in.Judges:
		return r.Judge(Judgement{By: p.From, Policy: p.Policy, Now: p.At}), nil
	}
	return r.redeliver(p, in.Delivered)
}

// redeliver is Receive of a batch of the journal.
func (r *Record) redeliver(p Journaled, d *Delivered) (*Outcome, error) {
	if d == nil {
		d = new(Delivered)
	}
	chunks := p.Chunks
	if p.Hub {
		chunks = chunks[:len(chunks)-1]
	}
	changes := make([]*crdt.Change, len(chunks))
	for i, chunk := range chunks {
		c, err := crdt.Decode(chunk, r.env.storedLimits())
		if err != nil {
			return nil, fmt.Errorf("change %d: %w", i, err)
		}
		changes[i] = c
	}
	for _, w := range d.Waited {
		r.carriers[w.Change] = w.By
	}
	b := r.begin(p.From, p.Policy, p.At)
	b.replays = d
	if err := b.rebind(); err != nil {
		return nil, err
	}
	return b.receive(changes, d.Announced), nil
}

// rebind binds the actors of changes that waited from a replayed batch on.
func (b *batch) rebind() error {
	for _, text := range b.replays.Bound {
		actor, err := hex.DecodeString(text)
		if err != nil {
			return fmt.Errorf("actor %q: %w", text, err)
		}
		b.bind(crdt.ActorID(actor), b.from)
		b.delivered().Bound = append(b.delivered().Bound, text)
	}
	return nil
}

// waited reports whether a replayed change had come in an earlier batch.
func (d *Delivered) waited(h crdt.Hash) bool {
	return d != nil && slices.ContainsFunc(d.Waited, func(w Wait) bool { return w.Change == h })
}
