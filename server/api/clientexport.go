package api

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/sheet"
)

// staleHeader is the header of an export that counts the records of which
// ordinary fields are shown as they were projected last.
const staleHeader = "Wedsync-Stale-Records"

// ExportClients answers GET /api/clients/export with all records as CSV, in
// ascending order of id, or with the fields alone that ?fields= names. The
// package sheet says what stands in the cells; critical fields show their
// accepted values.
//
// Records are read twice, page by page: to learn of their fields, and to write
// them. Each row is a record as it was at some moment meanwhile. If a record
// changed in between so that no column takes it, or the export could not be
// finished, it ends in a broken connection, so that nobody takes a part for the
// whole.
func (a *API) ExportClients(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	fields, err := exportedFields(r)
	if err != nil {
		return err
	}
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	unhurried(w)
	census, stale := sheet.NewCensus(policy, fields), 0
	err = a.eachItem(r, who, policy, func(i *item) error {
		if i.Stale {
			stale++
		}
		if !census.Count(i.Fields) {
			return errTooWide
		}
		return nil
	})
	if err != nil {
		return err
	}
	if stale > 0 {
		w.Header().Set(staleHeader, strconv.Itoa(stale))
	}
	t := &clientTable{beginCSV(w, "clients.csv"), policy, census.Columns(), fields != nil}
	t.writeHeader()
	err = a.eachItem(r, who, policy, t.write)
	if t.out.Flush(); t.out.Error() != nil || r.Context().Err() != nil {
		return nil // the caller has gone away
	}
	if err != nil {
		a.problem(r, err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

var errTooWide = fmt.Errorf("more than %d columns", sheet.MaxColumns)

// exportedFields are those that the query names, nil for all.
func exportedFields(r *http.Request) (fields []crdt.Path, err error) {
	for _, list := range r.URL.Query()["fields"] {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name != "" && name != sheet.IDHeader {
				fields = append(fields, crdt.Path(name))
			}
		}
	}
	if len(fields) >= sheet.MaxColumns {
		return nil, malformed("fields", fmt.Sprintf("must not be more than %d", sheet.MaxColumns-1))
	}
	return fields, nil
}

// eachItem calls f with all records of a supplier, in ascending order of id.
func (a *API) eachItem(r *http.Request, who conflicts.Principal, policy *conflicts.Policy, f func(*item) error) error {
	var after crdt.RecordID
	for {
		if _, err := a.hub.Admit(r.Context(), who); err != nil {
			return err // an owner took the access away meanwhile
		}
		rows, err := a.hub.FreshList(r.Context(), who.Supplier, after, maxPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			i, err := showItem(row, policy)
			if err == nil {
				err = f(i)
			}
			if err != nil {
				return err
			}
		}
		after = rows[len(rows)-1].Record
	}
}

// A clientTable writes records as rows.
type clientTable struct {
	out     *csv.Writer
	policy  *conflicts.Policy
	columns []sheet.Column
	chosen  bool // other fields than those of columns are left out
}

func (t *clientTable) writeHeader() {
	cells := make([]string, len(t.columns))
	for n, c := range t.columns {
		cells[n] = c.Header()
	}
	_ = t.out.Write(cells) // Error tells in the end
}

// write writes a record's row. Its error is that of the connection, or says that
// the columns do not hold the record.
func (t *clientTable) write(i *item) error {
	cells, fields := make([]string, len(t.columns)), sheet.Split(i.Fields, t.policy)
	for n, c := range t.columns {
		if c.ID {
			cells[n] = i.Client
			continue
		}
		cell, ok := c.Write(fields[c.Field])
		if !ok {
			return fmt.Errorf("record %s: field %q changed its type during the export", i.Client, c.Field)
		}
		cells[n] = cell
		delete(fields, c.Field)
	}
	for path, v := range fields {
		if v != nil && !t.chosen {
			return fmt.Errorf("record %s: field %q came during the export", i.Client, path)
		}
	}
	return t.out.Write(cells)
}

// unhurried lets a request take as long as its work does: the server's deadline
// is for reading it.
func unhurried(w http.ResponseWriter) {
	// What knows no deadline has none, and a connection that is gone says so when it is used.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}
