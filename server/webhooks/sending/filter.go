package sending

import (
	"slices"
	"strings"

	"wedsync/server/activity"
)

// Ping is the type of an event that tests an endpoint. Nothing has happened.
const Ping = "wedsync.ping"

// Kinds are the types of events that an endpoint can be told: those that the
// journal tells.
func Kinds() []activity.Kind {
	unstored := []string{activity.PresenceShown, activity.PositionTold, activity.ResetTold}
	return slices.DeleteFunc(activity.Kinds(), func(k activity.Kind) bool { return slices.Contains(unstored, k.Type) })
}

// Wants reports whether an endpoint with these filters is told of a kind.
func Wants(filters []string, kind string) bool {
	return len(filters) == 0 || slices.ContainsFunc(filters, func(f string) bool { return covers(f, kind) })
}

// covers reports whether a filter is the kind, or the family that it is of.
func covers(filter, kind string) bool {
	if family, ok := strings.CutSuffix(filter, ".*"); ok {
		return strings.HasPrefix(kind, family+".")
	}
	return filter == kind
}

// CheckFilter says what is wrong with a filter, or nothing.
func CheckFilter(filter string) string {
	if slices.ContainsFunc(Kinds(), func(k activity.Kind) bool { return covers(filter, k.Type) }) {
		return ""
	}
	return "is no type of event, nor a family like wedsync.client.*"
}

// Told reports whether endpoints are told of a kind at all.
func Told(kind string) bool {
	return slices.ContainsFunc(Kinds(), func(k activity.Kind) bool { return k.Type == kind })
}
