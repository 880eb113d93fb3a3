package crdt

// JSON is the value as the API shows it.
func (v Value) JSON() any { return nil }

// FromJSON is the value that a decoded JSON value stands for.
func FromJSON(v any) (Value, error) { return Value{}, nil }
