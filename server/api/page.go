package api

import (
	"fmt"
	"net/http"
	"strconv"

	"wedsync/crdt"
)

const (
	defaultPage = 50
	maxPage     = 200
)

var limitRule = fmt.Sprintf("must be a whole number from 1 to %d", maxPage)

// A Page is a list as a caller sees it. Next is the cursor of the next page,
// null on the last one.
type Page[T any] struct {
	Items []T     `json:"items" doc:"The rows."`
	Next  *string `json:"next" doc:"The cursor of the next page, null on the last."`
}

// pageOf makes a page of at most limit of the rows, one more of which says that
// there is a next page.
func pageOf[R, T any](rows []R, limit int, cursor func(R) string, show func(R) (T, error)) (Page[T], error) {
	p := Page[T]{Items: make([]T, 0, min(len(rows), limit))}
	if len(rows) > limit {
		rows = rows[:limit]
		next := cursor(rows[limit-1])
		p.Next = &next
	}
	for _, row := range rows {
		item, err := show(row)
		if err != nil {
			return Page[T]{}, err
		}
		p.Items = append(p.Items, item)
	}
	return p, nil
}

// pageQuery are the parameters that limitOf and cursors read.
var pageQuery = []Param{
	{Name: "limit", Says: fmt.Sprintf("How many rows to answer, from 1 to %d; %d if left out.", maxPage, defaultPage), Number: true},
	{Name: "cursor", Says: "The next of the page before."},
}

// limitOf is how many rows the caller wants on a page.
func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPage {
		return 0, malformed("limit", limitRule)
	}
	return n, nil
}

// recordCursor is where a page of records begins: after this id.
func recordCursor(r *http.Request) (crdt.RecordID, error) {
	text := r.URL.Query().Get("cursor")
	if text == "" {
		return crdt.RecordID{}, nil
	}
	id, err := crdt.ParseRecordID(text)
	if err != nil {
		return crdt.RecordID{}, malformed("cursor", "must be the next of an earlier page")
	}
	return id, nil
}
