package main

import (
	"fmt"
	"testing"
)

func TestCasesWithRealClients(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	t.Run("conflicting_edits", func(t *testing.T) {
		c := newCast(t, h, node, "mill", "conflicting_edits")
		playEdits(c)
		playProposals(c)
		playValues(c)
		playHistory(c)
	})
	t.Run("every_edit", func(t *testing.T) { playReviewed(newCast(t, h, node, "loft", "every_edit")) })
	t.Run("locked", func(t *testing.T) {
		newCast(t, h, node, "keep", "locked").play("01_edit_without_the_right_to", func(c *cast) {
			id := c.record(c.ada)
			edit(c.ada, id, "budget", 10)
			edit(c.ada, id, "notes", "merges")
			c.stands(id, "budget", "1", c.ada)
			c.stands(id, "notes", "merges", c.ada)
			edit(c.olga, id, "budget", 5)
			c.stands(id, "budget", "5", c.ada, c.olga)
		})
	})
}

func playEdits(c *cast) {
	c.play("01_online_edit_with_nothing_pending", func(c *cast) {
		id := c.record(c.ada, c.ben)
		edit(c.ada, id, "budget", 10)
		c.stands(id, "budget", "10", c.ada, c.ben)
	})
	for _, first := range []int{10, 20} {
		c.play(fmt.Sprintf("02_two_devices_offline_and_%d_arrives_first", first), func(c *cast) {
			id := c.record(c.ada, c.ben)
			offline(c.ada, c.ben)
			set(c.ada, id, "budget", first)
			set(c.ben, id, "budget", 30-first)
			online(id, c.ada, c.ben)
			c.stands(id, "budget", fmt.Sprintf("%d [pending stale_base: %d open]", first, 30-first), c.ada, c.ben)
		})
	}
	c.play("03_both_set_the_same_new_value", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		set(c.ada, id, "venue_name", "Mill")
		set(c.ben, id, "venue_name", "Mill")
		online(id, c.ada, c.ben)
		c.stands(id, "venue_name", "Mill", c.ada, c.ben)
	})
	c.play("04_third_value_while_pending_joins", func(c *cast) {
		id := c.record(c.ada, c.ben, c.cyd)
		offline(c.ada, c.ben, c.cyd)
		for i, o := range []*nodeClient{c.ada, c.ben, c.cyd} {
			set(o, id, "budget", 10*(i+1))
		}
		online(id, c.ada, c.ben)
		before := c.conflicts(id, "budget")[0]
		online(id, c.cyd)
		if after := c.conflicts(id, "budget")[0]; after.ID != before.ID || after.Version != before.Version+1 {
			c.Errorf("the conflict went from %+v to %+v", before, after)
		}
		c.stands(id, "budget", "10 [pending stale_base: 20 open, 30 open]", c.ada, c.ben, c.cyd)
	})
	c.play("11_clear_concurrent_with_set", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		c.ada.do("remove", args{"id": id, "field": "budget"})
		set(c.ben, id, "budget", 20)
		online(id, c.ada, c.ben)
		c.stands(id, "budget", "<nil> [pending stale_base: 20 open]", c.ada, c.ben)
	})
	c.play("12_first_set_by_two_devices", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		set(c.ada, id, "wedding_date", "2027-06-12")
		set(c.ben, id, "wedding_date", "2027-06-19")
		online(id, c.ada, c.ben)
		c.stands(id, "wedding_date", "2027-06-12 [pending stale_base: 2027-06-19 open]", c.ada, c.ben)
	})
	c.play("13_typed_by_two_people", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		typing(c.ada, id, "venue_name", 4, "yard")
		typing(c.ben, id, "venue_name", 4, "acle")
		online(id, c.ada, c.ben)
		c.stands(id, "venue_name", "Barnyard [pending stale_base: Barnacle open]", c.ada, c.ben)
	})
	c.play("15_one_change_edits_notes_and_budget", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		c.ben.do("set", args{"id": id, "fields": args{"notes": "call them", "budget": 20}})
		edit(c.ada, id, "budget", 10)
		online(id, c.ben)
		c.stands(id, "budget", "10 [pending stale_base: 20 open]", c.ada, c.ben)
		c.stands(id, "notes", "call them", c.ada, c.ben)
	})
	c.play("16_twenty_offline_edits_are_one", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		for n := range 20 {
			set(c.ben, id, "budget", 100+n)
		}
		edit(c.ada, id, "budget", 10)
		online(id, c.ben)
		c.stands(id, "budget", "10 [pending stale_base: 119 open]", c.ada, c.ben)
	})
}

// typing types letters into a text, each a change.
func typing(o *nodeClient, id, field string, index int, letters string) {
	o.p.t.Helper()
	for i, letter := range letters {
		o.do("splice", args{"id": id, "field": field, "index": index + i, "insert": string(letter)})
	}
}

