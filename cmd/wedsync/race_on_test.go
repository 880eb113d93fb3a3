//go:build race

package main

// raceEnabled says that the tests run under the race detector, and so do racing hubs.
const raceEnabled = true
