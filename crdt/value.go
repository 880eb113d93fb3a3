package crdt

// A Kind says what a [Value] holds.
type Kind uint8

// The kinds of values. Missing is the zero Kind: nothing is there.
const (
	Missing Kind = iota
	Null
	Bool
	Int
	Uint
	Float
	Str // a scalar string: ImmutableString in JavaScript
	Bytes
	Counter
	Timestamp // milliseconds since 1970
	Text      // a text object: a plain string in JavaScript
	Map
	List
	Unknown // a scalar type of the future, kept as it came
)

// A Value is a value of a document: a scalar, or an object with all below it.
// Only the fields that its Kind names are set.
type Value struct {
	Kind  Kind
	Int   int64            // Int, Counter, Timestamp; Bool as 0 or 1
	Uint  uint64           // Uint
	Float float64          // Float
	Str   string           // Str, Text
	Bytes []byte           // Bytes, Unknown
	Code  uint8            // Unknown: the type code of the format
	Map   map[string]Value // Map
	List  []Value          // List
}
