package api

import (
	"net/http"
	"regexp"
	"strconv"
)

// strongTag is an ETag as item.etag writes it, or the revision alone.
var strongTag = regexp.MustCompile(`^"(0|[1-9][0-9]{0,18})(?:\.[0-9a-f]{24})?"$`)

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
