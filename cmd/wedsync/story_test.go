package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The critical fields that the people of these tests fight over.
const (
	venue = "venue_name"
	date  = "wedding_date"
)

// seedOf is the seed of a random test: WEDSYNC_SEED, or another one each time.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("WEDSYNC_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("WEDSYNC_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("seed %d (again: WEDSYNC_SEED=%d)", seed, seed)
	return seed
}

// A story is a random run of people who edit the same records, with all that
// is needed to say afterwards who may have seen what.
type story struct {
	t       *testing.T
	rand    *rand.Rand
	hub     *hubProcess
	olga    *api
	people  []*person
	records []string
	// accepted holds every value that ever counted, by record and field.
	accepted map[[2]string]map[string]bool
}

// A person is one member with one client.
type person struct {
	*nodeClient
	offline bool
	// wrote holds what the fields showed right after an own edit of them.
	wrote map[[2]string]map[string]bool
}

func newStory(t *testing.T, seed uint64) *story {
	t.Helper()
	s := &story{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), hub: startRacingHub(t),
		accepted: make(map[[2]string]map[string]bool),
	}
	s.olga = s.hub.api(owner("olga"))
	for i := range 2 {
		made := s.olga.create(map[string]any{"name": fmt.Sprintf("Couple %d", i), venue: "Orchard Barn", date: "2027-06-12", "notes": ""})
		s.records = append(s.records, made.DocumentID)
		note(s.accepted, made.DocumentID, venue, "Orchard Barn")
		note(s.accepted, made.DocumentID, date, "2027-06-12")
	}
	node := startNode(t)
	for i, name := range []string{"ada", "ben", "cid", "dan"} {
		o := clientOptions{url: s.hub.sync(member(name))}
		if i == 3 {
			o.version = 1
		}
		p := &person{nodeClient: node.open(name, o), wrote: make(map[[2]string]map[string]bool)}
		for _, id := range s.records {
			p.do("find", args{"id": id})
			p.do("observe", args{"id": id, "field": venue})
			p.do("observe", args{"id": id, "field": date})
		}
		s.people = append(s.people, p)
	}
	return s
}

func note(set map[[2]string]map[string]bool, id, field string, value any) {
	key := [2]string{id, field}
	if set[key] == nil {
		set[key] = make(map[string]bool)
	}
	set[key][canonical(field, value)] = true
}

// canonical is a value of a critical field as the hub compares it.
func canonical(field string, value any) string {
	if value == nil {
		return ""
	}
	text := strings.Join(strings.Fields(fmt.Sprint(plain(value))), " ")
	if field == date && len(text) > len("2027-06-12") {
		return text[:len("2027-06-12")]
	}
	return text
}

// step lets one person do one thing, or the owner decide something.
func (s *story) step(n int) {
	s.t.Helper()
	p := s.people[s.rand.IntN(len(s.people))]
	id := s.records[s.rand.IntN(len(s.records))]
	switch k := s.rand.IntN(20); {
	case k < 8:
		s.edit(p, "splice", args{"id": id, "field": venue, "at": s.rand.Float64(), "remove": s.rand.IntN(3), "insert": string(rune('a' + s.rand.IntN(26)))})
	case k < 10:
		s.edit(p, "set", args{"id": id, "field": venue, "value": fmt.Sprintf("Venue %d of %s", n, p.name)})
	case k < 14:
		day := fmt.Sprintf("2027-%02d-%02d", 1+s.rand.IntN(12), 1+s.rand.IntN(28))
		s.edit(p, "set", args{"id": id, "field": date, "value": s.dateAs(day)})
	case k < 15:
		s.edit(p, "splice", args{"id": id, "field": "notes", "at": s.rand.Float64(), "insert": p.name})
	case k < 18:
		s.toggle(p)
	default:
		s.decide(n)
	}
}

// dateAs is a date in one of the representations that apps use.
func (s *story) dateAs(day string) any {
	switch s.rand.IntN(3) {
	case 0:
		return day
	case 1:
		return args{"$immutable": day}
	}
	return args{"$date": day + "T12:00:00.000Z"}
}

func (s *story) edit(p *person, cmd string, a args) {
	s.t.Helper()
	got := p.do(cmd, a)
	note(p.wrote, a["id"].(string), a["field"].(string), got.Value)
}

func (s *story) toggle(p *person) {
	s.t.Helper()
	if p.offline {
		p.do("online", args{"wait": false})
	} else {
		p.do("offline", nil)
	}
	p.offline = !p.offline
}

// decide lets the owner decide one conflict that is pending. People go on
// editing meanwhile, so the decision may come too late; that is no fault.
func (s *story) decide(n int) {
	s.t.Helper()
	pending := s.olga.conflicts("pending")
	if len(pending) == 0 {
		return
	}
	c := pending[s.rand.IntN(len(pending))]
	record := s.olga.get(c.ClientID).DocumentID
	body := map[string]any{"version": c.Version, "action": "keep"}
	var value any
	switch s.rand.IntN(3) {
	case 0:
		open := c.Proposals[:0:0]
		for _, p := range c.Proposals {
			if p.State == "open" {
				open = append(open, p)
			}
		}
		p := open[s.rand.IntN(len(open))]
		body["action"], body["proposal_id"], value = "accept", p.ID, p.Value
	case 1:
		value = map[string]any{venue: fmt.Sprintf("Decided %d", n), date: "2028-01-01"}[c.Field]
		body["action"], body["value"] = "custom", value
	}
	if value != nil {
		// Before the answer: a client may show the decision sooner than we read it.
		note(s.accepted, record, c.Field, value)
	}
	s.olga.do("POST", "/api/conflicts/"+c.ID+"/resolve", body, nil)
}

