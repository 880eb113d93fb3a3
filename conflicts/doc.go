// Package conflicts decides what an edit of a critical field means.
//
// A [Record] is one client record: its history ([crdt.Graph]), its critical
// fields ([crdt.Fields]) and its ledger, which holds what the hub alone says:
// accepted values, proposals, conflicts, who an actor belongs to. A batch of
// changes goes in, an [Outcome] comes out: what to store, all in one commit.
//
// The rules are numbered as in the product's text on critical fields; see
// [Decide]. The package is pure: time and chance are passed in, nothing waits.
package conflicts
