package hub

import (
	"cmp"
	"time"
)

// Limits bound what the hub keeps and how long it waits.
type Limits struct {
	OpenBytes      int           // records in memory, together
	Rest           time.Duration // of a record in memory before it is closed; at the latest after twice that
	InFlight       int           // bytes of messages that wait for their turn, in all rooms together; a device's reader waits beyond
	Delayed        int           // bytes of messages of devices that fight, in all rooms together; a device that sends more is told to come back
	RoomTasks      int           // tasks that wait in one room; a device's reader waits beyond
	BatchCommits   int           // commits of one transaction
	DeviceRecords  int           // records one connection may speak of; more are unavailable to it
	DeviceBytes    int           // made messages that wait for one socket; beyond, they are made when it is free
	Denials        int           // answers "unavailable" that wait for one socket; it is not read from beyond
	Ephemerals     int           // ephemeral messages that wait for one socket; beyond, the oldest go
	EphemeralBytes int           // and their bytes together; one is kept in any case
	Malformed      int           // malformed messages of one connection before it is closed
	Unavailable    time.Duration // how long an asker waits for a peer that announced the record
	Quiet          time.Duration // rest of a record before its projection is made
	Pace           time.Duration // rest between two relays of a record that several devices follow
	TypingRest     time.Duration // rest of an author who types into a critical text before its device is told anything of the record
	TypingMost     time.Duration // how long it is told nothing at most
	Notes          time.Duration // between two times that the store is told what devices hold
	Follow         time.Duration // between two looks at what other nodes stored that no ring told of
	ComeBack       time.Duration // after which a device that could not be served is told to come back, at most
	Contacts       int           // device and record pairs that left of which the heads are remembered in memory; beyond, the oldest go
}

// DefaultLimits are the limits of a hub that is not told otherwise.
var DefaultLimits = Limits{
	OpenBytes:      256 << 20,
	Rest:           5 * time.Second,
	InFlight:       64 << 20,
	Delayed:        16 << 20,
	RoomTasks:      1024,
	BatchCommits:   512,
	DeviceRecords:  20_000,
	DeviceBytes:    4 << 20,
	Denials:        1024,
	Ephemerals:     64,
	EphemeralBytes: 1 << 20,
	Malformed:      20,
	Unavailable:    10 * time.Second,
	Quiet:          time.Second,
	Pace:           40 * time.Millisecond,
	TypingRest:     time.Second,
	TypingMost:     3 * time.Second,
	Notes:          30 * time.Second,
	Follow:         500 * time.Millisecond,
	ComeBack:       3 * time.Second,
	Contacts:       100_000,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		OpenBytes:      cmp.Or(l.OpenBytes, d.OpenBytes),
		Rest:           cmp.Or(l.Rest, d.Rest),
		InFlight:       cmp.Or(l.InFlight, d.InFlight),
		Delayed:        cmp.Or(l.Delayed, d.Delayed),
		RoomTasks:      cmp.Or(l.RoomTasks, d.RoomTasks),
		BatchCommits:   cmp.Or(l.BatchCommits, d.BatchCommits),
		DeviceRecords:  cmp.Or(l.DeviceRecords, d.DeviceRecords),
		DeviceBytes:    cmp.Or(l.DeviceBytes, d.DeviceBytes),
		Denials:        cmp.Or(l.Denials, d.Denials),
		EphemeralBytes: cmp.Or(l.EphemeralBytes, d.EphemeralBytes),
		Ephemerals:     cmp.Or(l.Ephemerals, d.Ephemerals),
		Malformed:      cmp.Or(l.Malformed, d.Malformed),
		Unavailable:    cmp.Or(l.Unavailable, d.Unavailable),
		Quiet:          cmp.Or(l.Quiet, d.Quiet),
		Pace:           cmp.Or(l.Pace, d.Pace),
		TypingRest:     cmp.Or(l.TypingRest, d.TypingRest),
		TypingMost:     cmp.Or(l.TypingMost, d.TypingMost),
		Follow:         cmp.Or(l.Follow, d.Follow),
		Notes:          cmp.Or(l.Notes, d.Notes),
		ComeBack:       cmp.Or(l.ComeBack, d.ComeBack),
		Contacts:       cmp.Or(l.Contacts, d.Contacts),
	}
}
