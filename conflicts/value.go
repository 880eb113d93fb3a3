package conflicts

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wedsync/crdt"
)

// A canon is what a value means to a field's kind. Two values are equal to
// the rules if their texts and cleared are.
type canon struct {
	text    string // canonical if it fits, else the text of what was written
	cleared bool   // missing, null or empty text; fits every kind
	fits    bool
}

// same reports whether two values mean the same.
func (c canon) same(o canon) bool { return c.text == o.text && c.cleared == o.cleared }

// A measure reads values as one field's kind does.
type measure struct {
	kind Kind
	zone *time.Location
}

// canon is what v means.
func (m measure) canon(v crdt.Value) canon {
	if m.cleared(v) {
		return canon{cleared: true, fits: true}
	}
	if text, ok := m.fit(v); ok {
		return canon{text: text, fits: true}
	}
	return canon{text: plain(written(v))}
}

// same reports whether two values mean the same.
func (m measure) same(a, b crdt.Value) bool { return m.canon(a).same(m.canon(b)) }

// shown is v as readers see it: canonical if it fits, else as it was written;
// nothing if it is cleared.
func (m measure) shown(v crdt.Value) crdt.Value {
	c := m.canon(v)
	switch {
	case c.cleared:
		return crdt.Value{}
	case !c.fits || m.kind == Any:
		return v
	case m.kind == Money || m.kind == Number:
		return number(c.text)
	}
	return crdt.Value{Kind: crdt.Str, Str: c.text}
}

func (m measure) cleared(v crdt.Value) bool {
	switch v.Kind {
	case crdt.Missing, crdt.Null:
		return true
	case crdt.Str, crdt.Text:
		return v.Str == "" || m.kind != Any && strings.TrimSpace(v.Str) == ""
	}
	return false
}

// fit is the canonical text of a value that is not cleared, if it fits.
func (m measure) fit(v crdt.Value) (string, bool) {
	isText := v.Kind == crdt.Str || v.Kind == crdt.Text
	switch m.kind {
	case Date:
		return m.day(v)
	case Text:
		return plain(v.Str), isText
	case Money, Number:
		return decimal(v)
	}
	if isText {
		return strconv.Quote(v.Str), true // not to be taken for a number
	}
	return written(v), true
}

// day is the date that a value names.
func (m measure) day(v crdt.Value) (string, bool) {
	switch v.Kind {
	case crdt.Str, crdt.Text:
		s := strings.TrimSpace(v.Str)
		_, err := time.Parse(time.DateOnly, s)
		return s, err == nil
	case crdt.Timestamp:
		t := time.UnixMilli(v.Int).In(m.zone)
		return t.Format(time.DateOnly), t.Year() >= 0 && t.Year() <= 9999
	}
	return "", false
}

// plain is NFC without outer white space, and with one space for every run within.
func plain(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

// isPlain reports whether s is plain, at a glance: false may be wrong.
func isPlain(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= utf8.RuneSelf || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return last != ' '
}

// written is the text of a value as its author wrote it.
func written(v crdt.Value) string {
	switch v.Kind {
	case crdt.Missing, crdt.Null:
		return ""
	case crdt.Bool:
		return strconv.FormatBool(v.Int != 0)
	case crdt.Int, crdt.Uint, crdt.Float, crdt.Counter:
		if text, ok := decimal(v); ok {
			return text
		}
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case crdt.Str, crdt.Text:
		return v.Str
	case crdt.Timestamp:
		return time.UnixMilli(v.Int).UTC().Format("2006-01-02T15:04:05.999Z")
	case crdt.Bytes, crdt.Unknown:
		return "bytes " + strconv.Itoa(int(v.Code)) + " " + base64.StdEncoding.EncodeToString(v.Bytes)
	}
	text, err := json.Marshal(v.JSON()) // keys in order
	if err != nil {
		return err.Error()
	}
	return string(text)
}
