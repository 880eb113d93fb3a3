// Package storetest holds every store to the contract.
//
// [Run] is the suite: a case for each promise of package store. [RunCrash] kills
// a process that appends and looks at what is left. [Faulty] is a store that
// fails on cue, for tests of those who use one, and [Fill] stores something of everything.
package storetest
