package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/server/sheet"
)

// exportColumns are the columns of an export: a row for each proposal.
var exportColumns = []string{
	"conflict_id", "client_id", "client_name", "field", "status", "reason", "version", "opened_at", "closed_at", "reminders",
	"base", "current", "proposal_id", "proposed", "state", "source", "user", "device", "role", "co_authors", "edited_at", "received_at",
	"decision", "decided", "decided_by", "decided_at", "note",
}

// ExportConflicts answers GET /api/conflicts/export with the conflicts that the
// same query lists, as CSV, all of them, read page by page while they are sent.
// An export that could not be finished ends in a broken connection, so that
// nobody takes a part for the whole.
func (a *API) ExportConflicts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := a.queueQuery(r)
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	q.Limit = maxPage
	rows, err := a.store.Conflicts(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	out := beginCSV(w, "conflicts.csv")
	_ = out.Write(exportColumns) // Error below tells
	for len(rows) > 0 {
		for _, c := range rows {
			writeConflict(out, showQueued(c, policy))
		}
		if out.Flush(); out.Error() != nil {
			return nil // the caller has gone away
		}
		q.After = rows[len(rows)-1].Place
		if rows, err = a.store.Conflicts(r.Context(), who.Supplier, q); err != nil {
			a.problem(r, err)
			panic(http.ErrAbortHandler)
		}
	}
	out.Flush()
	return nil
}

// beginCSV begins an answer that is a table in a file.
func beginCSV(w http.ResponseWriter, file string) *csv.Writer {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	return csv.NewWriter(w)
}

// writeConflict writes a row for each proposal of a conflict.
func writeConflict(out *csv.Writer, c *conflictItem) {
	row := []string{
		c.ID, c.Client, c.Name, c.Field, string(c.Status), c.Reason, strconv.FormatUint(c.Version, 10),
		csvTime(&c.OpenedAt), csvTime(c.ClosedAt), strconv.Itoa(c.Reminders), csvValue(c.Base.Value), csvValue(c.Current.Value),
	}
	var decided [5]string
	if d := c.Decision; d != nil {
		decided = [5]string{string(d.Action), csvValue(d.Value), d.By.User, csvTime(&d.At), d.Note}
	}
	proposals := c.Proposals
	if len(proposals) == 0 {
		proposals = []proposal{{}}
	}
	for _, p := range proposals {
		var others []string
		for _, other := range p.CoAuthors {
			others = append(others, other.name())
		}
		cells := append(row[:len(row):len(row)], p.ID, csvValue(p.Value), string(p.State), string(p.Source),
			p.Author.name(), p.Author.Device, string(p.Author.Role), strings.Join(others, " "), csvTime(p.EditedAt), csvTime(p.ReceivedAt))
		cells = append(cells, decided[:]...)
		for i, cell := range cells {
			cells[i] = sheet.Guard(cell)
		}
		_ = out.Write(cells) // Error tells after the page
	}
}

// name is what an author is known by.
func (a author) name() string {
	if a.User == "" && a.Actor != "" {
		return "actor " + a.Actor
	}
	return a.User
}

// csvValue is a field's value as a cell, empty if it is cleared. What is neither
// text nor number is JSON.
func csvValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // decoded JSON can always be written
	}
	return string(b)
}

func csvTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
