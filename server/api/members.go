package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// member takes a member into a value of its type, if it is given.
func (o *object) member(name string, to any, rule string) {
	raw, ok := o.take(name)
	if !ok {
		return
	}
	_, whatever := to.(*json.RawMessage)
	if err := json.Unmarshal(raw, to); err != nil || string(raw) == "null" && !whatever {
		o.fault(name, rule)
	}
}

// textIfAny takes a string, nil if there is none.
func (o *object) textIfAny(name string) *string {
	if _, given := o.members[name]; !given {
		o.asked = append(o.asked, name)
		return nil
	}
	text := o.text(name)
	return &text
}

// textsIfAny takes a list of at most so many strings, nil if there is none.
func (o *object) textsIfAny(name string, most int) *[]string {
	raw, given := o.take(name)
	if !given {
		return nil
	}
	texts := []string{}
	if err := json.Unmarshal(raw, &texts); err != nil || texts == nil {
		o.fault(name, "must be a list of strings")
	}
	if len(texts) > most {
		o.fault(name, fmt.Sprintf("must not be more than %d", most))
	}
	return &texts
}

// longText takes a string that must be given, of 1 to so many bytes.
func (o *object) longText(name string, most int) string {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed")
		return ""
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil || *s == "" || len(*s) > most {
		o.fault(name, fmt.Sprintf("must be a string of 1 to %d bytes", most))
		return ""
	}
	return *s
}

// longTextIfAny is longText of what may be left out, empty if it is.
func (o *object) longTextIfAny(name string, most int) string {
	if _, given := o.members[name]; !given {
		o.asked = append(o.asked, name)
		return ""
	}
	return o.longText(name, most)
}

// moment takes a time, zero if there is none.
func (o *object) moment(name string) time.Time {
	t, rule := parseTime(o.text(name))
	if rule != "" {
		o.fault(name, rule)
	}
	return t
}
