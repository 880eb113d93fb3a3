package crdt

// A Room is memory for the operations of one large change after another: what a
// hundred bytes of a device can ask for is more than a garbage collector keeps
// up with. One goroutine at a time may use it; the zero Room is ready.
type Room struct{ ops []Op }

// Decode is [Decode] into the room. The operations are valid until its next use.
func (r *Room) Decode(raw []byte, l Limits) (*Change, error) {
	body, hash, err := openChunk(raw, &l)
	if err != nil {
		return nil, err
	}
	return decodeBody(raw, body, hash, l, r)
}

// take is room for n operations, all zero.
func (r *Room) take(n int) []Op {
	if r == nil || cap(r.ops) < n {
		ops := make([]Op, n)
		if r != nil {
			r.ops = ops
		}
		return ops
	}
	clear(r.ops)
	return r.ops[:n:n]
}
