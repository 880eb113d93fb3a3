package main

import (
	"context"
	"errors"
	"fmt"

	"wedsync/crdt"
)

// A memberDevice brings a member's edits, and answers the hub's changes, which
// no corpus knows beforehand, as a client does.
type memberDevice struct {
	*automergeDevice
	edits []memberEdit
	place map[string]int // of each document in edits
}

func dialMember(ctx context.Context, c corpus, url string) (*memberDevice, error) {
	d, err := c.dial(ctx, url, "member")
	if err != nil {
		return nil, err
	}
	spoken, ok := d.(*automergeDevice)
	if !ok {
		d.close()
		return nil, errors.New("the device does not speak automerge-repo's protocol")
	}
	return &memberDevice{automergeDevice: spoken}, nil
}

// bring brings one change of each record, until the hub has answered all.
func (d *memberDevice) bring(ctx context.Context, all []memberEdits, which func(memberEdits) memberEdit) error {
	d.edits, d.place = make([]memberEdit, len(all)), make(map[string]int, len(all))
	for i, e := range all {
		d.edits[i] = which(e)
		d.place[d.edits[i].of.document] = i
	}
	return inFlight(ctx, d, len(all), d.offer, answered)
}

func (d *memberDevice) offer(ctx context.Context, _ device, place int) error {
	e := d.edits[place]
	heads := []crdt.Hash{e.hash}
	return d.send(ctx, "sync", e.of, heads, heads, e.chunk)
}

func answered(context.Context, device, news) (bool, error) { return true, nil }

// next waits until the hub has answered an edit. News name the edit by its place.
func (d *memberDevice) next(ctx context.Context) (news, error) {
	for {
		e, err := d.read(ctx)
		if err != nil {
			return news{}, err
		}
		place, awaited := d.place[e.DocumentID]
		if !awaited {
			continue
		}
		edit := d.edits[place]
		heads, changes, err := edit.answered(e.Data)
		if err == nil && changes {
			err = d.send(ctx, "sync", edit.of, heads, heads)
		}
		return news{place, 1}, err
	}
}

// onlyDiverted checks that the hub has diverted so many edits.
func onlyDiverted(ctx context.Context, s *server, want int) error {
	got, err := s.counter(ctx, `wedsync_verdicts_total{outcome="diverted"}`)
	if err == nil && got != float64(want) {
		err = fmt.Errorf("the hub diverted %v edits, not %d", got, want)
	}
	return err
}
