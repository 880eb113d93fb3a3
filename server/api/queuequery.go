package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// queueOrders are the words of ?sort= and what they mean.
var queueOrders = map[string]store.ConflictOrder{
	"": store.ByOldest, "oldest": store.ByOldest, "newest": store.ByNewest, "client": store.ByClient, "field": store.ByField,
}

// queueQuery reads which conflicts are asked for: status, field, client_id,
// author, device, source, older_than and search (in the names of clients)
// select, sort and cursor order them.
func (a *API) queueQuery(r *http.Request) (store.ConflictQuery, error) {
	values := r.URL.Query()
	q := store.ConflictQuery{
		Status: conflicts.Status(values.Get("status")),
		Field:  crdt.Path(values.Get("field")),
		Author: values.Get("author"),
		Device: values.Get("device"),
		Source: conflicts.Source(values.Get("source")),
		Search: values.Get("search"),
		Order:  queueOrders[values.Get("sort")],
	}
	if err := checkQueue(values, q); err != nil {
		return q, err
	}
	if client := values.Get("client_id"); client != "" {
		id, err := crdt.ParseRecordID(client)
		if err != nil {
			return q, malformed("client_id", "must be a client id or a document id")
		}
		q.Record = id
	}
	if text := values.Get("older_than"); text != "" {
		age, err := time.ParseDuration(text)
		if err != nil || age < 0 {
			return q, malformed("older_than", "must be a time such as 90m or 72h")
		}
		q.OpenedBefore = a.now().Add(-age)
	}
	var err error
	q.After, err = queuePlace(values.Get("cursor"), q.Order)
	return q, err
}

// checkQueue checks what is one of a few words, and lengths.
func checkQueue(values url.Values, q store.ConflictQuery) error {
	statuses := []conflicts.Status{"", conflicts.Pending, conflicts.Resolved, conflicts.Withdrawn, conflicts.RecordDeleted, conflicts.Erased}
	sources := []conflicts.Source{"", conflicts.FromDevice, conflicts.FromAPI, conflicts.FromWebhook}
	switch _, order := queueOrders[values.Get("sort")]; {
	case !slices.Contains(statuses, q.Status):
		return malformed("status", "must be pending, resolved, withdrawn, record_deleted or erased")
	case !slices.Contains(sources, q.Source):
		return malformed("source", "must be device, api or webhook")
	case !order:
		return malformed("sort", "must be oldest, newest, client or field")
	}
	for _, name := range []string{"author", "device", "search"} {
		if len(values.Get(name)) > maxKey {
			return malformed(name, fmt.Sprintf("must not be longer than %d bytes", maxKey))
		}
	}
	return nil
}

// queueCursor writes a place as a cursor: the id, and before it what the order
// goes by, if it goes by something else.
func queueCursor(p store.ConflictPlace) string {
	if p.Key == "" {
		return p.ID
	}
	return base64.RawURLEncoding.EncodeToString([]byte(p.Key)) + "." + p.ID
}

// queuePlace reads a cursor of that order.
func queuePlace(cursor string, order store.ConflictOrder) (store.ConflictPlace, error) {
	never := malformed("cursor", "must be the next of an earlier page in the same order")
	if len(cursor) > maxText {
		return store.ConflictPlace{}, never
	}
	text, id, keyed := strings.Cut(cursor, ".")
	if !keyed {
		return store.ConflictPlace{ID: cursor}, nil
	}
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || id == "" || order == store.ByOldest || order == store.ByNewest {
		return store.ConflictPlace{}, never
	}
	return store.ConflictPlace{Key: string(key), ID: id}, nil
}