func playProposals(c *cast) {
	// proposed is a record in which ben has proposed 20 from revision 1 and seen
	// the mirror of 5.
	proposed := func(c *cast, others ...*nodeClient) (id string) {
		id = c.record(append(others, c.ben)...)
		offline(c.ben)
		c.behind(id)
		set(c.ben, id, "budget", 20)
		online(id, c.ben)
		c.stands(id, "budget", "5 [pending stale_base: 20 open]", c.ben)
		return id
	}
	c.play("06_author_edits_again_while_pending", func(c *cast) {
		id := proposed(c)
		edit(c.ben, id, "budget", 30)
		c.stands(id, "budget", "5 [pending stale_base: 20 superseded, 30 open]", c.ben)
	})
	c.play("07_form_saved_unchanged_after_the_mirror", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		edit(c.ada, id, "venue_name", "Mill")
		set(c.ben, id, "venue_name", "Loft")
		online(id, c.ben)
		edit(c.ben, id, "venue_name", "Mill")
		c.stands(id, "venue_name", "Mill [pending stale_base: Loft open]", c.ada, c.ben)
	})
	c.play("08_own_proposal_was_accepted_meanwhile", func(c *cast) {
		id := proposed(c)
		offline(c.ben)
		set(c.ben, id, "budget", 30)
		c.decide(id, "budget", "accept")
		online(id, c.ben)
		c.stands(id, "budget", "30 [resolved stale_base: 20 accepted]", c.ben)
	})
	c.play("09_own_proposal_was_rejected_meanwhile", func(c *cast) {
		id := proposed(c)
		offline(c.ben)
		set(c.ben, id, "budget", 30)
		c.decide(id, "budget", "keep")
		online(id, c.ben)
		c.stands(id, "budget", "5 [resolved stale_base: 20 rejected] [pending built_on_rejected: 30 open]", c.ben)
		c.decide(id, "budget", "keep")
		c.ben.do("wait", args{"id": id, "acked": true})
		c.ben.do("quiet", nil)
		edit(c.ben, id, "budget", 40) // informed
		c.stands(id, "budget", "40 [resolved stale_base: 20 rejected] [resolved built_on_rejected: 30 rejected]", c.ben)
	})
	c.play("31_later_edit_after_receiving_the_new_revision", func(c *cast) {
		id := c.record(c.ben)
		offline(c.ben)
		for n := range 60 {
			set(c.ben, id, "notes", n)
		}
		set(c.ben, id, "budget", 20)
		c.behind(id)
		online(id, c.ben)
		edit(c.ben, id, "budget", 40)
		c.stands(id, "budget", "5 [pending stale_base: 20 superseded, 40 open]", c.ben)
	})
	c.play("32_form_saved_with_the_old_value", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		edit(c.ada, id, "venue_name", "Mill")
		set(c.ben, id, "venue_name", "Barn")
		online(id, c.ben)
		c.stands(id, "venue_name", "Mill", c.ada, c.ben)
	})
}

func playValues(c *cast) {
	c.play("14_counter_and_date_object", func(c *cast) {
		id := c.record(c.ada, c.ben)
		edit(c.ada, id, "budget", args{"$counter": 1})
		edit(c.ada, id, "wedding_date", args{"$date": "2027-06-12T12:00:00.000Z"})
		edit(c.ada, id, "venue_name", args{"$counter": 7})
		c.stands(id, "budget", "1")
		c.stands(id, "wedding_date", "2027-06-12")
		c.stands(id, "venue_name", "Barn [pending invalid_value: 7 open]", c.ada, c.ben)
	})
	c.play("24_policy_turns_critical_while_values_conflict_and_back", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		for n := range 30 {
			set(c.ben, id, "notes", n) // so that ben's value is the shown one
		}
		set(c.ada, id, "guests", 80)
		set(c.ben, id, "guests", 90)
		online(id, c.ada, c.ben)
		c.critical("conflicting_edits", "guests")
		c.stands(id, "guests", "90 [pending stale_base: 80 open]", c.ada, c.ben)
		c.critical("conflicting_edits")
		edit(c.olga, id, "guests", 100)
		c.stands(id, "guests", "90 [pending stale_base: 80 open, 100 open]", c.ada, c.ben)
		c.decide(id, "guests", "keep")
		c.ada.do("quiet", nil)
		edit(c.ada, id, "guests", 120)
		c.stands(id, "guests", "120 [resolved stale_base: 80 rejected, 100 rejected]", c.ada, c.ben)
	})
	c.play("27_whole_object_above_a_nested_field_is_replaced", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		edit(c.ada, id, "venue.name", "Mill")
		set(c.ben, id, "venue", args{"name": "Loft", "seats": 80})
		online(id, c.ben)
		c.stands(id, "venue.name", "Mill [pending stale_base: Loft open]", c.ada, c.ben)
		c.stands(id, "venue.seats", "80", c.ada, c.ben)
	})
	c.play("29_made_and_corrected_offline_then_uploaded", func(c *cast) {
		offline(c.ada)
		id := c.ada.do("create", args{"fields": args{"name": "Ann", "wedding_date": "2027-06-12"}}).ID
		set(c.ada, id, "wedding_date", "2027-06-19")
		online(id, c.ada)
		c.stands(id, "wedding_date", "2027-06-19", c.ada)
	})
}
