package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A segment is one step of a path down into an object.
type segment struct {
	key    string // of a member, if not list
	list   bool
	place  int    // of an element, if where is empty
	where  string // the member by which an element is found
	equals string // what that says
}

// parsePath reads a path.
func parsePath(path string) ([]segment, error) {
	switch {
	case path == "":
		return nil, errors.New("is empty: name a member, such as client.email")
	case len(path) > MaxPath:
		return nil, fmt.Errorf("is longer than %d bytes", MaxPath)
	}
	var segments []segment
	for rest := path; rest != ""; {
		if len(segments) == MaxKeys {
			return nil, fmt.Errorf("leads through more than %d keys", MaxKeys)
		}
		var s segment
		var err error
		if rest[0] == '[' {
			s, rest, err = bracket(rest)
		} else {
			if len(segments) > 0 {
				if rest[0] != '.' {
					return nil, fmt.Errorf("needs a dot or a bracket before %q", rest)
				}
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			s.key, rest = rest[:end], rest[end:]
			if s.key == "" {
				err = errors.New("has an empty key")
			}
		}
		if err != nil {
			return nil, err
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// bracket reads what stands in brackets at the beginning of a path.
func bracket(path string) (s segment, rest string, err error) {
	if strings.HasPrefix(path, `["`) {
		d := json.NewDecoder(strings.NewReader(path[1:]))
		if err := d.Decode(&s.key); err != nil {
			return s, "", errors.New("has a key in brackets that is no JSON string")
		}
		rest, ok := strings.CutPrefix(path[1+d.InputOffset():], "]")
		if !ok {
			return s, "", errors.New("has a bracket that is not closed")
		}
		return s, rest, nil
	}
	within, rest, ok := strings.Cut(path[1:], "]")
	if !ok {
		return s, "", errors.New("has a bracket that is not closed")
	}
	s.list = true
	if key, value, ok := strings.Cut(within, "="); ok {
		s.where, s.equals = strings.TrimSpace(key), strings.TrimSpace(value)
		if s.where == "" {
			return s, "", errors.New("has brackets without a member before the =")
		}
		return s, rest, nil
	}
	if s.place, err = strconv.Atoi(within); err != nil || s.place < 0 {
		return s, "", fmt.Errorf(`has %q in brackets: it may be a place from 0, member=value or a quoted key`, within)
	}
	return s, rest, nil
}

// find is what stands at a path of a decoded object.
func find(object any, path []segment) (value any, found bool) {
	for _, s := range path {
		if !s.list {
			members, ok := object.(map[string]any)
			if !ok {
				return nil, false
			}
			if object, ok = members[s.key]; !ok {
				return nil, false
			}
			continue
		}
		elements, ok := object.([]any)
		if !ok {
			return nil, false
		}
		if object, ok = s.element(elements); !ok {
			return nil, false
		}
	}
	return object, true
}

// element is the one of a list that the segment means.
func (s segment) element(elements []any) (any, bool) {
	if s.where == "" {
		if s.place >= len(elements) {
			return nil, false
		}
		return elements[s.place], true
	}
	for _, e := range elements {
		members, ok := e.(map[string]any)
		if !ok {
			continue
		}
		if says, ok := textOf(valueOf(members[s.where])); ok && strings.EqualFold(strings.TrimSpace(says), s.equals) {
			return e, true
		}
	}
	return nil, false
}
