package hub_test

import (
	"wedsync/conflicts"
	"wedsync/crdt"
)

var editScenarios = []scenario{
	{1, "edit_with_nothing_pending", func(s *scene) {
		s.person("ada").edits("budget", s.form.n(10))
		s.stands("budget")
	}, decided(
		"ada: accepted; budget 10@2",
		"ada: needs_review; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]",
		"ada: forbidden; budget 1@1",
		"ada: -; budget 1@1",
	)},
	{2, "two_devices_offline_from_one_revision", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ben.rambles()
		ada.set("budget", s.form.n(10))
		ben.set("budget", s.form.n(20))
		ada.sends()
		ben.sends()
		s.stands("budget")
	}, decided(
		"ada: accepted; ben: stale_base; budget 10@2 [pending v1 stale_base 1@1→10@2: 20 open]",
		"ada: needs_review; ben: concurrent_pending; budget 1@1 [pending v2 needs_review 1@1→1@1: 10 open, 20 open]",
		"ada: forbidden; ben: forbidden; budget 1@1",
		"ada: -; ben: -; budget 1@1",
	)},
	{2, "two_devices_offline_the_other_arrives_first", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ben.rambles()
		ada.set("budget", s.form.n(10))
		ben.set("budget", s.form.n(20))
		ben.sends()
		ada.sends()
		s.stands("budget")
	}, decided(
		"ben: accepted; ada: stale_base; budget 20@2 [pending v1 stale_base 1@1→20@2: 10 open]",
		"ben: needs_review; ada: concurrent_pending; budget 1@1 [pending v2 needs_review 1@1→1@1: 20 open, 10 open]",
		"ben: forbidden; ada: forbidden; budget 1@1",
		"ben: -; ada: -; budget 1@1",
	)},
	{3, "both_set_the_same_new_value", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ben.rambles()
		ada.set("budget", s.form.n(10))
		ben.set("budget", s.form.n(10))
		ada.sends()
		ben.sends()
		s.stands("budget")
	}, decided(
		"ada: accepted; ben: no change; budget 10@2",
		"ada: needs_review; ben: joins; budget 1@1 [pending v2 needs_review 1@1→1@1: 10 open by 2]",
		"ada: forbidden; ben: forbidden; budget 1@1",
		"ada: -; ben: -; budget 1@1",
	)},
	{4, "third_value_while_pending_joins", func(s *scene) {
		ada := s.person("ada")
		s.contested()
		seen, _ := s.pending("budget") // on an open resolve screen
		ada.edits("budget", s.form.n(30))
		s.stands("budget")
		s.tell("screen: %s", s.decide(conflicts.Resolution{By: s.owns("olga"), Conflict: seen.ID, Version: seen.Version, Action: conflicts.Keep}))
	}, diverted(
		"ada: concurrent_pending; budget 5@2 [pending v2 stale_base 1@1→5@2: 6 open, 30 open]; screen: stale",
		"ada: forbidden; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]; screen: resolved",
		"ada: -; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]; screen: resolved",
	)},
	{11, "clear_arrives_before_a_concurrent_set", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ada.set("budget", s.form.nothing())
		ben.set("budget", s.form.n(20))
		ada.sends()
		ben.sends()
		s.stands("budget")
	}, decided(
		"ada: accepted; ben: stale_base; budget nothing@2 [pending v1 stale_base 1@1→nothing@2: 20 open]",
		"ada: needs_review; ben: concurrent_pending; budget 1@1 [pending v2 needs_review 1@1→1@1: nothing open, 20 open]",
		"ada: forbidden; ben: forbidden; budget 1@1",
		"ada: -; ben: -; budget 1@1",
	)},
	{11, "clear_arrives_after_a_concurrent_set", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ada.set("budget", s.form.nothing())
		ben.set("budget", s.form.n(20))
		ben.sends()
		ada.sends()
		s.stands("budget")
	}, decided(
		"ben: accepted; ada: stale_base; budget 20@2 [pending v1 stale_base 1@1→20@2: nothing open]",
		"ben: needs_review; ada: concurrent_pending; budget 1@1 [pending v2 needs_review 1@1→1@1: 20 open, nothing open]",
		"ben: forbidden; ada: forbidden; budget 1@1",
		"ben: -; ada: -; budget 1@1",
	)},
	{12, "first_set_by_two_devices_of_an_unset_field", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ada.set("wedding_date", s.form.s("2027-06-12"))
		ben.set("wedding_date", s.form.s("2027-06-19"))
		ada.sends()
		ben.sends()
		s.stands("wedding_date")
	}, []row{
		{anyMode, owners, "ada: accepted; ben: stale_base; wedding_date 2027-06-12@1 [pending v1 stale_base nothing@0→2027-06-12@1: 2027-06-19 open]"},
		{reviewed, members, "ada: accepted; ben: stale_base; wedding_date 2027-06-12@1 [pending v1 stale_base nothing@0→2027-06-12@1: 2027-06-19 open]"},
		{reviewed, integrations, "ada: needs_review; ben: concurrent_pending; wedding_date nothing@0 [pending v2 needs_review nothing@0→nothing@0: 2027-06-12 open, 2027-06-19 open]"},
		{locked, proposers, "ada: forbidden; ben: forbidden; wedding_date nothing@0"},
		{anyMode, viewers, "ada: -; ben: -; wedding_date nothing@0"},
	}},
	{13, "text_typed_by_two_people_never_blends", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ada.types("venue_name", "Barnyard")
		ben.types("venue_name", "Barley")
		ada.sends()
		ben.sends()
		s.stands("venue_name")
	}, decided(
		"ada: accepted; ben: stale_base; venue_name Barnyard@2 [pending v1 stale_base Barn@1→Barnyard@2: Barley open]",
		"ada: needs_review; ben: concurrent_pending; venue_name Barn@1 [pending v2 needs_review Barn@1→Barn@1: Barnyard open, Barley open]",
		"ada: forbidden; ben: forbidden; venue_name Barn@1",
		"ada: -; ben: -; venue_name Barn@1",
	)},
	{15, "one_change_edits_notes_and_budget", func(s *scene) {
		ada := s.person("ada")
		ada.change(func(b *crdt.Builder) {
			b.Set("notes", s.form.s("call them"))
			b.Set("budget", s.form.n(10))
		})
		ada.sends()
		s.stands("budget")
		s.olga.pull()
		s.tell("notes %s", s.olga.value("notes").Str)
	}, decided(
		"ada: accepted; budget 10@2; notes call them",
		"ada: needs_review; budget 1@1 [pending v1 needs_review 1@1→1@1: 10 open]; notes call them",
		"ada: forbidden; budget 1@1; notes call them",
		"ada: -; budget 1@1; notes hello",
	)},
	{16, "twenty_offline_edits_are_one", func(s *scene) {
		ada := s.person("ada")
		for n := range int64(20) {
			ada.set("budget", s.form.n(100+n))
		}
		ada.sends()
		s.stands("budget")
	}, decided(
		"ada: accepted; budget 119@2",
		"ada: needs_review; budget 1@1 [pending v1 needs_review 1@1→1@1: 119 open]",
		"ada: forbidden; budget 1@1",
		"ada: -; budget 1@1",
	)},
	{28, "device_clocks_never_order", func(s *scene) {
		ada, ben := s.person("ada"), s.person("ben")
		ada.clock = 4_102_444_800 // 2100
		ben.set("budget", s.form.n(20))
		ada.set("budget", s.form.n(10))
		ben.sends()
		ada.sends()
		s.stands("budget")
		for _, c := range s.rows("budget") {
			for _, p := range c.Proposals {
				s.tell("%s edited in %d", p.Authors[0].User, p.EditedAt.Year())
			}
		}
	}, decided(
		"ben: accepted; ada: stale_base; budget 20@2 [pending v1 stale_base 1@1→20@2: 10 open]; ada edited in 2100",
		"ben: needs_review; ada: concurrent_pending; budget 1@1 [pending v2 needs_review 1@1→1@1: 20 open, 10 open]; ben edited in 2023; ada edited in 2100",
		"ben: forbidden; ada: forbidden; budget 1@1",
		"ben: -; ada: -; budget 1@1",
	)},
	{32, "form_saved_with_the_old_value", func(s *scene) {
		ada := s.person("ada")
		s.behind()
		ada.rambles()
		ada.edits("budget", s.form.n(1))
		s.stands("budget")
	}, []row{
		{anyMode, writers, "ada: no change; budget 5@2"},
		{anyMode, viewers, "ada: -; budget 5@2"},
	}},
}
