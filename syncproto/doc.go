// Package syncproto speaks automerge-repo's protocol without doing any I/O.
//
// A [Session] is one connection: frames in, events out. A [Message] is one
// Automerge sync message (V1). A [Peer] is what we believe the other side of
// one connection holds of one record, and says which message is due to it. A
// [View] is one state of one record; peers in the same position share the
// bytes that it encodes.
//
// Nothing here has a clock, a goroutine or a lock. A Session belongs to its
// connection; Peers and Views belong to whoever owns the record. Everything
// that a device sends is bounded by the limits in limits.go before memory is
// spent on it.
package syncproto
