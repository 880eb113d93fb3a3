package crdt

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"wedsync/crdt/internal/columnar"
)

// maxActor bounds the bytes of an actor; Automerge makes 16.
const maxActor = 128

// Decode reads one change chunk, plain or deflated, which nothing may follow.
// It checks the checksum, the limits, that every encoding is the canonical one,
// and all about the operations that this one change can tell. Raw of the change
// is raw itself, so nobody may change it afterwards.
func Decode(raw []byte, l Limits) (*Change, error) {
	body, hash, err := openChunk(raw, &l)
	if err != nil {
		return nil, err
	}
	return decodeBody(raw, body, hash, l, nil)
}

func decodeBody(raw, body []byte, hash Hash, l Limits, r *Room) (*Change, error) {
	d := decoder{Reader: columnar.NewReader(string(body)), limits: &l}
	c := &Change{Hash: hash, Raw: raw}
	if err := d.header(c); err != nil {
		return nil, err
	}
	var cols opColumns
	if err := cols.readColumns(&d.Reader); err != nil {
		return nil, err
	}
	if err := d.operations(c, &cols, r); err != nil {
		return nil, err
	}
	return c, nil
}

// A decoder takes a change off the front of a body. Strings of operations are
// parts of the body; what a Change keeps for long is copied.
type decoder struct {
	columnar.Reader
	limits *Limits
	actors []ActorID // by their index in the chunk; the author is the first
	named  []bool    // whether an operation names the actor
}

func (d *decoder) header(c *Change) error {
	if err := d.deps(c); err != nil {
		return err
	}
	c.Actor = ActorID(strings.Clone(d.String()))
	c.Seq = d.Uint()
	c.StartOp = d.Uint()
	c.Time = d.Int()
	c.Message = strings.Clone(d.String())
	switch {
	case d.Err() != nil:
		return fmt.Errorf("header: %w: %w", d.Err(), ErrMalformed)
	case c.Actor == "":
		return fmt.Errorf("the author is empty: %w", ErrInvalid)
	case len(c.Actor) > maxActor:
		return fmt.Errorf("author of %d bytes: %w", len(c.Actor), ErrLimit)
	case c.Seq == 0 || c.StartOp == 0:
		return fmt.Errorf("sequence %d, first operation %d: %w", c.Seq, c.StartOp, ErrInvalid)
	case c.Seq > uint64(d.limits.MaxChanges):
		return fmt.Errorf("sequence %d: %w", c.Seq, ErrLimit)
	}
	if err := d.text("message", c.Message); err != nil {
		return err
	}
	return d.otherActors(c.Actor)
}

func (d *decoder) deps(c *Change) error {
	n := d.Uint()
	if n > uint64(d.limits.MaxDeps) {
		return fmt.Errorf("%d dependencies: %w", n, ErrLimit)
	}
	all := d.Take(n * uint64(len(Hash{})))
	if d.Err() != nil {
		return fmt.Errorf("dependencies: %w: %w", d.Err(), ErrMalformed)
	}
	if n == 0 {
		return nil
	}
	c.Deps = make([]Hash, n)
	for i := range c.Deps {
		copy(c.Deps[i][:], all[i*len(Hash{}):])
		if i > 0 && c.Deps[i-1].Compare(c.Deps[i]) >= 0 {
			return fmt.Errorf("dependencies are not ascending: %w", ErrMalformed)
		}
	}
	return nil
}

// otherActors reads the table of the actors that operations name.
func (d *decoder) otherActors(author ActorID) error {
	n := d.Uint()
	if n >= uint64(d.limits.MaxActors) {
		return fmt.Errorf("%d actors: %w", n, ErrLimit)
	}
	d.actors = append(d.actors, author)
	for range n {
		a := ActorID(d.String())
		switch {
		case d.Err() != nil:
			return fmt.Errorf("actors: %w: %w", d.Err(), ErrMalformed)
		case a == "" || a == author:
			return fmt.Errorf("actor %s among the others: %w", a, ErrInvalid)
		case len(a) > maxActor:
			return fmt.Errorf("actor of %d bytes: %w", len(a), ErrLimit)
		case len(d.actors) > 1 && d.actors[len(d.actors)-1] >= a:
			return fmt.Errorf("actors are not ascending: %w", ErrMalformed)
		}
		d.actors = append(d.actors, ActorID(strings.Clone(string(a))))
	}
	d.named = make([]bool, len(d.actors))
	d.named[0] = true
	return nil
}

// allNamed reports an error if the table has an actor that no operation names;
// such a table would be lost when a document is saved and loaded.
func (d *decoder) allNamed() error {
	if i := slices.Index(d.named, false); i >= 0 {
		return fmt.Errorf("actor %s is not used: %w", d.actors[i], ErrMalformed)
	}
	return nil
}

// text checks a string that is a name or a message.
func (d *decoder) text(what, s string) error {
	if len(s) > d.limits.MaxKey {
		return fmt.Errorf("%s of %d bytes: %w", what, len(s), ErrLimit)
	}
	return validText(what, s)
}

func validText(what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8: %w", what, ErrMalformed)
	}
	return nil
}
