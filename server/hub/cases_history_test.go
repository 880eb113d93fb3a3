package hub_test

import (
	"os"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store/storetest"
)

var historyScenarios = []scenario{
	{18, "hub_crashes_after_the_store_and_before_the_answer", crashes(storetest.AnswerLost), decided(
		"ada: accepted; ada: -; olga: nothing pending; budget 10@2; 0 receipts",
		"ada: needs_review; ada: -; olga: unavailable; olga: nothing pending; budget 10@2 [resolved v2 needs_review 1@1→1@1: 10 accepted]; 1 receipts",
		"ada: forbidden; ada: -; olga: nothing pending; budget 1@1; 0 receipts",
		"ada: -; ada: -; olga: nothing pending; budget 1@1; 0 receipts",
	)},
	{18, "hub_crashes_before_the_store", crashes(storetest.NotDone), decided(
		"ada: -; ada: accepted; olga: nothing pending; budget 10@2; 0 receipts",
		"ada: -; ada: needs_review; olga: unavailable; olga: resolved; budget 10@2 [resolved v2 needs_review 1@1→1@1: 10 accepted]; 1 receipts",
		"ada: -; ada: forbidden; olga: nothing pending; budget 1@1; 0 receipts",
		"ada: -; ada: -; olga: nothing pending; budget 1@1; 0 receipts",
	)},
	{19, "device_resends_everything", func(s *scene) {
		ada := s.person("ada")
		ada.edits("budget", s.form.n(10))
		var all [][]byte
		for i := range ada.graph.Len() {
			all = append(all, ada.graph.At(i).Raw)
		}
		ada.deliver(s.hub, all...)
		s.judged("again")
		s.stands("budget")
	}, decided(
		"ada: accepted; again: -; budget 10@2",
		"ada: needs_review; again: -; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]",
		"ada: forbidden; again: -; budget 1@1",
		"ada: -; again: -; budget 1@1",
	)},
	{19, "device_equivocates_after_a_restore_from_backup", func(s *scene) {
		ada := s.person("ada")
		restored := ada.twin()
		ada.edits("budget", s.form.n(10))
		restored.edits("budget", s.form.n(20))
		restored.status()
		s.reported()
		ben := s.person("ben")
		ben.edits("theme", s.form.s("Roses")) // all other devices go on
		s.stands("budget")
	}, []row{
		{anyMode, owners, equivocated("accepted", "accepted", "budget 10@2")},
		{conflicting, members, equivocated("accepted", "accepted", "budget 10@2")},
		{every, members, equivocated("needs_review", "accepted", "budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]")},
		{reviewed, integrations, equivocated("needs_review", "needs_review", "budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]")},
		{locked, proposers, equivocated("forbidden", "forbidden", "budget 1@1")},
		{anyMode, viewers, "ada: -; ada: -; ada is refused; reported: read_only; ben: -; budget 1@1"},
	}},
	{20, "two_hub_nodes_receive_the_same_change", func(s *scene) {
		ada := s.person("ada")
		tab := s.author("ada")
		tab.Device = "ada-tab"
		other := s.another(s.store, nil)
		second := s.phone(tab)
		second.pullFrom(other) // which has the record open from here on
		ada.edits("budget", s.form.n(10))
		second.copyFrom(ada)
		second.deliver(other, ada.graph.At(ada.graph.Len()-1).Raw)
		s.judged("other node")
		s.stands("budget")
		s.tell("%d hub changes", s.hubChanges)
	}, decided(
		"ada: accepted; other node: -; budget 10@2; 0 hub changes",
		"ada: needs_review; other node: -; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]; 1 hub changes",
		"ada: forbidden; other node: -; budget 1@1; 1 hub changes",
		"ada: -; other node: -; budget 1@1; 0 hub changes",
	)},
	{21, "change_arrives_before_its_dependency", func(s *scene) {
		ada := s.person("ada")
		first := ada.set("notes", s.form.s("call them"))
		second := ada.set("budget", s.form.n(10))
		ada.deliver(s.hub, second)
		s.judged("ada")
		ada.status()
		s.stands("budget")
		ada.deliver(s.hub, first)
		s.judged("ada")
		s.stands("budget")
	}, decided(
		"ada: -; ada is waiting_for_dependency; budget 1@1; ada: accepted; budget 10@2",
		"ada: -; ada is waiting_for_dependency; budget 1@1; ada: needs_review; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]",
		"ada: -; ada is waiting_for_dependency; budget 1@1; ada: forbidden; budget 1@1",
		"ada: -; ada is refused; budget 1@1; ada: -; budget 1@1",
	)},
	{25, "late_device_with_the_longer_history", func(s *scene) {
		ben := s.person("ben")
		ben.rambles()
		ben.set("budget", s.form.n(99))
		s.behind()
		ben.sends()
		s.stands("budget")
		s.tell("%d hub changes", s.hubChanges) // in the commit of the edit, or check fails
		entries, err := s.store.Journal(s.Context(), s.supplier, s.journal-1, 1)
		if err != nil {
			s.Fatal(err)
		}
		if last := entries[0].Batches[0]; last.Hub {
			s.tell("mirrored in the commit of %s", last.Origin.From.User)
		}
	}, diverted(
		"ben: stale_base; budget 5@2 [pending v1 stale_base 1@1→5@2: 99 open]; 1 hub changes; mirrored in the commit of ben",
		"ben: forbidden; budget 5@2; 1 hub changes; mirrored in the commit of ben",
		"ben: -; budget 5@2; 0 hub changes",
	)},
	{26, "device_writes_into_sync_conflicts", func(s *scene) {
		s.contested()
		ada := s.person("ada")
		ada.rambles()
		ada.edits("sync_conflicts", s.form.s("mine"))
		s.reported()
		s.stands("budget")
	}, []row{
		{anyMode, writers, "ada: -; reported: trespass; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]"},
		{anyMode, viewers, "ada: -; reported: read_only; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]"},
	}},
	{26, "device_writes_under_the_hub_actor", func(s *scene) {
		s.contested()
		ada := s.person("ada")
		ada.actor = s.lastHub
		ada.edits("budget", s.form.n(10))
		s.reported()
		s.stands("budget")
	}, []row{
		{anyMode, writers, "ada: -; reported: forged_hub_change; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]"},
		{anyMode, viewers, "ada: -; reported: read_only; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]"},
	}},
	{26, "device_writes_under_another_users_actor", func(s *scene) {
		mia := s.author("mia")
		mia.Role = conflicts.Member
		other := s.holder(mia)
		other.set("notes", s.form.s("mine"))
		other.send()
		ada := s.person("ada")
		ada.actor = other.actor
		ada.edits("budget", s.form.n(10))
		s.reported()
		s.stands("budget")
	}, []row{
		{anyMode, writers, "ada: -; reported: forged_actor; budget 1@1"},
		{anyMode, viewers, "ada: -; reported: read_only; budget 1@1"},
	}},
	{30, "hub_restored_from_an_older_backup", func(s *scene) {
		dir := s.moveTo()
		ada := s.person("ada")
		ada.set("notes", s.form.s("bound")) // so that its actor is hers
		ada.send()
		s.contested()
		before := s.lastHub
		backup := s.backUp(dir)
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
		ada.pull()
		ada.edits("budget", s.form.n(8))
		s.olga.pull()
		s.restart(backup)
		s.olga.pull() // brings everything
		s.news()
		s.stands("budget")
		_, err := s.hub.Edit(s.Context(), s.id, conflicts.Edit{From: s.owns("olga"), Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Str, Str: "x"}}}, nil)
		if err != nil {
			s.Fatal(err)
		}
		s.news()
		if s.lastHub != before {
			s.tell("next epoch")
		}
	}, decided(
		"olga: resolved; ada: accepted; budget 8@4 [resolved v2 stale_base 1@1→5@2: 6 accepted]; next epoch",
		"olga: resolved; ada: needs_review; budget 6@3 [resolved v2 stale_base 1@1→5@2: 6 accepted] [pending v1 stale_base 5@2→6@3: 8 open]; next epoch",
		"olga: resolved; ada: forbidden; budget 6@3 [resolved v2 stale_base 1@1→5@2: 6 accepted]; next epoch",
		"olga: resolved; ada: -; budget 6@3 [resolved v2 stale_base 1@1→5@2: 6 accepted]; next epoch",
	)},
}

