package hub

import (
	"cmp"
	"time"
)

// Limits bound what the hub keeps and how long it waits.
type Limits struct {
	OpenBytes     int           // records in memory, together
	RoomTasks     int           // tasks that wait in one room; a device's reader waits beyond
	BatchCommits  int           // commits of one transaction
	DeviceRecords int           // records one connection may speak of; more are unavailable to it
	DeviceBytes   int           // made messages that wait for one socket; beyond, they are made when it is free
	Ephemerals    int           // ephemeral messages that wait for one socket; beyond, the oldest go
	Malformed     int           // malformed messages of one connection before it is closed
	Unavailable   time.Duration // how long an asker waits for a peer that announced the record
	Quiet         time.Duration // rest of a record before its projection is made
	Contacts      int           // device and record pairs of which the last announced heads are remembered
}

// DefaultLimits are the limits of a hub that is not told otherwise.
var DefaultLimits = Limits{
	OpenBytes:     256 << 20,
	RoomTasks:     1024,
	BatchCommits:  512,
	DeviceRecords: 50_000,
	DeviceBytes:   4 << 20,
	Ephemerals:    64,
	Malformed:     20,
	Unavailable:   10 * time.Second,
	Quiet:         time.Second,
	Contacts:      1_000_000,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		OpenBytes:     cmp.Or(l.OpenBytes, d.OpenBytes),
		RoomTasks:     cmp.Or(l.RoomTasks, d.RoomTasks),
		BatchCommits:  cmp.Or(l.BatchCommits, d.BatchCommits),
		DeviceRecords: cmp.Or(l.DeviceRecords, d.DeviceRecords),
		DeviceBytes:   cmp.Or(l.DeviceBytes, d.DeviceBytes),
		Ephemerals:    cmp.Or(l.Ephemerals, d.Ephemerals),
		Malformed:     cmp.Or(l.Malformed, d.Malformed),
		Unavailable:   cmp.Or(l.Unavailable, d.Unavailable),
		Quiet:         cmp.Or(l.Quiet, d.Quiet),
		Contacts:      cmp.Or(l.Contacts, d.Contacts),
	}
}