// settle brings everybody online and waits until all agree.
func (s *story) settle() {
	s.t.Helper()
	for _, p := range s.people {
		if p.offline {
			s.toggle(p)
		}
	}
	clients := make([]*nodeClient, len(s.people))
	for i, p := range s.people {
		p.do("wait", args{"peer": true})
		clients[i] = p.nodeClient
	}
	for _, id := range s.records {
		converge(s.t, s.hub, id, clients...)
	}
}

func TestNoBlendIsAcceptedOrProposedAndNoDivertedValueIsExposed(t *testing.T) {
	t.Parallel()
	first := seedOf(t)
	p := startProgress(t, "stories", first, *soakStories, nil)
	began := time.Now()
	for n := range *soakStories {
		t.Run(fmt.Sprintf("seed %d", first+uint64(n)), func(t *testing.T) { tellStory(t, first+uint64(n)) })
		p.done.Add(1)
	}
	p.finish(time.Since(began))
}

func tellStory(t *testing.T, seed uint64) {
	s := newStory(t, seed)
	for n := range 250 {
		s.step(n)
	}
	s.settle()
	s.checkProposals()
	s.checkExposure()
	s.checkAgreement()
}

// checkProposals: every proposal is a value that its author saw.
func (s *story) checkProposals() {
	s.t.Helper()
	all := s.olga.conflicts("")
	proposals := 0
	for _, c := range all {
		key := [2]string{s.olga.get(c.ClientID).DocumentID, c.Field}
		for _, p := range c.Proposals {
			proposals++
			if author := s.person(p.Author.User); author == nil || !author.wrote[key][canonical(c.Field, p.Value)] {
				s.t.Errorf("proposal %q for %s of %s: its author %q never saw that value", p.Value, c.Field, key[0], p.Author.User)
			}
		}
		if value := canonical(c.Field, c.Current.Value); !s.accepted[key][value] {
			s.t.Errorf("conflict %s: current value %q was never accepted", c.ID, value)
		}
	}
	if proposals < 10 {
		s.t.Errorf("only %d proposals in %d conflicts: the run shows nothing", proposals, len(all))
	}
}

func (s *story) person(user string) *person {
	for _, p := range s.people {
		if p.name == user {
			return p
		}
	}
	return nil
}

// checkExposure: on no change event has a client shown anything but accepted
// values and its own.
func (s *story) checkExposure() {
	s.t.Helper()
	for _, p := range s.people {
		shown := p.events("shown")
		for i, e := range shown {
			key := [2]string{e.Doc, e.Field}
			value := canonical(e.Field, e.Value)
			if !s.accepted[key][value] && !p.wrote[key][value] {
				s.t.Errorf("%s was shown %s = %q (event %d of %d, %s), which is neither accepted nor its own", p.name, e.Field, value, i, len(shown), e.Source)
			}
		}
		if len(shown) < 50 {
			s.t.Errorf("%s told only %d events: the run shows nothing", p.name, len(shown))
		}
	}
}

// checkAgreement: in the end every client shows the accepted value, names the
// pending conflicts, and the queue has one row for each.
func (s *story) checkAgreement() {
	s.t.Helper()
	checkQueue(s.t, s.olga, s.records)
	for _, id := range s.records {
		record := s.olga.get(id)
		for _, p := range s.people {
			for _, field := range []string{venue, date} {
				if got, want := canonical(field, p.value(id, field)), canonical(field, record.Fields[field]); got != want {
					s.t.Errorf("%s shows %s = %q, accepted is %q", p.name, field, got, want)
				}
				if got, want := pendingIn(p, id, field), record.Pending[field]; got != want {
					s.t.Errorf("%s: sync_conflicts[%s] is %q, pending is %q", p.name, field, got, want)
				}
			}
		}
	}
}

// pendingIn is the conflict that a document itself names for a field.
func pendingIn(p *person, id, field string) string {
	m, ok := p.value(id, "sync_conflicts").(map[string]any)
	if !ok || m[field] == nil {
		return ""
	}
	return fmt.Sprint(plain(m[field]))
}

// checkQueue checks that the queue holds exactly one row per pending conflict.
func checkQueue(t *testing.T, a *api, records []string) {
	t.Helper()
	rows := make(map[[2]string][]string)
	for _, c := range a.conflicts("pending") {
		key := [2]string{c.ClientID, c.Field}
		rows[key] = append(rows[key], c.ID)
	}
	for _, id := range records {
		record := a.get(id)
		for field, conflict := range record.Pending {
			key := [2]string{record.ClientID, field}
			if got := rows[key]; len(got) != 1 || got[0] != conflict {
				t.Errorf("%s of %s: the record says conflict %s is pending, the queue holds %v", field, id, conflict, got)
			}
			delete(rows, key)
		}
	}
	for key, ids := range rows {
		t.Errorf("the queue holds %v for %s of %s, which has nothing pending there", ids, key[1], key[0])
	}
}
