package demo

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
)

// What the two devices write.
const (
	notesBefore = "Peonies, no lilies."
	notesPhone  = "Met at the barn: ramp needed. Peonies, no lilies."
	notesTab    = "Peonies, no lilies. Deposit paid."
	notesBoth   = "Met at the barn: ramp needed. Peonies, no lilies. Deposit paid."

	dateBefore = "2027-06-12"
	datePhone  = "2027-06-19"
	dateTab    = "2027-09-04"
)

// A story is the demo while it is told.
type story struct {
	*narrator
	hub         *hub
	nodeModules string
	work        string // for the devices' storage

	owner      *api
	couple     record // the record that it is about
	phone, tab *device
}

// tell tells all acts.
func (s *story) tell(ctx context.Context) error {
	defer s.close()
	for _, act := range []func(context.Context) error{
		s.createRecords, s.openOnBothDevices, s.editApart, s.meet, s.restart, s.decide, s.compare,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) close() {
	for _, d := range []*device{s.phone, s.tab} {
		if d != nil {
			d.stop()
		}
	}
}

func (s *story) createRecords(ctx context.Context) error {
	s.begin("A supplier with ten client records")
	for i, fields := range couples() {
		r, err := s.owner.create(ctx, fields)
		if err != nil {
			return err
		}
		if i == 0 {
			s.couple = r
		}
		s.sees("hub", "%-28v %v  %-18v %6v", r.Fields["name"], r.Fields["wedding_date"], r.Fields["venue_name"], r.Fields["budget"])
	}
	return nil
}

func (s *story) openOnBothDevices(ctx context.Context) error {
	s.begin("Two devices open the record of Ada & Ben")
	s.remark("Unmodified automerge-repo 2.5.6 clients; Maya and Tom are members, Olivia owns the business.")
	var err error
	if s.phone, err = s.device(ctx, "Phone in the field", "Maya", "maya-phone"); err != nil {
		return err
	}
	if s.tab, err = s.device(ctx, "Office tab", "Tom", "office-tab"); err != nil {
		return err
	}
	for _, d := range []*device{s.phone, s.tab} {
		a, err := d.do(ctx, "open", map[string]any{"id": s.couple.Document})
		if err != nil {
			return err
		}
		if err := expect(d, a, map[string]any{"notes": notesBefore, "wedding_date": dateBefore}); err != nil {
			return err
		}
		s.sees(d.name, "wedding_date %v, notes %q", a.Fields["wedding_date"], a.Fields["notes"])
	}
	return nil
}

func (s *story) device(ctx context.Context, name, user, id string) (*device, error) {
	token, err := s.hub.token(ctx, user, "member", id)
	if err != nil {
		return nil, err
	}
	url := "ws://" + s.hub.address + "/sync?token=" + token
	return startDevice(ctx, s.nodeModules, name, id, url, filepath.Join(s.work, id))
}

func (s *story) editApart(ctx context.Context) error {
	s.begin("The phone loses its network, and both go on working")
	if _, err := s.phone.do(ctx, "offline", nil); err != nil {
		return err
	}
	s.does(s.phone.name, "offline")
	for _, edit := range []struct {
		device      *device
		notes, date string
	}{{s.phone, notesPhone, datePhone}, {s.tab, notesTab, dateTab}} {
		if _, err := edit.device.do(ctx, "text", map[string]any{"field": "notes", "value": edit.notes}); err != nil {
			return err
		}
		a, err := edit.device.do(ctx, "set", map[string]any{"field": "wedding_date", "value": edit.date})
		if err != nil {
			return err
		}
		s.does(edit.device.name, "writes notes %q and wedding_date %v", a.Fields["notes"], edit.date)
	}
	a, err := s.tab.do(ctx, "until", map[string]any{"fields": map[string]any{"wedding_date": dateBefore}, "waiting": true})
	if err != nil {
		return err
	}
	s.waits(s.tab.name, "wedding_date is %v again: its edit waits for approval", a.Fields["wedding_date"])
	if a, err = s.phone.do(ctx, "shown", nil); err != nil {
		return err
	}
	s.sees(s.phone.name, "still offline, sees its own %v", a.Fields["wedding_date"])
	return s.showQueue(ctx, dateTab)
}

func (s *story) meet(ctx context.Context) error {
	s.begin("The phone comes back: notes merge, the dates do not")
	if _, err := s.phone.do(ctx, "online", nil); err != nil {
		return err
	}
	for _, d := range []*device{s.phone, s.tab} {
		a, err := d.do(ctx, "until", map[string]any{"fields": map[string]any{"notes": notesBoth, "wedding_date": dateBefore}, "waiting": true})
		if err != nil {
			return err
		}
		s.sees(d.name, "notes %q", a.Fields["notes"])
		s.waits(d.name, "wedding_date %v counts until somebody decides", a.Fields["wedding_date"])
	}
	return s.showQueue(ctx, dateTab, datePhone)
}

// showQueue shows what waits in sync_conflicts and checks that it is one row
// with just these proposals.
func (s *story) showQueue(ctx context.Context, dates ...string) error {
	rows, err := s.owner.pending(ctx, s.couple)
	if err != nil {
		return err
	}
	if len(rows) != 1 || len(rows[0].Proposals) != len(dates) {
		return fmt.Errorf("sync_conflicts holds %+v, want one row with proposals %v", rows, dates)
	}
	for i, p := range rows[0].Proposals {
		if p.Value != dates[i] {
			return fmt.Errorf("proposal %d in sync_conflicts is %v, want %s", i, p.Value, dates[i])
		}
		s.waits("sync_conflicts", "%s → %v, from %s on %s (%s)", rows[0].Field, p.Value, p.Author.User, p.Author.Device, p.Reason)
	}
	return nil
}

func (s *story) restart(ctx context.Context) error {
	s.begin("The hub restarts")
	if err := s.hub.stop(); err != nil {
		return err
	}
	s.does("hub", "stopped")
	if err := s.hub.start(); err != nil {
		return err
	}
	for _, d := range []*device{s.phone, s.tab} {
		if _, err := d.do(ctx, "online", nil); err != nil {
			return err
		}
		s.sees(d.name, "connected again by itself")
	}
	return s.showQueue(ctx, dateTab, datePhone)
}

func (s *story) decide(ctx context.Context) error {
	s.begin("Olivia decides")
	rows, err := s.owner.pending(ctx, s.couple)
	if err != nil {
		return err
	}
	c := rows[0] // the act before has counted them
	if err := s.owner.accept(ctx, c, c.Proposals[1].ID); err != nil {
		return err
	}
	s.does("Olivia", "accepts %v, with a note: the barn is free that day", datePhone)
	for _, d := range []*device{s.phone, s.tab} {
		a, err := d.do(ctx, "until", map[string]any{"fields": map[string]any{"wedding_date": datePhone, "notes": notesBoth}, "waiting": false})
		if err != nil {
			return err
		}
		s.sees(d.name, "wedding_date %v", a.Fields["wedding_date"])
	}
	return nil
}

func (s *story) compare(ctx context.Context) error {
	s.begin("Everybody has the same record")
	rows, err := s.owner.pending(ctx, s.couple)
	if err != nil {
		return err
	}
	if len(rows) != 0 {
		return fmt.Errorf("sync_conflicts still holds %+v", rows)
	}
	r, err := s.owner.get(ctx, s.couple.Client)
	if err != nil {
		return err
	}
	s.sees("hub", "wedding_date %v, notes %q", r.Fields["wedding_date"], r.Fields["notes"])
	phone, err := s.phone.do(ctx, "shown", nil)
	if err != nil {
		return err
	}
	tab, err := s.tab.do(ctx, "shown", nil)
	if err != nil {
		return err
	}
	for _, heads := range [][]string{r.Heads, phone.Heads, tab.Heads} {
		slices.Sort(heads)
	}
	if !slices.Equal(r.Heads, phone.Heads) || !slices.Equal(r.Heads, tab.Heads) {
		return fmt.Errorf("heads of hub %v, phone %v and tab %v differ", r.Heads, phone.Heads, tab.Heads)
	}
	if r.Fields["wedding_date"] != datePhone || r.Fields["notes"] != notesBoth {
		return fmt.Errorf("the hub has %v", r.Fields)
	}
	s.sees("hub and devices", "the same heads: %s", strings.Join(phone.Heads, " "))
	return nil
}

func expect(d *device, a answer, want map[string]any) error {
	for field, value := range want {
		if a.Fields[field] != value {
			return fmt.Errorf("%s shows %s = %v, want %v", d.name, field, a.Fields[field], value)
		}
	}
	return nil
}

// waiting is how many conflicts wait for a decision, of all records.
func (s *story) waiting(ctx context.Context) (int, error) {
	var page struct {
		Counts map[string]int `json:"counts"`
	}
	if err := s.owner.do(ctx, http.MethodGet, "/api/conflicts?status=pending&limit=1", nil, &page); err != nil {
		return 0, err
	}
	sum := 0
	for _, n := range page.Counts {
		sum += n
	}
	return sum, nil
}

// farewell says how to go on by hand, where so many conflicts wait, and a client
// (empty for none) has told the studio much.
func (s *story) farewell(waits int, talks string) {
	s.print("\n%s http://%s", s.paint(bold, "The hub keeps serving:"), s.hub.address)
	s.print("   %s  http://%s/#token=%s", s.paint(bold, "app"), s.hub.address, s.owner.token)
	s.remark(fmt.Sprintf("   Open this in a browser: it signs you in as Olivia, the owner, for whose decision %d edits wait.", waits))
	s.print("   data  %s", s.hub.data)
	s.print("   sync  ws://%s/sync?token=…", s.hub.address)
	s.remark("In another terminal:")
	s.print("   export WEDSYNC_URL=http://%s", s.hub.address)
	s.print("   export WEDSYNC_TOKEN=$(%s token --data %s --supplier %s --user %s)", s.hub.binary, s.hub.data, supplier, owner)
	s.print("   %s status", s.hub.binary)
	s.print("   %s conflicts list --status resolved", s.hub.binary)
	s.print("   curl -s -H \"Authorization: Bearer $WEDSYNC_TOKEN\" $WEDSYNC_URL/api/clients")
	if s.couple.Client != "" {
		s.print("   curl -s -H \"Authorization: Bearer $WEDSYNC_TOKEN\" $WEDSYNC_URL/api/clients/%s", s.couple.Client)
	}
	if talks != "" {
		s.remark("What Neha Sharma and the studio told each other, from six sources, which are read now:")
		s.print("   curl -s -X POST -H \"Authorization: Bearer $WEDSYNC_TOKEN\" -H 'Content-Type: application/json' \\")
		s.print("     -d '{\"client_id\": \"%s\"}' $WEDSYNC_URL/api/integrations/communication/sync", talks)
	}
	s.remark("Ctrl-C ends it.")
}
