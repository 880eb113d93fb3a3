package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/accepted"
)

// A historyPage is a page of a record's timeline, with where its decision log
// stands.
type historyPage struct {
	Page[historyItem]
	Log logHead `json:"log" doc:"Where the decision log of the record stands."`
}

type logHead struct {
	Count uint64 `json:"count" doc:"How many decisions there are."`
	Hash  string `json:"hash" doc:"Of the last, in hexadecimal; empty if there is none."`
}

// A historyItem is one line of the timeline: what happened to one field.
type historyItem struct {
	At         time.Time        `json:"at" doc:"By the clock of the hub."`
	Since      *time.Time       `json:"since,omitempty" doc:"When the burst of typing began that this line tells."`
	DeviceTime *time.Time       `json:"device_time" doc:"By the clock of the author, null for what the hub wrote."`
	Kind       string           `json:"kind" doc:"How it came about." example:"resolve"`
	Field      string           `json:"field,omitempty" doc:"None if the record as a whole was meant."`
	Before     any              `json:"before" doc:"Null if cleared."`
	After      any              `json:"after" doc:"Null if cleared."`
	Changes    int              `json:"changes" doc:"How many changes this line tells."`
	Author     author           `json:"author" doc:"Who did it."`
	Base       *uint64          `json:"base,omitempty" doc:"The revision that the author knew."`
	Outcome    string           `json:"outcome,omitempty" doc:"Of an edit of a critical field."`
	Reason     string           `json:"reason,omitempty" doc:"Of the outcome."`
	Rule       int              `json:"rule,omitempty" doc:"By which rule it was judged."`
	Conflict   string           `json:"conflict_id,omitempty" doc:"That it was about."`
	Proposal   string           `json:"proposal_id,omitempty" doc:"That it was about."`
	Decision   *historyDecision `json:"decision,omitempty" doc:"Its entry in the decision log."`
}

// A historyDecision is an entry of the record's decision log.
type historyDecision struct {
	Number   uint64           `json:"number" doc:"From 1."`
	Hash     string           `json:"hash" doc:"Of the entry."`
	Previous string           `json:"previous" doc:"Hash of the entry before, empty for the first."`
	Act      conflicts.Act    `json:"act" doc:"What the entry notes." enum:"decided,reopened,withdrawn,recovered"`
	Revision uint64           `json:"revision,omitempty" doc:"Of the field."`
	Cause    conflicts.Cause  `json:"cause,omitempty" doc:"Of the decision."`
	Action   conflicts.Action `json:"action,omitempty" doc:"Of a person."`
	Note     string           `json:"note,omitempty" doc:"Of a person."`
	Change   string           `json:"change,omitempty" doc:"Hash of the change that was decided about."`
	Former   string           `json:"former_conflict_id,omitempty" doc:"The conflict that was reopened."`
}

// ClientHistory answers GET /api/clients/{id}/history, filtered by field and
// author, newest first unless sorted otherwise.
func (a *API) ClientHistory(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	q, err := historyQuery(r)
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	told, err := a.hub.History(r.Context(), who.Supplier, id, q)
	if err != nil {
		return err
	}
	p := historyPage{
		Page: Page[historyItem]{Items: make([]historyItem, 0, len(told.Events))},
		Log:  logHead{told.Log.Count, showHash(told.Log.Hash)},
	}
	for i := range told.Events {
		p.Items = append(p.Items, showEvent(&told.Events[i], policy))
	}
	if told.More {
		next := showPlace(told.Events[len(told.Events)-1].Place)
		p.Next = &next
	}
	return reply(w, http.StatusOK, p)
}

func historyQuery(r *http.Request) (conflicts.HistoryQuery, error) {
	values := r.URL.Query()
	q := conflicts.HistoryQuery{
		Field: crdt.Path(values.Get("field")), Author: values.Get("author"), Oldest: values.Get("sort") == "oldest",
	}
	switch {
	case len(q.Field) > maxText || q.Field != "" && slices.Contains(q.Field.Keys(), ""):
		return q, malformed("field", "must be the name of a field, or names joined by dots")
	case q.Field.Keys()[0] == accepted.ConflictsKey:
		return q, malformed("field", "must not be sync_conflicts, which is the hub's own")
	case len(q.Author) > maxKey:
		return q, malformed("author", fmt.Sprintf("must not be longer than %d bytes", maxKey))
	case !slices.Contains([]string{"", "oldest", "newest"}, values.Get("sort")):
		return q, malformed("sort", "must be oldest or newest")
	}
	if text := values.Get("cursor"); text != "" {
		after, ok := parsePlace(text)
		if !ok {
			return q, malformed("cursor", "must be the next of an earlier page")
		}
		q.After = after
	}
	limit, err := limitOf(r)
	q.Limit = limit
	return q, err
}

// showPlace is a place as a cursor.
func showPlace(p conflicts.Place) string { return fmt.Sprintf("%d.%d", p.Number, p.Index) }

func parsePlace(text string) (p conflicts.Place, ok bool) {
	number, index, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n == 0 {
		return p, false
	}
	i, err := strconv.ParseUint(index, 10, 31)
	return conflicts.Place{Number: n, Index: int(i)}, err == nil
}

func showEvent(e *conflicts.Event, policy *conflicts.Policy) historyItem {
	shown := historyItem{
		At: e.At.UTC(), DeviceTime: showTime(e.Edited), Kind: e.Kind, Field: string(e.Field), Changes: e.Changes,
		Before: e.Before.JSON(), After: e.After.JSON(), Author: showAuthor(e.Author),
	}
	if e.Critical {
		shown.Before, shown.After = policy.Shown(e.Field, e.Before), policy.Shown(e.Field, e.After)
	}
	if !e.Began.Equal(e.At) {
		shown.Since = showTime(e.Began)
	}
	if v := e.Verdict; v != nil {
		shown.Outcome, shown.Reason, shown.Rule = v.Outcome, v.Reason, v.Rule
		shown.Conflict, shown.Proposal = v.Conflict, v.Proposal
		if v.Rule > 0 {
			shown.Base = &v.Base
		}
	}
	if d := e.Entry; d != nil {
		shown.Decision = &historyDecision{
			Number: d.Number, Hash: showHash(e.Hash), Previous: showHash(d.Previous), Act: d.Act, Revision: d.Revision,
			Cause: d.Cause, Action: d.Action, Note: d.Note, Change: showHash(d.Change), Former: d.Former,
		}
		if e.Verdict == nil {
			shown.Conflict, shown.Proposal = d.Conflict, d.Proposal
		}
	}
	return shown
}

// showHash is a hash in hexadecimal, empty if it names nothing.
func showHash(h crdt.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}
