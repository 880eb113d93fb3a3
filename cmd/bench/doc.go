// Bench compares the hub with @automerge/automerge-repo-sync-server on the work
// that both do: live edits with subscribers, paced edits, and all devices
// coming back at once.
//
// It speaks automerge-repo's protocol with changes that were encoded
// beforehand, and sends both servers the same frames. Machines drift, so only
// the ratios inside one run mean anything, and CPU seconds of the server more
// than wall time: server and generator share the machine.
package main
