package conflicts

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"wedsync/crdt"
)

// A jsonWriter appends JSON as encoding/json writes it, and puts the commas.
type jsonWriter struct {
	b   []byte
	err error // the first; b is worth nothing then
}

// separate puts a comma before a member or element unless it is the first, or
// the value of a name.
func (w *jsonWriter) separate() {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' && w.b[n-1] != ':' {
		w.b = append(w.b, ',')
	}
}

func (w *jsonWriter) open(bracket byte) {
	w.separate()
	w.b = append(w.b, bracket)
}

func (w *jsonWriter) close(bracket byte) { w.b = append(w.b, bracket) }

// name begins a member.
func (w *jsonWriter) name(name string) {
	w.separate()
	w.b = append(crdt.AppendJSONString(w.b, name), ':')
}

func (w *jsonWriter) text(name, s string) {
	w.name(name)
	w.b = crdt.AppendJSONString(w.b, s)
}

func (w *jsonWriter) textIfAny(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

func (w *jsonWriter) flag(name string, is bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, is)
}

func (w *jsonWriter) number(name string, n uint64) {
	w.name(name)
	w.b = strconv.AppendUint(w.b, n, 10)
}

func (w *jsonWriter) integer(name string, n int) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, int64(n), 10)
}

func (w *jsonWriter) hash(name string, h crdt.Hash) {
	w.name(name)
	w.b = append(hex.AppendEncode(append(w.b, '"'), h[:]), '"')
}

func (w *jsonWriter) hashIfAny(name string, h crdt.Hash) {
	if !h.IsZero() {
		w.hash(name, h)
	}
}

func (w *jsonWriter) time(name string, t time.Time) {
	w.name(name)
	b, err := t.AppendText(append(w.b, '"'))
	w.b = append(b, '"')
	w.fail(err)
}

func (w *jsonWriter) timeIfAny(name string, t time.Time) {
	if !t.IsZero() {
		w.time(name, t)
	}
}

func (w *jsonWriter) value(name string, v crdt.Value) {
	w.name(name)
	b, err := v.AppendTagged(w.b)
	w.b = b
	w.fail(err)
}

// other has encoding/json write a value.
func (w *jsonWriter) other(name string, v any) {
	w.name(name)
	b, err := json.Marshal(v)
	w.b = append(w.b, b...)
	w.fail(err)
}

func (w *jsonWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// writeList writes a list, each element by write; one that is nil is null.
func writeList[T any](w *jsonWriter, name string, list []T, write func(*T)) {
	w.name(name)
	if list == nil {
		w.b = append(w.b, "null"...)
		return
	}
	w.open('[')
	for i := range list {
		write(&list[i])
	}
	w.close(']')
}
