package main

import (
	"fmt"
	"strings"
)

func playHistory(c *cast) {
	c.play("17_record_deleted_restored_and_erased_while_pending", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		c.behind(id)
		set(c.ben, id, "budget", 20)
		online(id, c.ben)
		conflict := c.conflicts(id, "budget")[0]
		status := func() string {
			var row queueItem
			c.owner.must("GET", "/api/conflicts/"+conflict.ID, nil, &row)
			return row.Status
		}
		denied := func(o *nodeClient) {
			o.await("unavailable", func(e event) bool { return e.Doc == id })
		}
		c.owner.must("DELETE", "/api/clients/"+id, nil, nil)
		denied(c.ada)
		if got := status(); got != "record_deleted" {
			c.Errorf("deleted: the conflict is %s", got)
		}
		sent := c.ada.do("traffic", nil).Sent
		set(c.ada, id, "notes", "written meanwhile")
		c.ada.do("wait", args{"sent": sent + 1}) // and so counted as sent, to a hub that could not take it
		c.owner.must("POST", "/api/clients/"+id+"/restore", nil, nil)
		c.ben.awaitValue(id, "notes", "written meanwhile")
		c.stands(id, "budget", "5 [pending stale_base: 20 open]", c.ada, c.ben)
		c.owner.must("POST", "/api/clients/"+id+"/erase", nil, nil)
		if got := status(); got != "erased" {
			c.Errorf("erased: the conflict is %s", got)
		}
		set(c.ada, id, "notes", "still here")
		offline(c.ada)
		c.ada.do("online", nil) // and offers all of it
		c.ada.do("quiet", nil)
		if status := c.owner.do("GET", "/api/clients/"+id, nil, nil); status != 404 {
			c.Errorf("an erased record is answered with %d", status)
		}
		if a, err := c.cyd.try("find", args{"id": id}); err == nil || a.Error != "unavailable" {
			c.Errorf("somebody found an erased record: %+v, %v", a, err)
		}
	})
	c.play("18_hub_is_killed_between_store_and_answer", func(c *cast) {
		dir := c.TempDir()
		url := c.hub.sync(who{c.supplier, "eli", "member", "eli-device"})
		id := c.record(c.ada)
		eli := c.ada.p.open(c.supplier+"-eli", clientOptions{url: url, storage: dir})
		eli.do("find", args{"id": id})
		c.still(id, eli, c.ada, c.olga)
		offline(eli)
		c.behind(id)
		c.still(id, c.ada, c.olga)
		offline(c.ada, c.olga)
		set(eli, id, "budget", 20)
		eli.do("save", nil)
		sent := eli.do("traffic", nil).Sent
		eli.do("online", nil)
		eli.do("wait", args{"sent": sent + 2})
		c.hub.kill()
		c.hub.start()
		// The app restarts too: a client whose socket ends while it answers may
		// leave its document behind.
		eli.do("close", nil)
		eli = c.ada.p.open(c.supplier+"-eli", clientOptions{url: url, storage: dir})
		eli.do("find", args{"id": id})
		eli.do("wait", args{"id": id, "acked": true})
		c.ada.do("online", nil)
		c.stands(id, "budget", "5 [pending stale_base: 20 open]", c.ada, eli)
		c.decide(id, "budget", "keep")
		c.still(id, c.ada, eli)
		c.hub.kill()
		c.hub.start()
		if n := c.receipts("eli", id); n != 1 {
			c.Errorf("eli has %d receipts, want 1", n)
		}
		eli.do("wait", args{"peer": true})
		c.stands(id, "budget", "5 [resolved stale_base: 20 rejected]", eli)
		eli.do("close", nil)
	})
	c.play("19_device_restored_from_a_backup_resends_what_it_has", func(c *cast) {
		dir := c.TempDir()
		url := c.hub.sync(who{c.supplier, "dan", "member", "dan-device"})
		id := c.record(c.ada)
		dan := c.ada.p.open(c.supplier+"-dan", clientOptions{url: url, storage: dir})
		dan.do("find", args{"id": id})
		dan.do("save", nil)
		backup := keep(c.T, dir)
		edit(dan, id, "budget", 10)
		dan.do("close", nil)
		dan = c.ada.p.open(c.supplier+"-dan", clientOptions{url: url, storage: backup})
		dan.do("find", args{"id": id})
		edit(dan, id, "notes", "from the restored device")
		c.stands(id, "budget", "10", dan, c.ada)
		c.stands(id, "notes", "from the restored device", dan, c.ada)
		dan.do("close", nil)
	})
	c.play("21_change_arrives_before_its_dependency", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		set(c.ben, id, "notes", "call them")
		set(c.ben, id, "budget", 20)
		all := c.ben.do("changes", args{"id": id}).Changes
		wire := joinWire(c.T, c.hub.sync(who{c.supplier, "ben", "member", "ben-device"}), "ben-raw")
		if err := wire.write(syncFrame("ben-raw", id, syncMessage(all[len(all)-1]))); err != nil {
			c.Fatal(err)
		}
		wire.receiveUntil(func(f frame) bool { return f["type"] == "sync" })
		c.stands(id, "budget", "1", c.ada)
		wire.close()
		online(id, c.ben)
		c.stands(id, "budget", "20", c.ada, c.ben)
		c.stands(id, "notes", "call them", c.ada, c.ben)
	})
	c.play("25_late_device_with_the_longer_history", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		c.ada.do("observe", args{"id": id, "field": "budget"})
		for n := range 60 {
			set(c.ben, id, "notes", n)
		}
		set(c.ben, id, "budget", 99)
		c.behind(id)
		online(id, c.ben)
		c.stands(id, "budget", "5 [pending stale_base: 99 open]", c.ada, c.ben)
		for _, e := range c.ada.events("shown") {
			if e.Doc == id && fmt.Sprint(plain(e.Value)) == "99" {
				c.Errorf("ada was shown the diverted value: %+v", e)
			}
		}
	})
	c.play("26_device_writes_into_sync_conflicts", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		c.behind(id)
		set(c.ben, id, "budget", 20)
		online(id, c.ben)
		pending := c.conflicts(id, "budget")[0].ID
		for _, forged := range []any{args{}, "mine", args{"budget": "x"}} {
			edit(c.ada, id, "sync_conflicts", forged)
			for _, o := range []*nodeClient{c.ada, c.ben} {
				o.do("wait", args{"id": id, "field": "sync_conflicts.budget", "plain": pending})
			}
		}
		c.stands(id, "budget", "5 [pending stale_base: 20 open]", c.ada, c.ben)
	})
	c.play("30_hub_restored_from_an_older_backup", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ben)
		c.behind(id)
		set(c.ben, id, "budget", 20)
		online(id, c.ben)
		c.still(id, c.ada, c.ben, c.olga)
		c.hub.stop()
		older := keep(c.T, c.hub.data)
		c.hub.start()
		for _, o := range []*nodeClient{c.ada, c.ben, c.olga} {
			o.do("wait", args{"peer": true})
		}
		c.decide(id, "budget", "accept")
		c.ada.do("wait", args{"id": id, "field": "budget", "plain": 20})
		edit(c.ada, id, "budget", 30)
		c.ben.do("wait", args{"id": id, "field": "budget", "plain": 30})
		before := c.hubActors(id)
		c.still(id, c.ada, c.ben, c.olga)
		c.hub.stop()
		restore(c.T, older, c.hub.data)
		c.hub.start()
		for _, o := range []*nodeClient{c.ada, c.ben, c.olga} {
			o.do("wait", args{"peer": true})
			o.do("wait", args{"id": id, "acked": true})
		}
		c.still(id, c.ada, c.ben, c.olga) // acknowledged is stored; what came back is judged a moment later
		// What ada set in knowledge of the decision was her own and is judged after it.
		c.stands(id, "budget", "30 [resolved stale_base: 20 accepted]", c.ada, c.ben)
		c.owner.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"notes": "after"}}, nil)
		c.ada.awaitValue(id, "notes", "after")
		if after := c.hubActors(id); after != before+1 {
			c.Errorf("the hub writes under %d actors, before the restore under %d", after, before)
		}
	})
}

