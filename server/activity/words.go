package activity

import (
	"fmt"
	"strings"

	"wedsync/conflicts"
)

// Bounds of what an event says in words.
const (
	maxFieldBytes = 8 << 10 // of the names of fields together; of more, the first
	namedInText   = 4       // fields that a sentence names
)

func (t *telling) who() string { return someone(t.origin.From.User) }

func (t *telling) way() string { return way(t.origin.Kind, t.origin.From.Device) }

// someone is a user as a sentence names one.
func someone(user string) string {
	if user == "" {
		return "the hub"
	}
	return user
}

// way is how a batch came, as a sentence ends.
func way(origin, device string) string {
	switch {
	case origin == conflicts.KindAPI || origin == conflicts.KindUse:
		return " through the API"
	case origin == conflicts.KindWebhook:
		return " through a connection"
	case device != "":
		return " on " + device
	}
	return ""
}

// changedText is the sentence of a change.
func changedText(d *Data) string {
	return someone(d.User) + " changed " + listed(d.Fields) + way(d.Origin, d.Device) + "."
}

// listed are names as a sentence lists them.
func listed(names []string) string {
	if n := len(names); n > 0 && names[n-1] == conflicts.ChangedMore {
		if names = names[:n-1]; n == 1 {
			return "something"
		}
		return strings.Join(names[:min(namedInText, n-1)], ", ") + " and more"
	}
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n > namedInText:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namedInText], ", "), n-namedInText)
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// bounded are the first of some names, as many as an event has room for.
func bounded(names []string) []string {
	size := 0
	for i, name := range names {
		if size += len(name); size > maxFieldBytes || i >= conflicts.MaxChanged && name != conflicts.ChangedMore {
			return append(names[:i:i], conflicts.ChangedMore)
		}
	}
	return names
}
