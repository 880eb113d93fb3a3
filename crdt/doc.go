// Package crdt reads, checks and writes Automerge changes without loading a
// document.
//
// A [Change] is one decoded change chunk. A [Graph] is the set of changes of
// one record and how they depend on each other. [Fields] keeps the operations
// that ever touched the watched paths of a record, so that a value can be read
// as any author saw it. A [Builder] encodes changes of our own.
//
// The package has no clock, no goroutine and no I/O, and imports nothing of
// ours. Whatever a device sends is bounded by [Limits] before it is believed.
// The chunk format is that of https://automerge.org/automerge-binary-format-spec/.
package crdt
