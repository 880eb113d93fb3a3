package activity

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
	"wedsync/server/hub"
)

const (
	presenceRest    = 200 * time.Millisecond // between two signs of life of a device in a record
	maxPresent      = 1024                   // devices in records that are followed; signs of others are dropped
	maxPresenceData = 4 << 10                // bytes of what a device says, both as it came and as JSON
)

// presences tell the signs of life of devices, the newest of each, and none more
// often than its rest allows. It is for one goroutine.
type presences struct {
	shown map[presenceKey]*shown
	modes cbor.DecMode
}

type presenceKey struct {
	record       crdt.RecordID
	user, device string
	reading      string
}

type shown struct {
	until   time.Time         // the rest
	waiting *hub.PresenceNote // the newest that came in it, nil if none did
}

func newPresences() *presences {
	modes, err := cbor.DecOptions{
		MaxNestedLevels: 16, MaxArrayElements: 1024, MaxMapPairs: 1024, DefaultMapType: reflect.TypeFor[map[string]any](), UTF8: cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return &presences{shown: make(map[presenceKey]*shown), modes: modes}
}

// take takes a note and appends it if it is to be told now.
func (p *presences) take(now time.Time, n hub.PresenceNote, out []hub.PresenceNote) []hub.PresenceNote {
	key := presenceKey{n.Record, n.User, n.Device, n.Reading}
	s := p.shown[key]
	switch {
	case s != nil && now.Before(s.until):
		s.waiting = &n
		return out
	case s == nil && len(p.shown) >= maxPresent:
		return out
	}
	p.shown[key] = &shown{until: now.Add(presenceRest)}
	return append(out, n)
}

// due appends the notes whose rest is over.
func (p *presences) due(now time.Time, out []hub.PresenceNote) []hub.PresenceNote {
	from := len(out)
	for key, s := range p.shown {
		switch {
		case now.Before(s.until):
		case s.waiting == nil:
			delete(p.shown, key)
		default:
			out = append(out, *s.waiting)
			s.waiting, s.until = nil, now.Add(presenceRest)
		}
	}
	slices.SortFunc(out[from:], func(x, y hub.PresenceNote) int { return x.At.Compare(y.At) })
	return out
}

// next is when the next rest is over, zero if there is none.
func (p *presences) next() (at time.Time) {
	for _, s := range p.shown {
		if at.IsZero() || s.until.Before(at) {
			at = s.until
		}
	}
	return at
}

// data is what the event of a note tells, and of which type that is.
func (p *presences) data(n *hub.PresenceNote) (kind string, d Data) {
	d = about(n.Record)
	if n.Reading != "" {
		d.Progress, d.Text = new(ProgressData), n.Reading+" is being read."
		if json.Unmarshal(n.Data, d.Progress) != nil {
			d.Progress = nil
		}
		return ReadingShown, d
	}
	d.User, d.Device, d.Presence = n.User, n.Device, p.json(n.Data)
	d.Text = someone(n.User) + " is there" + way("", n.Device) + "."
	return PresenceShown, d
}

// json is what a device said as JSON, nil if that is too large or has no JSON.
func (p *presences) json(data []byte) json.RawMessage {
	if len(data) == 0 || len(data) > maxPresenceData {
		return nil
	}
	var v any
	if p.modes.Unmarshal(data, &v) != nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil || len(b) > maxPresenceData {
		return nil
	}
	return b
}
