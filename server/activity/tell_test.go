package activity

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

func by(kind string, user string) store.Origin {
	return store.Origin{Kind: kind, From: conflicts.Principal{Supplier: "rose", User: user, Device: "phone", Role: conflicts.Owner}}
}

// step is a batch that brought one conflict from a status to another.
func step(kind string, from, to conflicts.Status, more func(*conflicts.ConflictStep)) store.Origin {
	o := by(kind, "ada")
	s := conflicts.ConflictStep{ID: "c", Field: "budget", Was: from, Status: to, Version: 2, Reason: "stale"}
	if more != nil {
		more(&s)
	}
	o.Steps = &conflicts.Steps{Conflicts: []conflicts.ConflictStep{s}}
	return o
}

func proposal(state, was conflicts.State) func(*conflicts.ConflictStep) {
	return func(s *conflicts.ConflictStep) {
		s.Proposals = []conflicts.ProposalStep{{ID: "p", State: state, Was: was, Author: conflicts.Author{User: "ben", Device: "tablet"}}}
	}
}

// verdicts is a batch that was judged.
func verdicts(keys []string, outcomes ...string) store.Origin {
	o := changed("ada", keys...)
	for _, outcome := range outcomes {
		o.Verdicts = append(o.Verdicts, conflicts.Verdict{Field: "budget", Outcome: outcome, Author: conflicts.Author{User: "ada", Device: "phone"}})
	}
	return o
}

func phased(o store.Origin, p conflicts.Phase) store.Origin {
	o.Steps = &conflicts.Steps{Phase: p}
	return o
}

var tellings = []struct {
	name   string
	origin store.Origin
	want   []string // type and sentence
}{
	{"introduced", phased(verdicts([]string{"name"}, "diverted"), conflicts.Introducing), nil},
	{"created", phased(changed("ada", "name", "notes"), conflicts.Created), []string{ClientCreated, "ada created the client on phone."}},
	{"changed", changed("ada", "notes"), []string{ClientChanged, "ada changed notes on phone."}},
	{"changed much", changed("ada", "a", "b", "c", "d", "e", "f"), []string{ClientChanged, "ada changed a, b, c, d and 2 more on phone."}},
	{"changed more than is named", changed("ada", "a", "b", conflicts.ChangedMore), []string{ClientChanged, "ada changed a, b and more on phone."}},
	{"changed what nobody knows", changed("ada", conflicts.ChangedMore), []string{ClientChanged, "ada changed something on phone."}},
	{"accepted", verdicts([]string{"budget"}, "accepted"), []string{ClientChanged, "ada changed budget on phone.", VerdictAccepted, "The edit of budget by ada was accepted."}},
	{"diverted", verdicts([]string{"budget", "notes"}, "diverted"), []string{ClientChanged, "ada changed notes on phone.", VerdictDiverted, "The edit of budget by ada was diverted: it waits for a decision."}},
	{"diverted alone", verdicts([]string{"budget"}, "diverted"), []string{VerdictDiverted, "The edit of budget by ada was diverted: it waits for a decision."}},
	{"rejected", verdicts([]string{"budget"}, "rejected"), []string{VerdictRejected, "The edit of budget by ada was rejected."}},
	{"no change", verdicts([]string{"budget"}, "no_change"), []string{VerdictNoChange, "The edit of budget by ada was no change."}},
	{"taken back", verdicts(nil, "withdrawn"), []string{VerdictNoChange, "The edit of budget by ada was taken back."}},
	{"deleted", by("delete", "ada"), []string{ClientDeleted, "ada deleted the client."}},
	{"restored", by("restore", "ada"), []string{ClientRestored, "ada restored the client."}},
	{"erased", step("erase", conflicts.Pending, conflicts.Erased, nil), []string{ClientErased, "ada erased the client for good.", ConflictErased, "The conflict about budget ended with its client."}},
	{"recovered", store.Origin{Kind: "sync", From: conflicts.Principal{User: "ada", Device: "phone"}, Log: []conflicts.LogEntry{{Act: conflicts.ActRecovered}}}, []string{ClientRecovered, "What the hub had lost of the client came back on phone."}},
	{"opened", step("sync", "", conflicts.Pending, proposal(conflicts.Open, "")), []string{ConflictOpened, "budget waits for a decision.", ProposalOpened, "The proposal of ben for budget is opened."}},
	{"reopened", step("reopen", "", conflicts.Pending, func(s *conflicts.ConflictStep) { s.Reopens = "former" }), []string{ConflictReopened, "The decision about budget is reconsidered."}},
	{"moved", step("sync", conflicts.Pending, conflicts.Pending, proposal(conflicts.Superseded, conflicts.Open)), []string{ConflictChanged, "The conflict about budget has moved.", ProposalSuperseded, "The proposal of ben for budget is superseded."}},
	{"resolved for", step("resolve", conflicts.Pending, conflicts.Resolved, proposal(conflicts.Accepted, conflicts.Open)), []string{ConflictResolved, "The conflict about budget was decided.", ProposalAccepted, "The proposal of ben for budget is accepted."}},
	{"resolved against", step("resolve", conflicts.Pending, conflicts.Resolved, proposal(conflicts.Rejected, conflicts.Open)), []string{ConflictResolved, "The conflict about budget was decided.", ProposalRejected, "The proposal of ben for budget is rejected."}},
	{"withdrawn", step("withdraw", conflicts.Pending, conflicts.Withdrawn, proposal(conflicts.WithdrawnByAuth, conflicts.Open)), []string{ConflictWithdrawn, "The conflict about budget closed: nobody proposes anything any more.", ProposalWithdrawn, "The proposal of ben for budget is withdrawn."}},
	{"proposed what counts", step("sync", conflicts.Pending, conflicts.Pending, proposal(conflicts.NoChange, conflicts.Open)), []string{ConflictChanged, "The conflict about budget has moved.", ProposalNoChange, "The proposal of ben for budget is no change."}},
	{"rests", step("sync", conflicts.Pending, conflicts.RecordDeleted, nil), []string{ConflictRecordDeleted, "The conflict about budget rests: its client was deleted."}},
	{"waits again", step("sync", conflicts.RecordDeleted, conflicts.Pending, nil), []string{ConflictRestored, "The conflict about budget waits again: its client was restored."}},
	{"reminded", store.Origin{Kind: "reminder", Reminded: []string{"c"}}, []string{ConflictReminded, "Conflict c has waited for long."}},
	{"set apart", store.Origin{Kind: "sync", Steps: &conflicts.Steps{Merged: []conflicts.MergedStep{{ID: "m", Field: "notes", Status: conflicts.MergedOpen}}}}, []string{ClientMerged, "notes was set apart: several values stand, one shows."}},
	{"posted", store.Origin{Kind: "activity", From: conflicts.Principal{User: "ada"}, Activity: &conflicts.Activity{Kind: "call", Text: "Called Zoe"}}, []string{ActivityPosted, "ada: Called Zoe"}},
	{"sent to a connection", by("sent", "crm"), nil},
}

