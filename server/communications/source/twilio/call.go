package twilio

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// A leg is a connection to one telephone. A call of two people has one, and one
// more for each telephone that it was put through to, which name the first one as
// their parent.
type leg struct {
	SID       string `json:"sid"`
	Parent    string `json:"parent_call_sid,omitempty"`
	From      string `json:"from"`
	To        string `json:"to"`
	Name      string `json:"caller_name,omitempty"`
	Direction string `json:"direction"`
	Status    string `json:"status"`
	Duration  string `json:"duration,omitempty"` // in seconds
	Created   date   `json:"date_created"`
	Start     date   `json:"start_time"`
	End       date   `json:"end_time"`
}

type callPage struct {
	Calls []leg  `json:"calls"`
	Next  string `json:"next_page_uri"`
}

func (p *callPage) next() string { return p.Next }
func (p *callPage) size() int    { return len(p.Calls) }

// outcomes are the states of a call from the least to the most that can be said of
// it: one that somebody took was taken, whoever else did not.
var outcomes = []string{"queued", "canceled", "failed", "busy", "no-answer", "initiated", "ringing", "in-progress", "completed"}

const (
	// longest is how long a call takes at most, and so how long after it began it
	// may be put through.
	longest = 24 * time.Hour
	// maxLegs bounds those that wait for their call on a later page. Of a call that
	// lacks one beyond it is not known to whom it was put through.
	maxLegs = 2000
)

// pullCalls makes the next step in the calls.
func pullCalls(ctx context.Context, a source.Account, from source.Place) (source.Step, error) {
	r, err := roundOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	var p callPage
	if err := r.page(ctx, a, "Calls", "StartTime", &p); err != nil {
		return source.Step{}, err
	}
	first, through, err := sorted(append(p.Calls, r.Legs...))
	if err != nil {
		return source.Step{}, err
	}
	r.Legs = waiting(p.Calls, through, r.Next != "")
	step, err := r.step()
	if err != nil {
		return source.Step{}, err
	}
	for _, call := range first {
		if !call.at().Before(a.Since) {
			step.Found = append(step.Found, call.item(a, through[call.SID]))
		}
	}
	return step, nil
}

// sorted are the first legs of calls, each once, and to whom those were put through,
// by the first leg's id.
func sorted(all []leg) (first []leg, through map[string][]leg, err error) {
	at := make(map[string]int, len(all))
	legs := make([]leg, 0, len(all))
	for _, l := range all {
		i, ok := at[l.SID]
		switch {
		case odd(l.SID) || l.at().IsZero():
			return nil, nil, fmt.Errorf("%w: a call with an odd id or without a date", source.ErrUnreadable)
		case !ok:
			at[l.SID] = len(legs)
			legs = append(legs, l)
		case l.outcome() > legs[i].outcome():
			legs[i] = l
		}
	}
	through = make(map[string][]leg)
	for _, l := range legs {
		if l.Parent == "" {
			first = append(first, l)
		} else {
			through[l.Parent] = append(through[l.Parent], l)
		}
	}
	for _, of := range through { // the same whatever page they came on
		slices.SortFunc(of, func(a, b leg) int { return a.at().Compare(b.at()) })
	}
	return first, through, nil
}

// waiting are the legs whose call may be on a later page, or once more: those that
// began within a day after all calls on this page. The first leg of others began before
// everything that this round reads, and was read by one before.
func waiting(page []leg, through map[string][]leg, more bool) (kept []leg) {
	if !more || len(page) == 0 {
		return nil
	}
	oldest := slices.MinFunc(page, func(a, b leg) int { return a.at().Compare(b.at()) }).at()
	for _, of := range through {
		for _, l := range of {
			if l.at().Sub(oldest) <= longest {
				kept = append(kept, l)
			}
		}
	}
	// The oldest first: their calls come next.
	slices.SortFunc(kept, func(a, b leg) int { return a.at().Compare(b.at()) })
	return kept[:min(len(kept), maxLegs)]
}

func (l leg) at() time.Time {
	if l.Start.IsZero() {
		return l.Created.Time
	}
	return l.Start.Time
}

func (l leg) outcome() int { return slices.Index(outcomes, l.Status) }

// item is a call as the store has it, with those whom it was put through to.
func (l leg) item(a source.Account, through []leg) store.Item {
	caller, channel := party(a, "caller", l.From)
	caller.Name = orName(caller.Name, l.Name)
	callee, _ := party(a, "callee", l.To)
	inbound := l.Direction == "inbound"
	if inbound {
		callee.Own = true
	} else {
		caller.Own = true
	}
	// A colleague who calls from a program on a computer calls Twilio, which calls
	// the client.
	caller.Own = caller.Own || channel == "client"
	people := []store.Participant{caller, callee}
	state, seconds := l.Status, number(l.Duration)
	for i, t := range through {
		other, _ := party(a, "callee", t.To)
		other.Own = other.Own || inbound && !caller.Own
		people = append(people, other)
		// What became of the call is what became of the telephone that was reached:
		// Twilio itself always answers.
		if i == 0 || t.outcome() > slices.Index(outcomes, state) {
			state = t.Status
			seconds = 0
		}
		if t.Status == state {
			seconds = max(seconds, number(t.Duration))
		}
	}
	people = source.Together(people)
	item := store.Item{
		Kind: "call", At: l.at(), Direction: source.Way(people, "caller"),
		Key:          source.Key("call", l.SID),
		Detail:       source.Detail{State: source.Line(state, maxSnippet), Seconds: seconds}.JSON(),
		Participants: people,
		Occurrences:  []store.Occurrence{{Provider: l.SID, Level: a.Level}},
	}
	if a.Level < store.LevelEverything {
		item.Detail = nil
	}
	return item
}

func orName(known, said string) string {
	if known != "" {
		return known
	}
	return source.Line(said, maxSnippet)
}