func equivocated(first, others, state string) string {
	return "ada: " + first + "; ada: -; ada is refused; reported: equivocation; ben: " + others + "; " + state
}

// crashes plays case 18: the append of the edit fails, and that of the decision.
// Each time another hub opens the store.
func crashes(fault storetest.Fault) func(*scene) {
	return func(s *scene) {
		st := storetest.NewFaulty(s.store)
		s.hub = s.another(st, nil)
		ada := s.person("ada")
		if s.role.MayPropose() {
			st.Fail(storetest.Append, fault)
		}
		ada.set("budget", s.form.n(10))
		ada.sends()
		s.hub = s.another(st, nil)
		ada.sends()
		again := ada.graph.At(ada.graph.Len() - 1).Raw
		ada.deliver(s.hub, again)
		if _, pending := s.pending("budget"); pending {
			st.Fail(storetest.Append, fault)
			s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
			s.hub = s.another(st, nil)
		}
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
		s.stands("budget")
		receipts, err := st.Receipts(s.Context(), s.supplier, "ada", "ada-phone", "", 10)
		if err != nil {
			s.Fatal(err)
		}
		s.tell("%d receipts", len(receipts))
	}
}

// moveTo gives the scene a store of its own, in a directory, and begins anew.
func (s *scene) moveTo() (dir string) {
	s.Helper()
	dir = s.TempDir()
	s.open(dir)
	s.facts, s.journal = nil, 0
	s.begin()
	return dir
}

func (s *scene) open(dir string) {
	s.Helper()
	st, err := open(s.Context(), dir)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := st.Close(); err != nil {
			s.Error(err)
		}
	})
	s.store, s.hub = st, s.another(st, nil)
}

// backUp copies the store as it is now.
func (s *scene) backUp(dir string) (backup string) {
	s.Helper()
	s.hub.Close()
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	backup = s.TempDir()
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		s.Fatal(err)
	}
	s.open(dir)
	return backup
}

// restart opens a backup in place of the store that was lost.
func (s *scene) restart(backup string) {
	s.Helper()
	s.hub.Close()
	s.open(backup)
	entries, err := s.store.Journal(s.Context(), s.supplier, 0, 1000)
	if err != nil {
		s.Fatal(err)
	}
	s.journal = entries[len(entries)-1].Number
}