func TestEntriesAreToldAsSentences(t *testing.T) {
	for _, c := range tellings {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for i, e := range tell(&store.Entry{Number: 7, Record: record(1), Batches: []store.Batch{{Origin: c.origin}}}) {
				got = append(got, e.kind, e.data.Text)
				if e.index != i || e.first != 7 || e.last != 7 || e.data.ClientID != record(1).ClientID() {
					t.Errorf("event %d: %+v", i, e)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTheManualListsAllKindsAndEachIsTold(t *testing.T) {
	made := map[string]bool{PresenceShown: true, ReadingShown: true, PositionTold: true, ResetTold: true} // which are of no entry
	for _, c := range tellings {
		for i := 0; i < len(c.want); i += 2 {
			made[c.want[i]] = true
		}
	}
	for _, k := range Kinds() {
		if !made[k.Type] || k.Means == "" {
			t.Errorf("%s is never told, or means nothing", k.Type)
		}
		delete(made, k.Type)
	}
	if len(made) > 0 {
		t.Errorf("the manual lacks %v", made)
	}
}

func TestEventsStaySmall(t *testing.T) {
	const most = 16 << 10
	name := strings.Repeat("n", 250)
	var keys []string
	for i := range conflicts.MaxChanged {
		keys = append(keys, name+string(rune('A'+i)))
	}
	o := changed(name, append(keys, conflicts.ChangedMore)...)
	for _, e := range tell(&store.Entry{Number: 1, Record: record(1), Batches: []store.Batch{{Origin: o}}}) {
		if b := encode(NewSource(epoch, name).told(&e, 1)); len(b) > most {
			t.Errorf("%s has %d bytes", e.kind, len(b))
		}
	}
}

func TestAnErasedEntryTellsNothing(t *testing.T) {
	if got := tell(&store.Entry{Number: 1, Record: record(1)}); len(got) != 0 {
		t.Errorf("told %+v", got)
	}
}

func TestPagesOfARecordComeNewestFirstAndCoverAll(t *testing.T) {
	j := &journal{}
	for i := range 30 {
		j.add(record(byte(1+i%2)), verdicts([]string{"notes"}, "accepted", "diverted"))
		j.entries[i].Batches[0].Origin.At = time.Date(2026, 11, 29, 12, i, 0, 0, time.UTC)
	}
	s := NewSource(epoch, "rose")
	var got []string
	before, pages := Place{}, 0
	for {
		events, next, err := s.Page(t.Context(), j, "rose", record(1), before, 4)
		if err != nil || len(events) > 4 {
			t.Fatal(len(events), err)
		}
		for _, e := range events {
			got = append(got, e.ID)
		}
		pages++
		if next == nil {
			break
		}
		var ok bool
		if before, ok = ParsePlace(next.String()); !ok {
			t.Fatalf("cursor %q", next)
		}
	}
	events, _, err := s.Page(t.Context(), j, "rose", record(1), Place{}, 1000)
	var all []string
	for _, e := range events {
		all = append(all, e.ID)
	}
	if err != nil || len(all) != 45 || !slices.Equal(got, all) || pages != 12 {
		t.Errorf("%d pages of %d events, of %d: %v", pages, len(got), len(all), err)
	}
}

func TestAPageTellsABurstAsOne(t *testing.T) {
	j := &journal{}
	begin := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for i, key := range []string{"a", "b", "c"} {
		j.add(record(1), changed("ada", key))
		j.entries[i].Batches[0].Origin.At = begin.Add(time.Duration(i) * burst * 9 / 10)
	}
	events, next, err := NewSource(epoch, "rose").Page(t.Context(), j, "rose", record(1), Place{}, 9)
	if err != nil || next != nil || len(events) != 1 || events[0].Data.Commits != 3 || *events[0].Data.Offsets != [2]uint64{1, 3} {
		t.Errorf("%+v, %v, %v", events, next, err)
	}
}
