package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A Type says what the cells of a column are.
type Type string

// The types.
const (
	Text    Type = "text"
	Number  Type = "number"
	Boolean Type = "boolean"
	JSON    Type = "json"
)

var types = []Type{Text, Number, Boolean, JSON}

// IDHeader heads the column that says whose row it is.
const IDHeader = "client_id"

// A Column says how the cells below a header are written and read.
type Column struct {
	ID    bool           // of client ids; the others are those of fields
	Field crdt.Path      // its name, or a critical field's path
	Type  Type           // Text if none was named
	Typed bool           // the header names the type
	Kind  conflicts.Kind // of a critical field, which is read by it; empty for others, and for Any
}

// ParseColumn reads a header. Without a wrong the column is good.
func ParseColumn(header string, policy *conflicts.Policy) (c Column, wrong *Wrong) {
	if !utf8.ValidString(header) {
		return c, &Wrong{notText(header), `save the file as "CSV UTF-8"`}
	}
	header = Unguard(strings.TrimSpace(header))
	if header == IDHeader {
		return Column{ID: true, Type: Text}, nil
	}
	name, suffix, err := splitHeader(header)
	switch {
	case err != nil:
		return c, &Wrong{"is no JSON string", `a name that begins with a quote is written as "\"name\""`}
	case header == "":
		return c, &Wrong{"has no name", "name the field, or delete the column"}
	}
	c = Column{Field: crdt.Path(name), Type: Text, Typed: suffix != ""}
	if c.Typed {
		c.Type = suffix
	}
	c.Kind = kindOf(policy, c.Field)
	if c.Kind != "" && c.Typed && c.Type != Text {
		return c, &Wrong{fmt.Sprintf("is a critical field of kind %s, and is read by that", c.Kind), "head the column " + c.bare().Header()}
	}
	return c, nil
}

// splitHeader takes a header's name and type apart.
func splitHeader(header string) (name string, suffix Type, err error) {
	if strings.HasPrefix(header, `"`) {
		dec := json.NewDecoder(strings.NewReader(header))
		if err := dec.Decode(&name); err != nil {
			return "", "", err
		}
		rest := header[dec.InputOffset():]
		if rest == "" {
			return name, "", nil
		}
		if suffix = Type(strings.TrimPrefix(rest, ":")); rest[0] != ':' || !slices.Contains(types, suffix) {
			return "", "", fmt.Errorf("%q is no type", rest)
		}
		return name, suffix, nil
	}
	if i := strings.LastIndexByte(header, ':'); i >= 0 && slices.Contains(types, Type(header[i+1:])) {
		return header[:i], Type(header[i+1:]), nil
	}
	return header, "", nil
}

// kindOf is the kind by which a critical field is read.
func kindOf(policy *conflicts.Policy, p crdt.Path) conflicts.Kind {
	i := slices.IndexFunc(policy.Fields, func(f conflicts.FieldPolicy) bool { return f.Path == p })
	if i < 0 || policy.Fields[i].Kind == conflicts.Any {
		return ""
	}
	return policy.Fields[i].Kind
}

// bare is the column without a type that its header need not name.
func (c Column) bare() Column {
	c.Type, c.Typed = Text, false
	return c
}

// Header is the cell that heads the column: [ParseColumn] makes the same column of it.
func (c Column) Header() string {
	if c.ID {
		return IDHeader
	}
	name := string(c.Field)
	if name == "" || name[0] == '"' || name != strings.TrimSpace(name) {
		name = quoted(name)
	}
	_, suffix, _ := splitHeader(name) // a name that is written so can be read
	if c.Type != Text || suffix != "" || name == IDHeader {
		name += ":" + string(c.Type)
	}
	return Guard(name)
}

// quoted is a name as a JSON string.
func quoted(name string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(name); err != nil {
		return name // a string can always be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}
