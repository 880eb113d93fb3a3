// Package socket serves automerge-repo clients over WebSocket: it accepts the
// connection, completes the handshake, and moves frames between the socket and
// a [hub.Device].
//
// A connection has two goroutines of its own, one that reads and one that writes,
// and between two pings a timer; the request that it came by is let go. A refused client is accepted first and then
// closed with a code, because an HTTP error would end automerge-repo's Node
// client. A frame is never skipped: what cannot be written ends the connection.
package socket
