// Package hub holds the live records and the devices that are connected to them.
//
// A record that somebody is interested in has a room. Whatever happens to the
// record is a task in its room's queue, and one goroutine at a time, the room's
// owner, works that queue off: it stages all tasks that have gathered, stores
// what they led to in one commit, and only then tells anybody. A room that
// nobody works in has no goroutine, and a record is loaded only when its heads
// do not answer the question.
//
// A [Device] is one connection. What it has yet to hear is a set of rooms; its
// next message is made when its socket is free. A device's reader may wait for
// a room; a room never waits for a device.
//
// The directory of a supplier's records has a room like a record. The hub writes
// it while a device has it open (directory.go), by a task like any other.
//
// If the store cannot take a commit the record in memory is forgotten, the
// devices that brought it are told to come back, each after a random while so
// that not all come at once, and the next task loads the record again: there is
// no other recovery.
package hub
