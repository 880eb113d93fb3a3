// Package sqlite is the embedded store: one file, wedsync.db, in the hub's data
// directory, written by one process.
//
// All that writes takes turns, so that a commit never meets a busy database.
// What must survive a power failure goes through a connection that waits for
// the disk; what may be lost goes through one that does not. Readers never wait
// for either.
package sqlite
