// Package conflicts decides what an edit of a critical field means.
//
// A [Record] is one client record: its history ([crdt.Graph]), its critical
// fields ([crdt.Fields]) and its ledger, which holds what the hub alone says:
// accepted values, proposals, conflicts, who an actor belongs to. A batch of
// changes goes in, an [Outcome] comes out: what to store, all in one commit.
//
// A batch runs through these rooms: receive.go takes the changes that may be
// taken, edits.go reads from them what each author did to each field, [Decide]
// judges it by the numbered rules of the product's text on critical fields,
// ruling.go enters the ruling in the ledger, and mirror.go writes the one hub
// change that makes the document say what the ledger says. apiedit.go and
// resolve.go begin, and firstupload.go and recovered.go judge, in other ways.
// Ordinary fields merge by themselves; where they were written apart, merge.go
// keeps a [Merged] entry of the values that do not show.
//
// A [Directory] is no record: it is the document in which the hub lists those of
// a supplier for their devices to find.
//
// What was decided is told besides: each decision is an entry of the record's
// decision log (decisionlog.go), a [History] makes a timeline of all that was
// stored of a record, and an [Examination] holds it all against each other.
//
// The package is pure: time and chance are passed in, nothing waits. A Record
// belongs to one goroutine; an [Env] and a checked [Policy] may be shared.
package conflicts
