package hub_test

import (
	"slices"
	"strings"
	"sync"

	"wedsync/conflicts"
	"wedsync/crdt"
)

var proposalScenarios = []scenario{
	{5, "resolver_submits_an_old_version_and_two_resolve_at_once", func(s *scene) {
		oda := s.owner("oda")
		s.contested()
		old, _ := s.pending("budget")
		oda.set("budget", s.form.n(7))
		oda.send()
		s.expect("concurrent_pending", strings.Join(s.news(), ", "))
		keep := conflicts.Resolution{By: s.author("ada"), Conflict: old.ID, Version: old.Version, Action: conflicts.Keep}
		s.tell("old version: %s", s.decide(keep))
		keep.Version++
		answers := make([]string, 2)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = s.decide(keep) })
		}
		wg.Wait()
		slices.Sort(answers)
		s.tell("both: %s", strings.Join(answers, ", "))
		s.stands("budget")
	}, []row{
		{anyMode, owners, "old version: stale; both: closed, resolved; budget 5@3 [resolved v3 stale_base 1@1→5@2: 6 rejected, 7 rejected]"},
		{anyMode, []conflicts.Role{conflicts.Member, conflicts.Integration, conflicts.Viewer}, "old version: forbidden; both: forbidden, forbidden; budget 5@2 [pending v2 stale_base 1@1→5@2: 6 open, 7 open]"},
	}},
	{6, "author_edits_again_before_seeing_the_mirror", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.edits("budget", s.form.n(10))
		ada.edits("budget", s.form.n(20))
		s.stands("budget")
	}, diverted(
		"ada: stale_base; ada: supersedes, stale_base; budget 5@2 [pending v2 stale_base 1@1→5@2: 10 superseded, 20 open]",
		"ada: forbidden; ada: forbidden; budget 5@2",
		"ada: -; ada: -; budget 5@2",
	)},
	{6, "author_edits_again_after_seeing_the_mirror", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.edits("budget", s.form.n(10))
		ada.pull()
		ada.edits("budget", s.form.n(20))
		s.stands("budget")
	}, diverted(
		"ada: stale_base; ada: supersedes, needs_review; budget 5@2 [pending v2 stale_base 1@1→5@2: 10 superseded, 20 open]",
		"ada: forbidden; ada: forbidden; budget 5@2",
		"ada: -; ada: -; budget 5@2",
	)},
	{6, "author_edits_again_from_the_current_revision", func(s *scene) {
		ada := s.person("ada")
		ada.edits("budget", s.form.n(10))
		ada.edits("budget", s.form.n(20))
		s.stands("budget")
	}, decided(
		"ada: accepted; ada: accepted; budget 20@3",
		"ada: needs_review; ada: supersedes, needs_review; budget 1@1 [pending v2 needs_review 1@1→1@1: 10 superseded, 20 open]",
		"ada: forbidden; ada: forbidden; budget 1@1",
		"ada: -; ada: -; budget 1@1",
	)},
	{7, "author_edits_back_to_the_value_at_its_base", func(s *scene) {
		ada := s.person("ada")
		ada.edits("budget", s.form.n(10))
		ada.edits("budget", s.form.n(1))
		s.stands("budget")
	}, decided(
		"ada: accepted; ada: accepted; budget 1@3",
		"ada: needs_review; ada: no change; budget 1@1 [withdrawn v2 needs_review 1@1→1@1: 10 withdrawn]",
		"ada: forbidden; ada: no change; budget 1@1",
		"ada: -; ada: -; budget 1@1",
	)},
	{7, "form_saved_unchanged_after_the_mirror", func(s *scene) {
		ada := s.person("ada")
		ada.edits("budget", s.form.n(10))
		ada.pull()
		ada.edits("budget", ada.value("budget"))
		s.stands("budget")
	}, decided(
		"ada: accepted; ada: no change; budget 10@2",
		"ada: needs_review; ada: no change; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]",
		"ada: forbidden; ada: no change; budget 1@1",
		"ada: -; ada: -; budget 1@1",
	)},
	{8, "own_proposal_was_accepted_meanwhile", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.edits("budget", s.form.n(20))
		cory := s.phone(s.author("cory"))
		cory.copyFrom(ada) // had synced the proposal, not the acceptance
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
		ada.edits("budget", s.form.n(30))
		cory.edits("budget", s.form.n(40))
		s.stands("budget")
	}, decided(
		"ada: stale_base; olga: resolved; ada: accepted; cory: stale_base; budget 30@4 [resolved v2 stale_base 1@1→5@2: 20 accepted] [pending v1 stale_base 1@1→30@4: 40 open]",
		"ada: stale_base; olga: resolved; ada: needs_review; cory: concurrent_pending; budget 20@3 [resolved v2 stale_base 1@1→5@2: 20 accepted] [pending v2 needs_review 20@3→20@3: 30 open, 40 open]",
		"ada: forbidden; olga: nothing pending; ada: forbidden; cory: forbidden; budget 5@2",
		"ada: -; olga: nothing pending; ada: -; cory: -; budget 5@2",
	)},
	{8, "proposal_of_a_co_author_was_accepted_meanwhile", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		s.behind()
		ada.edits("budget", s.form.n(20))
		ben.edits("budget", s.form.n(20))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
		ben.edits("budget", s.form.n(40))
		s.stands("budget")
	}, decided(
		"ada: stale_base; ben: joins; olga: resolved; ben: accepted; budget 40@4 [resolved v3 stale_base 1@1→5@2: 20 accepted by 2]",
		"ada: stale_base; ben: joins; olga: resolved; ben: needs_review; budget 20@3 [resolved v3 stale_base 1@1→5@2: 20 accepted by 2] [pending v1 needs_review 20@3→20@3: 40 open]",
		"ada: forbidden; ben: forbidden; olga: nothing pending; ben: forbidden; budget 5@2",
		"ada: -; ben: -; olga: nothing pending; ben: -; budget 5@2",
	)},
	{9, "own_proposal_was_rejected_meanwhile", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.edits("budget", s.form.n(20))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Keep})
		ada.edits("budget", s.form.n(30))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Keep})
		ada.pull()
		ada.edits("budget", s.form.n(40)) // informed
		s.stands("budget")
	}, decided(
		"ada: stale_base; olga: resolved; ada: built_on_rejected; olga: resolved; ada: accepted; budget 40@5 [resolved v2 stale_base 1@1→5@2: 20 rejected] [resolved v2 built_on_rejected 1@1→5@3: 30 rejected]",
		"ada: stale_base; olga: resolved; ada: built_on_rejected; olga: resolved; ada: needs_review; budget 5@4 [resolved v2 stale_base 1@1→5@2: 20 rejected] [resolved v2 built_on_rejected 1@1→5@3: 30 rejected] [pending v1 needs_review 5@4→5@4: 40 open]",
		"ada: forbidden; olga: nothing pending; ada: forbidden; olga: nothing pending; ada: forbidden; budget 5@2",
		"ada: -; olga: nothing pending; ada: -; olga: nothing pending; ada: -; budget 5@2",
	)},
	{10, "a_custom_value_was_chosen_meanwhile", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.edits("budget", s.form.n(20))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Custom, Value: s.form.n(15)})
		ada.edits("budget", s.form.n(30))
		s.stands("budget")
	}, diverted(
		"ada: stale_base; olga: resolved; ada: built_on_rejected; budget 15@3 [resolved v2 stale_base 1@1→5@2: 20 rejected] [pending v1 built_on_rejected 1@1→15@3: 30 open]",
		"ada: forbidden; olga: nothing pending; ada: forbidden; budget 5@2",
		"ada: -; olga: nothing pending; ada: -; budget 5@2",
	)},
	{31, "nothing_is_folded_across_bases_in_one_batch", func(s *scene) {
		ben := s.person("ben")
		ben.rambles()
		ben.set("budget", s.form.n(20))
		s.behind()
		ben.copyFrom(s.olga)
		s.tell("ben shows %s", show(ben.value("budget").JSON()))
		ben.edits("budget", s.form.n(40))
		s.stands("budget")
	}, diverted(
		"ben shows 20; ben: stale_base, supersedes, needs_review; budget 5@2 [pending v2 stale_base 1@1→5@2: 20 superseded, 40 open]",
		"ben shows 20; ben: forbidden, forbidden; budget 5@2",
		"ben shows 20; ben: -; budget 5@2",
	)},
	{31, "nothing_is_folded_across_bases_in_two_batches", func(s *scene) {
		ben := s.person("ben")
		ben.rambles()
		ben.set("budget", s.form.n(20))
		s.behind()
		ben.sends()
		ben.copyFrom(s.olga)
		s.tell("ben shows %s", show(ben.value("budget").JSON()))
		ben.edits("budget", s.form.n(40))
		s.stands("budget")
	}, diverted(
		"ben: stale_base; ben shows 20; ben: supersedes, needs_review; budget 5@2 [pending v2 stale_base 1@1→5@2: 20 superseded, 40 open]",
		"ben: forbidden; ben shows 20; ben: forbidden; budget 5@2",
		"ben: -; ben shows 20; ben: -; budget 5@2",
	)},
	{33, "merged_device_of_one_author_sets_a_third_value", func(s *scene) {
		first, second := s.twoPhones()
		first.edits("budget", s.form.n(10))
		second.edits("budget", s.form.n(20))
		first.pull()
		first.copyFrom(second)
		first.edits("budget", s.form.n(30))
		s.stands("budget")
	}, diverted(
		"ada: stale_base; ada: concurrent_pending; ada: supersedes, needs_review; budget 5@2 [pending v3 stale_base 1@1→5@2: 10 superseded, 20 superseded, 30 open]",
		"ada: forbidden; ada: forbidden; ada: forbidden; budget 5@2",
		"ada: -; ada: -; ada: -; budget 5@2",
	)},
	{33, "equal_proposals_by_one_author_are_one", func(s *scene) {
		first, second := s.twoPhones()
		first.edits("budget", s.form.n(10))
		second.edits("budget", s.form.n(10))
		s.stands("budget")
	}, diverted(
		"ada: stale_base; ada: joins; budget 5@2 [pending v2 stale_base 1@1→5@2: 10 open]",
		"ada: forbidden; ada: forbidden; budget 5@2",
		"ada: -; ada: -; budget 5@2",
	)},
	{34, "custom_value_that_equals_an_open_proposal", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		s.behind()
		ada.edits("budget", s.form.n(10))
		ben.edits("budget", s.form.n(20))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Custom, Value: crdt.Value{Kind: crdt.Text, Str: "20.00"}})
		s.stands("budget")
	}, diverted(
		"ada: stale_base; ben: concurrent_pending; olga: resolved; budget 20@3 [resolved v3 stale_base 1@1→5@2: 10 rejected, 20 accepted]",
		"ada: forbidden; ben: forbidden; olga: nothing pending; budget 5@2",
		"ada: -; ben: -; olga: nothing pending; budget 5@2",
	)},
}

// twoPhones are two devices of one author who knows only the first revision of
// a field that has moved on.
func (s *scene) twoPhones() (first, second *phone) {
	s.Helper()
	tab := s.author("ada")
	tab.Device = "ada-tab"
	first, second = s.person("ada"), s.holder(tab)
	s.behind()
	return first, second
}
