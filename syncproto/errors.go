package syncproto

import "errors"

// What can be wrong with what a device sent. Every error of this package wraps
// one of them and says which part was wrong.
var (
	// ErrMalformed means bytes that are not a frame, or not a sync message.
	ErrMalformed = errors.New("malformed")
	// ErrLimit means that one of the limits of this package was exceeded.
	ErrLimit = errors.New("limit exceeded")
	// ErrPayload means a sync message of a kind that we did not offer to read.
	ErrPayload = errors.New("unsupported sync message")
	// ErrNoJoin means that the first frame of a connection was no join.
	ErrNoJoin = errors.New("the first frame is no join")
	// ErrVersion means a join that does not offer protocol version 1.
	ErrVersion = errors.New("unsupported protocol version")
)
