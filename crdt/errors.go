package crdt

import "errors"

// What can be wrong with bytes or changes of a device. Every error of this
// package wraps one of them and says which part was wrong.
var (
	// ErrMalformed means bytes that are not a change chunk.
	ErrMalformed = errors.New("malformed change")
	// ErrUnsupported means a chunk that the hub does not take from devices:
	// saved documents, bundles, unknown chunk types.
	ErrUnsupported = errors.New("unsupported chunk")
	// ErrLimit means a bound of Limits was exceeded.
	ErrLimit = errors.New("limit exceeded")
	// ErrInvalid means a well-formed change that no honest author can have
	// made: it names operations, objects or numbers that do not exist.
	ErrInvalid = errors.New("invalid change")
	// ErrEquivocation means a second change under one actor and sequence number.
	ErrEquivocation = errors.New("equivocation: a different change with this actor and sequence exists")
)
