package conflicts

import (
	"time"

	"wedsync/crdt"
)

// Read is what a text means to the kind, as readers of a field see it: nothing
// if the text clears the field. It is false if the text does not fit.
func (k Kind) Read(text string) (crdt.Value, bool) {
	m := measure{k, time.UTC} // a text names its day by itself, in every zone
	v := crdt.Value{Kind: crdt.Text, Str: text}
	return m.shown(v), m.canon(v).fits
}

// Example says what fits the kind, for people.
func (k Kind) Example() string { return k.example() }
