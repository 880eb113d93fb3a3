// Bench compares the hub with @automerge/automerge-repo-sync-server and with
// Hocuspocus on the work that all three do: live edits with subscribers, paced
// edits, one writer with many subscribers, a device that comes back with
// offline edits, a fresh one that pulls everything, all devices coming back at
// once, memory, and a cold start.
//
// The hub alone is measured at what an edit costs that it diverts, beside an
// ordinary one, and at its web app in Chromium, against budgets.
//
// It speaks each server's protocol with changes that were encoded beforehand;
// the hub and the sync-server get the same frames, Hocuspocus the same edits
// as Yjs encodes them. A part is done several times, all servers in turn.
//
// Machines drift, so only the ratios inside one run mean anything, and CPU
// seconds of the server more than wall time: server and generator share the
// machine. CPU time counts until the server rests, because what it stores or
// projects after it has answered is work too. Where the generator was the
// limit, the report says so.
package main