// still waits until clients hold what the hub holds and nothing passes any more,
// so that the hub may stop: automerge-repo 2.5.6 loses a document for the rest of
// the session if the socket closes between a message and its answer.
func (c *cast) still(id string, clients ...*nodeClient) {
	c.Helper()
	for _, o := range clients {
		o.do("wait", args{"id": id, "acked": true})
	}
	for _, o := range clients {
		o.do("quiet", nil)
	}
}

// receipts counts the verdicts about a record that a user has not acknowledged.
func (c *cast) receipts(user, id string) (n int) {
	c.Helper()
	var page struct {
		Items []struct {
			ClientID string `json:"client_id"`
		} `json:"items"`
	}
	client := c.owner.get(id).ClientID
	c.hub.api(who{c.supplier, user, "member", user + "-device"}).must("GET", "/api/verdicts", nil, &page)
	for _, item := range page.Items {
		if item.ClientID == client {
			n++
		}
	}
	return n
}

// hubActors counts the actors under which the hub has written into a record.
func (c *cast) hubActors(id string) int {
	c.Helper()
	actors := make(map[string]bool)
	for _, raw := range c.ada.do("changes", args{"id": id}).Changes {
		change := decodeChange(c.T, raw)
		if strings.HasPrefix(change.Message, "wedsync:") {
			actors[string(change.Actor)] = true
		}
	}
	return len(actors)
}

