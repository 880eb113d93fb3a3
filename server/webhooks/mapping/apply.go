package mapping

import (
	"maps"
	"slices"

	"wedsync/crdt"
)

// A Result is what a mapping makes of an object.
type Result struct {
	Edits  map[crdt.Path]crdt.Value // Null clears
	Traces []Trace                  // of each rule
}

// A Trace says what one rule did.
type Trace struct {
	Rule  int
	To    crdt.Path
	From  string     // the path whose value was taken, empty if none held one
	Found crdt.Value // what stood there
	Steps []StepTrace
	// Left says why the field was left alone: absent, empty, or set; empty if the
	// rule set it.
	Left string
}

// Why a rule left its field alone.
const (
	LeftAbsent = "absent" // the object says nothing there
	LeftEmpty  = "empty"  // it says that there is nothing, and the rule does not clear
	LeftSet    = "set"    // a rule before set it
)

// A StepTrace says what one step did.
type StepTrace struct {
	Do    string
	Value crdt.Value // after it
	Why   string     // why it left the value as it was, empty if it did what it is for
}

// Apply makes edits of an object, decoded from JSON with UseNumber. A mapping that
// does not pass Check makes what it can.
func (m Mapping) Apply(object any) Result {
	r := Result{Edits: make(map[crdt.Path]crdt.Value)}
	for i, rule := range m.Rules {
		t := Trace{Rule: i, To: rule.To}
		value := rule.apply(&t, object)
		_, set := r.Edits[rule.To]
		switch {
		case t.Left != "":
		case set:
			t.Left = LeftSet
		case empty(value) && !rule.Clear:
			t.Left = LeftEmpty
		case empty(value):
			r.Edits[rule.To] = crdt.Value{Kind: crdt.Null}
		default:
			r.Edits[rule.To] = value
		}
		r.Traces = append(r.Traces, t)
	}
	return r
}

// apply is the value that a rule sets, and tells how it came about.
func (r Rule) apply(t *Trace, object any) crdt.Value {
	value, found := r.source(t, object)
	t.Found = value
	if !found && !r.provides() {
		t.Left = LeftAbsent
		return crdt.Value{}
	}
	for _, step := range r.Do {
		var why string
		value, why = step.change(value)
		t.Steps = append(t.Steps, StepTrace{step.Do, value, why})
	}
	return value
}

// provides reports whether the rule has a value where the object has none.
func (r Rule) provides() bool {
	return slices.ContainsFunc(r.Do, func(s Step) bool { return s.Do == Constant || s.Do == Default })
}

// source is what stands at the paths of a rule.
func (r Rule) source(t *Trace, object any) (value crdt.Value, found bool) {
	joined := len(r.Do) > 0 && r.Do[0].Do == Join
	var all []crdt.Value
	for _, from := range r.From {
		path, err := parsePath(from)
		if err != nil {
			continue
		}
		v, ok := find(object, path)
		if !ok {
			continue
		}
		found = true
		if value = valueOf(v); empty(value) {
			continue
		}
		if t.From == "" {
			t.From = from
		}
		if !joined {
			return value, true
		}
		all = append(all, value)
	}
	if len(all) > 1 {
		return crdt.Value{Kind: crdt.List, List: all}, true
	}
	if len(all) == 1 {
		return all[0], true
	}
	return value, found
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
