package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/accepted"
)

const (
	maxBody   = 1 << 20 // bytes of a request; a longer one is answered 413
	maxKey    = 256     // bytes of a field's name
	maxText   = 4 << 10 // bytes of a text that is no field: a note, an id
	maxFaults = 20      // that a refusal names; the first
)

// readBody reads a request's body, at most maxBody bytes of it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, malformed("body", "could not be read to its end")
	}
	return body, nil
}

// An object is a JSON object of a request, whose members are taken out one by
// one. What is wrong with them gathers, so that a caller hears of all at once.
type object struct {
	members map[string]json.RawMessage
	asked   []string
	faults  []Fault
}

// readObject reads a request's body, which must be one JSON object.
func readObject(w http.ResponseWriter, r *http.Request) (*object, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	return parseObject(body)
}

// parseObject reads a body that must be one JSON object.
func parseObject(body []byte) (*object, error) {
	if !utf8.Valid(body) {
		return nil, malformed("body", "must be UTF-8")
	}
	o := &object{}
	err := json.Unmarshal(body, &o.members)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, malformed("body", fmt.Sprintf("must be JSON; at byte %d: %s", syntax.Offset, syntax.Error()))
	case err != nil || o.members == nil:
		return nil, malformed("body", "must be a JSON object")
	}
	return o, nil
}

func (o *object) fault(field, rule string) {
	if len(o.faults) < maxFaults {
		o.faults = append(o.faults, Fault{field, rule})
	}
}

// named is a member's name as a fault shows it.
func named(name string) string {
	if len(name) > maxKey {
		return strings.ToValidUTF8(name[:maxKey], "") + "…"
	}
	return cmp.Or(name, `""`)
}

// take takes a member out. Without it ok is false.
func (o *object) take(name string) (raw json.RawMessage, ok bool) {
	o.asked = append(o.asked, name)
	raw, ok = o.members[name]
	delete(o.members, name)
	return raw, ok
}

// text takes a string, empty if there is none.
func (o *object) text(name string) string {
	raw, ok := o.take(name)
	if !ok {
		return ""
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		o.fault(name, "must be a string")
		return ""
	}
	if len(*s) > maxText {
		o.fault(name, fmt.Sprintf("must not be longer than %d bytes", maxText))
	}
	return *s
}

// count takes a whole number that must be there.
func (o *object) count(name string) uint64 {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed")
		return 0
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		o.fault(name, "must be a whole number, 0 or more")
	}
	return n
}

// countIfAny takes a whole number, 0 if there is none.
func (o *object) countIfAny(name string) uint64 {
	if _, given := o.members[name]; !given {
		o.asked = append(o.asked, name)
		return 0
	}
	return o.count(name)
}

// value takes any JSON value. Without it ok is false.
func (o *object) value(name string) (v crdt.Value, ok bool) {
	raw, ok := o.take(name)
	if !ok {
		return crdt.Value{}, false
	}
	return o.convert(name, raw), true
}

// fields takes the object of fields that a command writes; there must be one at least.
func (o *object) fields(name string, policy *conflicts.Policy) map[crdt.Path]crdt.Value {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed")
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		o.fault(name, "must be an object")
		return nil
	}
	if len(members) == 0 {
		o.fault(name, "needs at least one field")
	}
	values := make(map[crdt.Path]crdt.Value, len(members))
	for _, key := range slices.Sorted(maps.Keys(members)) {
		member := name + "." + named(key)
		if rule := keyRule(key, policy); rule != "" {
			o.fault(member, rule)
			continue
		}
		values[crdt.Path(key)] = o.convert(member, members[key])
	}
	return values
}

// keyRule says what a field's name breaks, or nothing.
func keyRule(key string, policy *conflicts.Policy) string {
	switch {
	case key == "":
		return "a field needs a name"
	case len(key) > maxKey:
		return fmt.Sprintf("a field's name must not be longer than %d bytes", maxKey)
	case key == accepted.ConflictsKey:
		return "is kept by the hub"
	case strings.Contains(key, ".") && !isCritical(policy, crdt.Path(key)):
		return "a field's name must not contain a dot, unless it is the path of a critical field"
	}
	return ""
}

func isCritical(policy *conflicts.Policy, p crdt.Path) bool {
	return slices.ContainsFunc(policy.Fields, func(f conflicts.FieldPolicy) bool { return f.Path == p })
}

func (o *object) convert(field string, raw json.RawMessage) crdt.Value {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var decoded any
	if err := dec.Decode(&decoded); err != nil {
		o.fault(field, "must be JSON")
		return crdt.Value{}
	}
	v, err := crdt.FromJSON(decoded)
	if err != nil {
		o.fault(field, err.Error())
	}
	return v
}

// end is called when every known member was taken: what is left is unknown.
func (o *object) end() error {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		o.fault(named(name), "is unknown; known are "+strings.Join(o.asked, ", "))
	}
	if len(o.faults) > 0 {
		return &invalidError{o.faults}
	}
	return nil
}
