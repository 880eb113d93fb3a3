package api

import (
	"net/http"
	"regexp"
	"strconv"

	"wedsync/conflicts"
	"wedsync/crdt"
)

var strongTag = regexp.MustCompile(`^"(0|[1-9][0-9]{0,18})"$`)

// ifMatch reads the revision that the caller says it knew. Without the header,
// or with *, there is none.
func ifMatch(r *http.Request) (revision uint64, given bool, err error) {
	header := r.Header.Values("If-Match")
	if len(header) == 0 || (len(header) == 1 && header[0] == "*") {
		return 0, false, nil
	}
	match := strongTag.FindStringSubmatch(header[0])
	if match == nil || len(header) > 1 {
		return 0, false, malformed("If-Match", `must be one revision in quotes, as ETag gives it: "7"`)
	}
	revision, err = strconv.ParseUint(match[1], 10, 64)
	if err != nil {
		return 0, false, malformed("If-Match", "is too large")
	}
	return revision, true, nil
}

// knownAt is the revision of each critical field that a caller certainly knew
// who read the record when it had made that many decisions. Which fields the
// later decisions were about is not told by a ledger, so each field counts as
// if all were its own: a caller may be asked once too often, never too seldom.
func knownAt(ledger *conflicts.LedgerView, revision uint64) (map[crdt.Path]uint64, error) {
	if revision > ledger.Revision {
		return nil, errFutureView
	}
	since := ledger.Revision - revision
	known := make(map[crdt.Path]uint64, len(ledger.Accepted))
	for path, accepted := range ledger.Accepted {
		known[path] = accepted.Revision - min(since, accepted.Revision)
	}
	return known, nil
}
