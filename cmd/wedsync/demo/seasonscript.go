package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Who works in the studio, beside the owner: Maya photographs and is on the road, Tom
// runs the office, Priya is the second photographer and reads, Lena has left, and the
// CRM sends what couples enter there.
const (
	owner = "Olivia"
	crm   = "Studio CRM"
)

// tokenRoles are what the tokens of people say.
var tokenRoles = map[string]string{owner: "owner", "Maya": "member", "Tom": "member", "Lena": "member", "Priya": "viewer", crm: "member"}

// stillOn are the devices that are connected while the hub goes on serving.
var stillOn = []string{"studio-imac", "priya-pixel"}

// script is the season until now. Moments of a subject stand together.
func script(now time.Time) []moment {
	on := func(weeks, days int) string { return saturday(now, weeks, days) }
	var moments []moment
	for _, part := range [][]moment{
		houseRules(), bookings(now), decided(on), undecided(on), onTheRoad(on), smallThings(), webhooks(on), talk(),
	} {
		moments = append(moments, part...)
	}
	return moments
}

func houseRules() []moment {
	return []moment{
		{62 * day, all(
			governs(map[string]any{
				"zone": "Europe/Berlin", "reopen_hours": 72, "remind_after": "120h",
				"fields": []map[string]any{
					{"path": "wedding_date", "kind": "date", "review": "every_edit"},
					{"path": "venue_name", "kind": "text", "review": "every_edit"},
					{"path": "budget", "kind": "money", "review": "every_edit"},
					{"path": "deposit", "kind": "money", "review": "locked"},
				},
			}),
			lets(crm, "integration"), lets("Priya", "viewer"),
		)},
		{40 * day, joins("Lena", "lena-phone", "leila", "jun", "maria")},
		{39 * day, leaves("lena-phone")},
		{12 * day, all(shutsOut("lena-phone"), calls("lena-phone", "Lena’s phone"), lets("Lena", "none"))},
	}
}

// bookings are the couples, one about every second day.
func bookings(now time.Time) []moment {
	takers := []string{"Tom", owner, "Tom", "Maya"}
	var moments []moment
	for i, c := range seasonCouples() {
		moments = append(moments, moment{61*day - time.Duration(i)*43*time.Hour, books(takers[i%len(takers)], c)})
	}
	return moments
}

// decided are conflicts that the owner has decided.
func decided(on func(weeks, days int) string) []moment {
	return []moment{
		{6*day + 9*time.Hour, sets("Maya", "kate", "wedding_date", on(13, 0))},
		{6*day + 2*time.Hour, accepts("kate", "wedding_date", 0, "The castle moved them by a week. Contract is amended.")},
		{5*day + 8*time.Hour, sets("Tom", "anouk", "budget", 11200)},
		{5*day + 3*time.Hour, keeps("anouk", "budget", "The album is not in this package. Send a separate quote.")},
		{4*day + 7*time.Hour, sets("Tom", "freya", "venue_name", "Wanås Konst, Knislinge")},
		{4*day + 6*time.Hour, chooses("freya", "venue_name", "Wanås Estate (sculpture park), Skåne", "As it stands in the contract.")},
		{3*day + 20*time.Hour, sets(crm, "misaki", "budget", 24000)},
		{3*day + 4*time.Hour, keeps("misaki", "budget", "The CRM has the price without film.")},
		{2*day + 9*time.Hour, sets("Maya", "shira", "venue_name", "Brooklyn Botanic Garden, Palm House")},
		{2*day + 1*time.Hour, accepts("shira", "venue_name", 0, "Confirmed by their planner.")},
		{2*day + 4*time.Hour, sets("Tom", "thuy", "wedding_date", on(21, 0))},
		{2 * day, keeps("thuy", "wedding_date", "The villa has only the first Saturday.")},
	}
}

// undecided are conflicts that wait, each for another reason.
func undecided(on func(weeks, days int) string) []moment {
	return []moment{
		{9*day + 3*time.Hour, sets("Maya", "eleni", "wedding_date", on(27, 0))},
		{6*day + 5*time.Hour, sets(crm, "neha", "budget", 52000)},
		{3*day + 6*time.Hour, sets("Tom", "rosa", "wedding_date", on(24, -1))},
		{30 * time.Hour, sets("Tom", "siobhan", "venue_name", "Ballymaloe House, Shanagarry (walled garden if dry)")},
		{26 * time.Hour, sets("Tom", "hugo", "budget", 25500)},
		{22 * time.Hour, sets("Maya", "hugo", "budget", 25500)},
		{20 * time.Hour, reopens("thuy", "wedding_date")},
		{19 * time.Hour, all(
			posts("Tom", "aisha", "call", "Harbour House rang: kitchen fire, closed until autumn. They look for another place."),
			sets("Tom", "aisha", "venue_name", nil),
		)},
		{8 * time.Hour, all(jots("studio-imac", "petra", map[string]any{"budget": "about 14 000, ask Liam"}), syncs("studio-imac", "petra"))},
	}
}

