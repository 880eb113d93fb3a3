package activity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A told is an event on its way to those who listen.
type told struct {
	record      crdt.RecordID
	first, last uint64 // journal numbers that it tells of
	index       int    // among the events of last
	kind        string
	began, at   time.Time // they differ for a burst
	data        Data
}

// A telling makes the events of one batch.
type telling struct {
	entry  *store.Entry
	origin *store.Origin
	out    []told
}

// tell are the events of an entry of the journal, in their order. What happens
// while a record is introduced is not told.
func tell(e *store.Entry) []told {
	var out []told
	for i := range e.Batches {
		t := &telling{entry: e, origin: &e.Batches[i].Origin, out: out}
		t.tell()
		out = t.out
	}
	for i := range out {
		out[i].index = i
	}
	return out
}

func (t *telling) tell() {
	o := t.origin
	if o.Kind == conflicts.KindDirectory {
		return // it lists records and is none
	}
	steps := o.Steps
	if steps == nil {
		steps = new(conflicts.Steps)
	}
	if steps.Phase == conflicts.Introducing {
		return
	}
	t.record(steps)
	for _, m := range steps.Merged {
		t.merged(m)
	}
	for i := range o.Verdicts {
		t.verdict(&o.Verdicts[i])
	}
	for i := range steps.Conflicts {
		t.conflict(&steps.Conflicts[i])
	}
	for _, id := range o.Reminded {
		d := t.data()
		d.Conflict = &ConflictData{ID: id}
		d.Text = fmt.Sprintf("Conflict %s has waited for long.", id)
		t.add(ConflictReminded, d)
	}
	if a := o.Activity; a != nil {
		d := t.data()
		d.Activity = &ActivityData{a.Kind, a.Text, a.Data}
		d.Text = fmt.Sprintf("%s: %s", t.who(), a.Text)
		t.add(ActivityPosted, d)
	}
}

// record tells what happened to the record as a whole, and to its fields.
func (t *telling) record(steps *conflicts.Steps) {
	d := t.data()
	switch t.origin.Kind {
	case conflicts.KindDelete:
		d.Text = t.who() + " deleted the client."
		t.add(ClientDeleted, d)
	case conflicts.KindRestore:
		d.Text = t.who() + " restored the client."
		t.add(ClientRestored, d)
	case "erase":
		d.Text = t.who() + " erased the client for good."
		t.add(ClientErased, d)
	}
	if slices.ContainsFunc(t.origin.Log, func(e conflicts.LogEntry) bool { return e.Act == conflicts.ActRecovered }) {
		d.Text = "What the hub had lost of the client came back" + t.way() + "."
		t.add(ClientRecovered, d)
	}
	if steps.Phase == conflicts.Created {
		d.Fields = bounded(t.origin.Changed)
		d.Text = t.who() + " created the client" + t.way() + "."
		t.add(ClientCreated, d)
		return
	}
	if d.Fields = bounded(t.counted()); len(d.Fields) > 0 {
		d.Text = changedText(&d)
		t.add(ClientChanged, d)
	}
}

// counted are the keys that were written, without those of critical fields of
// which nothing counts.
func (t *telling) counted() []string {
	return slices.DeleteFunc(slices.Clone(t.origin.Changed), func(key string) bool {
		judged := false
		for _, v := range t.origin.Verdicts {
			if string(v.Field) != key {
				continue
			}
			if judged = true; v.Outcome == string(conflicts.EditAccepted) {
				return false
			}
		}
		return judged
	})
}

func (t *telling) verdict(v *conflicts.Verdict) {
	kind := "wedsync.verdict." + v.Outcome
	switch v.Outcome {
	case string(conflicts.WithdrawnByAuth):
		kind = VerdictNoChange
	case string(conflicts.EditAccepted):
		if v.Reason == string(conflicts.CauseCreated) {
			return // the record's own first value
		}
	}
	d := t.data()
	d.User, d.Device, d.Role = v.Author.User, v.Author.Device, v.Author.Role
	d.Verdict = &VerdictData{string(v.Field), v.Outcome, v.Reason, v.Conflict, v.Proposal}
	d.Text = fmt.Sprintf("The edit of %s by %s was %s.", v.Field, someone(v.Author.User), outcomes[v.Outcome])
	t.add(kind, d)
}

