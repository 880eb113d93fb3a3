package demo

import (
	"context"
	_ "embed" // for the script of the devices
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

//go:embed studio.mjs
var studioScript string

// A Server serves a hub until ctx ends, and calls serving with its address.
type Server func(ctx context.Context, p Past, serving func(address string)) error

// A Past is what a hub is served with.
type Past struct {
	Data      string           // directory
	Now       func() time.Time // its clock
	Providers string           // URL of a server that speaks as the providers of communication do, each below its name
	Log       io.Writer
}

// A season is the past of a small wedding studio: its hub is played through the last
// two months by a clock that goes from one moment of the script to the next, while
// people call its API and their devices sync with it. Nothing is written past its doors.
type season struct {
	hub     *hub // for its tokens
	base    string
	began   time.Time
	clock   atomic.Int64 // in nanoseconds, what the hub takes for now
	people  map[string]*api
	kept    map[string]*record // by the couple's key
	studio  *device            // all devices, in one process
	urls    map[string]string  // where each of them syncs
	apps    *apps
	senders map[string]sender // by what the script calls them
}

// A moment is something that happened so long ago.
type moment struct {
	ago time.Duration
	do  deed
}

type deed func(ctx context.Context, s *season) error

const day = 24 * time.Hour

// playSeason has a season happen in the hub's data directory, and returns its devices.
func playSeason(ctx context.Context, serve Server, h *hub, a *apps, nodeModules string) (s *season, err error) {
	s = &season{hub: h, began: time.Now(), people: make(map[string]*api), kept: make(map[string]*record), urls: make(map[string]string), apps: a, senders: make(map[string]sender)}
	s.clock.Store(s.began.Add(-90 * day).UnixNano())
	if s.studio, err = startNode(ctx, nodeModules, "the studio's devices", studioScript); err != nil {
		return nil, err
	}
	serving, cancel := context.WithCancel(ctx)
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { // ends with serving
		now := func() time.Time { return time.Unix(0, s.clock.Load()) }
		ended <- serve(serving, Past{h.data, now, a.base, h.log}, func(a string) { address <- a })
	}()
	select {
	case a := <-address:
		s.base = "http://" + a
		err = s.play(ctx)
		cancel()
		err = errors.Join(err, <-ended)
	case err = <-ended:
		cancel()
	}
	if err != nil {
		s.studio.stop()
		return nil, fmt.Errorf("fill the hub with a season: %w", err)
	}
	return s, nil
}

// play goes through the script, the oldest moment first.
func (s *season) play(ctx context.Context) error {
	moments := script(s.began)
	slices.SortStableFunc(moments, func(a, b moment) int { return int(b.ago.Minutes()) - int(a.ago.Minutes()) })
	for _, m := range moments {
		s.clock.Store(s.began.Add(-m.ago).UnixNano())
		if err := m.do(ctx, s); err != nil {
			return fmt.Errorf("%s ago: %w", m.ago, err)
		}
	}
	return nil
}

// as is the API as one person sees it.
func (s *season) as(ctx context.Context, user string) (*api, error) {
	if a := s.people[user]; a != nil {
		return a, nil
	}
	token, err := s.hub.token(ctx, user, tokenRoles[user], "")
	if err != nil {
		return nil, err
	}
	s.people[user] = &api{base: s.base, token: token}
	return s.people[user], nil
}

// patch sets fields of a record through the API.
func (s *season) patch(ctx context.Context, user, key string, fields map[string]any) error {
	a, err := s.as(ctx, user)
	if err != nil {
		return err
	}
	return a.do(ctx, http.MethodPatch, "/api/clients/"+s.kept[key].Client, map[string]any{"fields": fields}, s.kept[key])
}

// waiting is the conflict of a field that waits.
func (s *season) waiting(ctx context.Context, key, field string) (conflict, error) {
	rows, err := s.conflicts(ctx, "pending", key, field)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("%d conflicts wait about %s of %s", len(rows), field, key)
	}
	if err != nil {
		return conflict{}, err
	}
	return rows[0], nil
}

func (s *season) conflicts(ctx context.Context, status, key, field string) ([]conflict, error) {
	owner, err := s.as(ctx, owner)
	if err != nil {
		return nil, err
	}
	query := url.Values{"status": {status}, "client_id": {s.kept[key].Client}, "field": {field}}
	var page struct {
		Items []conflict `json:"items"`
	}
	err = owner.do(ctx, http.MethodGet, "/api/conflicts?"+query.Encode(), nil, &page)
	return page.Items, err
}

// deviceID is what the API calls a device.
func (s *season) deviceID(ctx context.Context, device string) (string, error) {
	owner, err := s.as(ctx, owner)
	if err != nil {
		return "", err
	}
	var page struct {
		Items []struct {
			ID     string `json:"id"`
			Device string `json:"device"`
		} `json:"items"`
	}
	if err := owner.do(ctx, http.MethodGet, "/api/devices?limit=200", nil, &page); err != nil {
		return "", err
	}
	for _, d := range page.Items {
		if d.Device == device {
			return d.ID, nil
		}
	}
	return "", fmt.Errorf("the hub knows no device %s", device)
}

// synced waits until a device and the hub hold the same of a record.
func (s *season) synced(ctx context.Context, device, key string) error {
	owner, err := s.as(ctx, owner)
	if err != nil {
		return err
	}
	r := s.kept[key]
	for deadline := time.Now().Add(devicePatience); ; {
		held, err := s.studio.do(ctx, "shown", map[string]any{"device": device, "id": r.Document})
		if err != nil {
			return err
		}
		if *r, err = owner.get(ctx, r.Client); err != nil {
			return err
		}
		slices.Sort(held.Heads)
		slices.Sort(r.Heads)
		if slices.Equal(held.Heads, r.Heads) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not hold what the hub has of %s after %s", device, key, devicePatience)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// carryOn connects devices to the hub that goes on serving, and has somebody look at
// a record there.
func (s *season) carryOn(ctx context.Context, address string) error {
	for _, device := range stillOn {
		token := s.urls[device]
		if _, err := s.studio.do(ctx, "join", map[string]any{"device": device, "url": "ws://" + address + "/sync?token=" + token}); err != nil {
			return err
		}
	}
	_, err := s.studio.do(ctx, "look", map[string]any{"device": "studio-imac", "id": s.kept["rosa"].Document, "user": "Tom", "field": "notes"})
	return err
}