// onTheRoad is what devices do: an iPad is put away, a phone works for two days without a
// network, and somebody writes who may only read.
func onTheRoad(on func(weeks, days int) string) []moment {
	var every []string
	for _, c := range seasonCouples() {
		every = append(every, c.key)
	}
	return []moment{
		{8*day + 6*time.Hour, joins("Tom", "studio-imac", every...)},
		{8*day + 5*time.Hour, joins("Maya", "maya-ipad", "amara", "rosa", "leila", "zoya", "misaki", "neha", "freya", "shira", "bjork", "hugo")},
		{8*day + 4*time.Hour, joins("Maya", "maya-phone", "rosa", "neha", "freya", "bjork", "siobhan", "kate")},
		{8*day + 3*time.Hour, joins("Priya", "priya-pixel", "leila", "amara", "neha", "rosa")},
		{8*day + 2*time.Hour, all(
			calls("studio-imac", "Studio iMac"), calls("maya-ipad", "Maya’s iPad"), calls("maya-phone", "Maya’s iPhone"), calls("priya-pixel", "Priya’s Pixel"),
		)},

		{7*day + 4*time.Hour, all(types("maya-ipad", "zoya", "Walked the rooms: the third floor has the best north light."), syncs("maya-ipad", "zoya"))},
		{4*day + 10*time.Hour, all(jots("maya-ipad", "rosa", map[string]any{"wedding_date": on(25, 0)}), syncs("maya-ipad", "rosa"))},
		{4 * day, all(syncs("maya-ipad", "amara", "neha", "shira", "bjork"), leaves("maya-ipad"))},

		{3*day + 1*time.Hour, leaves("maya-phone")},
		{2*day + 7*time.Hour, sets(owner, "bjork", "wedding_date", on(14, -1))},
		{2*day + 5*time.Hour, jots("maya-phone", "bjork", map[string]any{"wedding_date": on(14, 1)})},
		{2*day + 5*time.Hour, types("maya-phone", "bjork", "Ferry on Saturday is full. Sunday works for the church and for the crew.")},
		{2*day + 3*time.Hour, jots("maya-phone", "rosa", map[string]any{"phone": "+44 7700 900141"})},
		{2*day + 2*time.Hour, sets("Tom", "rosa", "phone", "+44 20 7946 0199")},
		{1*day + 9*time.Hour, jots("maya-phone", "freya", map[string]any{"guests": 62})},
		{1*day + 8*time.Hour, sets("Tom", "freya", "guests", 60)},
		{5 * time.Hour, all(joins("Maya", "maya-phone"), syncs("maya-phone", "bjork", "rosa", "freya"))},
		{70 * time.Minute, all(types("maya-phone", "neha", "Met Rohan: the horse may not enter the court. Baraat ends at the gate."), syncs("maya-phone", "neha"))},
		{25 * time.Minute, leaves("maya-phone")},

		{6 * time.Hour, all(types("priya-pixel", "leila", "Henna moves to five."), refused("priya-pixel", "leila"))},
	}
}

// smallThings are what happens between the decisions.
func smallThings() []moment {
	return []moment{
		{7*day + 2*time.Hour, posts("Tom", "amara", "call", "Amara’s aunt wants to fly the drone herself. Told her: not during the vows.")},
		{6*day + 7*time.Hour, sets(owner, "malik", "status", "proposal sent")},
		{5*day + 1*time.Hour, adds("Tom", "neha", "Parking for the van: permit from Syon estate, two weeks ahead.")},
		{3*day + 9*time.Hour, sets(owner, "eleni", "budget", 20400)},
		{2*day + 8*time.Hour, posts("Maya", "zoya", "visit", "Walked Fotografiska with the planner. Lift fits the light stands.")},
		{33 * time.Hour, sets("Tom", "rosa", "guests", 104)},
		{31 * time.Hour, adds("Tom", "rosa", "Caterer: Hanna, hanna@example.org. Crew meal at 19:30.")},
		{30 * time.Hour, phones("Tom", "rosa", "inbound", "+44 20 7946 0141", "12m", "Rosa would rather have the family groups in the hall if it rains. Asked about a second album for her parents.")},
		{29 * time.Hour, writes("Tom", "rosa", "Maya, can you look whether the hall has daylight after five?")},
		{26 * time.Hour, writes("Maya", "rosa", "It has: two tall windows to the west, and the doors open to the quay.")},
		{9*day + 90*time.Minute, writes(owner, "neha", "Priya shoots the mandap with me, Maya the gate. Everybody has a radio.")},
		{28 * time.Hour, posts("Tom", "lucia", "email", "Sent the contract to Lucía and Mateo, signature until Friday.")},
		{27 * time.Hour, sets("Tom", "lucia", "deposit", 5000)},
		{23 * time.Hour, sets(crm, "yael", "guests", 131)},
		{21 * time.Hour, adds("Maya", "amara", "Rain plan: the barn’s east door, white wall, two strobes.")},
		{7 * time.Hour, sets(owner, "dimitra", "status", "proposal sent")},
		{4 * time.Hour, sets("Tom", "shira", "guests", 168)},
		{3 * time.Hour, posts("Tom", "kate", "call", "Kate: guests from Poland arrive on Thursday, wants a welcome shoot at the castle.")},
		{2 * time.Hour, adds("Tom", "kate", "Welcome shoot Thursday 18:00, one hour, invoice separately.")},
		{95 * time.Minute, sets(owner, "wanjiru", "status", "booked")},
		{40 * time.Minute, all(types("studio-imac", "rosa", "Deposit arrived on the 3rd."), syncs("studio-imac", "rosa"))},
		{20 * time.Minute, func(context.Context, *season) error { return nil }}, // the studio closes its hub for a moment
	}
}

// refused waits until the hub has refused what a device wrote into a record.
func refused(device, key string) deed {
	return func(ctx context.Context, s *season) error {
		a, err := s.as(ctx, owner)
		if err != nil {
			return err
		}
		query := url.Values{"client_id": {s.kept[key].Client}, "device": {device}, "state": {"refused"}}
		for deadline := time.Now().Add(devicePatience); ; {
			var page struct {
				Totals struct {
					Refused int `json:"refused"`
				} `json:"totals"`
			}
			if err := a.do(ctx, http.MethodGet, "/api/clients/sync-status?"+query.Encode(), nil, &page); err != nil {
				return err
			}
			if page.Totals.Refused > 0 {
				return nil
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s is not refused after %s", device, devicePatience)
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
