package store

import (
	"context"
	"time"

	"wedsync/crdt"
)

// A Device is one that has synced. Device is unique among those of its user.
type Device struct {
	Supplier  string
	User      string
	Device    string
	StorageID string    // of its automerge-repo storage, empty if it has none
	Name      string    // what people call it, empty if it was never named
	Since     time.Time // when it was first seen
	At        time.Time // when it was last seen
}

// DeviceHeads is what a device said it holds of a record.
type DeviceHeads struct {
	Supplier string
	User     string
	Device   string
	Record   crdt.RecordID
	Heads    []crdt.Hash // ascending
	Refused  string      // why a change of it was refused last, empty if none was
	At       time.Time
}

// MaxDevices bounds the devices of a supplier that are remembered.
const MaxDevices = 2000

// Devices remembers devices, for people who ask whether theirs is up to date.
// What it notes may be lost in a power failure, without harm. No call delays a
// commit by more than a moment.
type Devices interface {
	// Seen notes devices. An older At than the stored one changes nothing. A new
	// device was first seen at Since, or At if that is zero, and has the name that
	// is given; a known one keeps both. Of more than MaxDevices those that were
	// seen longest ago are forgotten, with their names and all that they announced.
	Seen(ctx context.Context, devices []Device) error
	// NameDevice names a device, durably; empty takes its name away. It returns
	// ErrNotFound if the device was never seen or is forgotten.
	NameDevice(ctx context.Context, supplier string, d DeviceID, name string) error
	// DevicesOf reads the devices of a supplier in ascending order of user, then device.
	DevicesOf(ctx context.Context, supplier string) ([]Device, error)
	// Announce notes what devices hold. A device that was never seen and a
	// record that the supplier does not have or has erased are left out; an older At than
	// the stored one changes nothing.
	Announce(ctx context.Context, heads []DeviceHeads) error
	// DeviceHeads reads what the devices of a supplier last announced for some
	// records, in ascending order of record, then user, then device.
	DeviceHeads(ctx context.Context, supplier string, ids []crdt.RecordID) ([]DeviceHeads, error)
}
