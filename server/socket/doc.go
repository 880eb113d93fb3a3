// Package socket serves automerge-repo clients over WebSocket: it accepts the
// connection, completes the handshake, and moves frames between the socket and
// a [hub.Device].
//
// A connection has two goroutines: the one that serves the request reads, and
// one that it waits for writes. A refused client is accepted first and then
// closed with a code, because an HTTP error would end automerge-repo's Node
// client. A frame is never skipped: what cannot be written ends the connection.
package socket