var outcomes = map[string]string{
	string(conflicts.EditAccepted): "accepted",
	string(conflicts.EditDiverted): "diverted: it waits for a decision",
	string(conflicts.EditRejected): "rejected",
	string(conflicts.EditNoChange): "no change",

	string(conflicts.WithdrawnByAuth): "taken back",
}

func (t *telling) conflict(s *conflicts.ConflictStep) {
	d := t.data()
	d.Conflict = &ConflictData{s.ID, string(s.Field), s.Status, s.Version, s.Reason, s.Action, s.Reopens}
	kind, text := conflictKind(s)
	d.Text = fmt.Sprintf(text, s.Field)
	t.add(kind, d)
	for _, p := range s.Proposals {
		d := t.data()
		d.Conflict = &ConflictData{ID: s.ID, Field: string(s.Field), Status: s.Status, Version: s.Version}
		d.Proposal = &ProposalData{p.ID, p.State, p.Author.User, p.Author.Device}
		state := string(p.State)
		if p.State == conflicts.Open {
			state = "opened"
		}
		d.Text = fmt.Sprintf("The proposal of %s for %s is %s.", someone(p.Author.User), s.Field, strings.ReplaceAll(state, "_", " "))
		t.add("wedsync.proposal."+state, d)
	}
}

// conflictKind is what a step of a conflict is told as, with its sentence.
func conflictKind(s *conflicts.ConflictStep) (kind, text string) {
	switch {
	case s.Status == conflicts.Resolved && s.Was != conflicts.Resolved:
		return ConflictResolved, "The conflict about %s was decided."
	case s.Status == conflicts.Withdrawn:
		return ConflictWithdrawn, "The conflict about %s closed: nobody proposes anything any more."
	case s.Status == conflicts.Erased:
		return ConflictErased, "The conflict about %s ended with its client."
	case s.Was == "" && s.Reopens != "":
		return ConflictReopened, "The decision about %s is reconsidered."
	case s.Was == "":
		return ConflictOpened, "%s waits for a decision."
	case s.Status == conflicts.RecordDeleted && s.Was != s.Status:
		return ConflictRecordDeleted, "The conflict about %s rests: its client was deleted."
	case s.Status == conflicts.Pending && s.Was != s.Status:
		return ConflictRestored, "The conflict about %s waits again: its client was restored."
	}
	return ConflictChanged, "The conflict about %s has moved."
}

func (t *telling) merged(m conflicts.MergedStep) {
	d := t.data()
	d.Merged = &MergedData{m.ID, string(m.Field), m.Status, m.Version}
	switch m.Status {
	case conflicts.MergedOpen:
		d.Text = fmt.Sprintf("%s was set apart: several values stand, one shows.", m.Field)
	case conflicts.MergedUsed:
		d.Text = fmt.Sprintf("%s chose another value of %s.", t.who(), m.Field)
	case conflicts.MergedDismissed:
		d.Text = fmt.Sprintf("%s left %s as it shows.", t.who(), m.Field)
	default:
		d.Text = fmt.Sprintf("%s is no longer set apart.", m.Field)
	}
	t.add(ClientMerged, d)
}

// data is what the events of the batch have in common.
func (t *telling) data() Data {
	d := about(t.entry.Record)
	d.Offsets, d.Commits, d.Origin = &[2]uint64{t.entry.Number, t.entry.Number}, 1, t.origin.Kind
	from := &t.origin.From
	d.User, d.Device, d.Role = from.User, from.Device, from.Role
	return d
}

func (t *telling) add(kind string, d Data) {
	n := t.entry.Number
	t.out = append(t.out, told{
		record: t.entry.Record, first: n, last: n, kind: kind, began: t.origin.At, at: t.origin.At, data: d,
	})
}
