package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"wedsync/store"
)

var (
	communicationKinds = []string{"email", "sms", "call", "scheduled_call", "meeting", "message", "note"}
	directions         = []string{string(store.Inbound), string(store.Outbound), string(store.Internal)}
)

// communicationQuery reads which items are asked for.
func communicationQuery(r *http.Request) (q store.TimelineQuery, err error) {
	values := r.URL.Query()
	if q.Limit, err = limitOf(r); err != nil {
		return q, err
	}
	if q.Before, err = timelinePlace(values.Get("cursor")); err != nil {
		return q, err
	}
	if text := values.Get("kind"); text != "" {
		q.Kinds = strings.Split(text, ",")
	}
	q.Direction = store.Direction(values.Get("direction"))
	switch {
	case len(q.Kinds) > len(communicationKinds) || slices.ContainsFunc(q.Kinds, func(k string) bool { return !slices.Contains(communicationKinds, k) }):
		return q, malformed("kind", "must be of "+strings.Join(communicationKinds, ", ")+", with commas between")
	case q.Direction != "" && !slices.Contains(directions, string(q.Direction)):
		return q, malformed("direction", "must be one of "+strings.Join(directions, ", "))
	}
	for _, name := range []string{"q", "account"} {
		if len(values.Get(name)) > maxKey {
			return q, malformed(name, fmt.Sprintf("must not be longer than %d bytes", maxKey))
		}
	}
	q.Text, q.Account = strings.ToValidUTF8(strings.ReplaceAll(values.Get("q"), "\x00", " "), " "), values.Get("account")
	q.From, q.To, err = between(values)
	return q, err
}

// between reads from when until when.
func between(values url.Values) (from, to time.Time, err error) {
	from, rule := parseTime(values.Get("from"))
	if rule != "" {
		return from, to, malformed("from", rule)
	}
	if to, rule = parseTime(values.Get("to")); rule != "" {
		return from, to, malformed("to", rule)
	}
	return from, to, nil
}

// timelineCursor is the cursor of a page that follows an item.
func timelineCursor(it *store.Item) *string {
	cursor := base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(it.At.UnixNano(), 10) + "/" + it.ID))
	return &cursor
}

// timelinePlace reads such a cursor.
func timelinePlace(cursor string) (p store.TimelinePosition, err error) {
	if cursor == "" {
		return p, nil
	}
	never := malformed("cursor", "must be the next of an earlier page")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if len(cursor) > maxKey || err != nil {
		return p, never
	}
	at, id, ok := strings.Cut(string(b), "/")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || len(id) != 26 {
		return p, never
	}
	return store.TimelinePosition{At: time.Unix(0, n).UTC(), ID: id}, nil
}
