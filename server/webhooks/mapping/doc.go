// Package mapping says which fields of a record the members of somebody else's
// object become.
//
// A [Mapping] is a list of rules. A rule takes what stands at a path of the
// object, changes it in steps, and sets one field:
//
//	{"from": ["event.date", "wedding_date"], "to": "wedding_date", "do": [{"do": "date", "format": "DD.MM.YYYY"}]}
//
// # Paths
//
// A path is keys joined by dots. Brackets lead into a list, by place or by what
// an element says of itself, and name keys that hold dots or brackets:
//
//	client.email    people[0].email    custom_fields[label=Venue].value    ["a.b"].c
//
// # What never happens
//
// No value is lost because it does not fit: a step that cannot read its value
// leaves it as it was written, and the hub asks a person. No value is guessed: a
// number that reads two ways stays a text. What an object does not say, or says
// with an empty value, leaves the field alone, unless the rule says that it
// clears the field.
//
// The package has no state, socket or clock. The size of what comes out is
// bounded by that of what goes in and by MaxValue.
package mapping