func playReviewed(c *cast) {
	c.play("01_edit_is_proposed_and_mirrored", func(c *cast) {
		id := c.record(c.ada, c.ben)
		edit(c.ada, id, "budget", 10)
		c.stands(id, "budget", "1 [pending needs_review: 10 open]", c.ada, c.ben)
	})
	c.play("02_two_devices_offline", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		set(c.ada, id, "venue_name", "Mill")
		set(c.ben, id, "venue_name", "Loft")
		online(id, c.ada, c.ben)
		c.stands(id, "venue_name", "Barn [pending needs_review: Mill open, Loft open]", c.ada, c.ben)
	})
	c.play("13_two_typists_make_two_proposals", func(c *cast) {
		id := c.record(c.ada, c.ben)
		offline(c.ada, c.ben)
		typing(c.ada, id, "venue_name", 4, "yard")
		typing(c.ben, id, "venue_name", 4, "acle")
		online(id, c.ada, c.ben)
		c.stands(id, "venue_name", "Barn [pending needs_review: Barnyard open, Barnacle open]", c.ada, c.ben)
	})
	c.play("29_typing_into_an_empty_field", func(c *cast) {
		id := c.olga.create(args{"name": "Ann"})
		c.ada.do("find", args{"id": id})
		edit(c.ada, id, "venue_name", "M")
		for i, letter := range "ill" {
			typing(c.ada, id, "venue_name", i+1, string(letter))
			c.ada.do("wait", args{"id": id, "acked": true})
		}
		c.stands(id, "venue_name", "Mill", c.ada, c.olga)
	})
	c.play("fast_typing_is_proposed_character_for_character", func(c *cast) {
		id := c.record(c.ada, c.ben)
		const typed = "The Old Mill at Ashby, garden room"
		for i := range typed {
			c.ada.do("text", args{"id": id, "field": "venue_name", "value": typed[:i+1]}) // as an input field does
		}
		c.ada.do("wait", args{"id": id, "acked": true})
		rows := c.conflicts(id, "venue_name")
		if len(rows) != 1 || rows[0].Status != "pending" {
			c.Fatalf("conflicts %+v", rows)
		}
		var open []string
		for _, p := range rows[0].Proposals {
			if p.State == "open" {
				open = append(open, fmt.Sprint(p.Value))
			}
		}
		if len(open) != 1 || open[0] != typed {
			c.Errorf("proposed is %q, typed was %q", open, typed)
		}
	})
}
