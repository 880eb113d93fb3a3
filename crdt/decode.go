package crdt

// Decode reads one change chunk, plain or deflated.
func Decode(raw []byte, l Limits) (*Change, error) { return nil, ErrMalformed }
