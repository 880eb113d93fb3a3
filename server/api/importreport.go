package api

import (
	"net/http"

	"wedsync/crdt"
	"wedsync/server/sheet"
)

// maxListed is how many bad cells and how many decided ones a report lists; all
// are counted.
const maxListed = 1000

// ndjson is the media type of JSON line by line.
const ndjson = "application/x-ndjson"

// An importReport says what became of an import, or would become of it.
type importReport struct {
	DryRun    bool `json:"dry_run" doc:"Nothing was written: created, updated and unchanged say what would be."`
	Rows      int  `json:"rows" doc:"Rows below the header in which something stands."`
	Done      int  `json:"done" doc:"Rows that were dealt with."`
	Created   int  `json:"created" doc:"Rows that made a client."`
	Updated   int  `json:"updated" doc:"Rows that changed a client."`
	Unchanged int  `json:"unchanged" doc:"Rows that say what the client holds already."`
	Skipped   int  `json:"skipped" doc:"Rows that were left out because a cell is bad."`
	Failed    int  `json:"failed" doc:"Rows that were good and then could not be written."`
	// Critical is what a dry run knows of decisions: it makes none.
	Critical int `json:"critical_cells" doc:"Cells that change a critical field of a client that exists; each may have to wait for a decision."`

	BadCells int             `json:"bad_cells" doc:"How many there are."`
	Errors   []sheet.BadCell `json:"errors" doc:"Bad cells and rows that failed, in order of rows; the first 1,000."`
	Diverted int             `json:"diverted" doc:"Cells of critical fields that did not come to count."`
	Queue    []queuedCell    `json:"queue" doc:"Those cells; the first 1,000."`
}

// A queuedCell is a cell of a critical field that did not come to count.
type queuedCell struct {
	Row      int       `json:"row" doc:"As a spreadsheet counts: the header is 1."`
	Client   string    `json:"client_id" doc:"Whose field it is."`
	Field    crdt.Path `json:"field" doc:"The critical field."`
	Outcome  string    `json:"outcome" doc:"Diverted: it waits for a decision; rejected: it may not be set."`
	Reason   string    `json:"reason" doc:"Why."`
	Conflict string    `json:"conflict_id,omitempty" doc:"Where it waits."`
}

// bad counts what is wrong with a row.
func (r *importReport) bad(faults []sheet.BadCell) {
	r.BadCells += len(faults)
	r.list(faults)
}

func (r *importReport) list(faults []sheet.BadCell) {
	r.Errors = append(r.Errors, faults[:min(len(faults), maxListed-len(r.Errors))]...)
}

// wrote counts a row that was written.
func (r *importReport) wrote(row int, created bool, told editAnswer) {
	if created {
		r.Created++
	} else {
		r.Updated++
	}
	for _, field := range sortedKeys(told.Verdicts) {
		v := told.Verdicts[field]
		if v.Outcome != "diverted" && v.Outcome != "rejected" {
			continue
		}
		r.Diverted++
		if len(r.Queue) < maxListed {
			r.Queue = append(r.Queue, queuedCell{row, told.Record.ClientID(), field, v.Outcome, v.Reason, v.Conflict})
		}
	}
}

// A badCellsError means a table of which nothing was written.
type badCellsError struct{ report *importReport }

func (e *badCellsError) Error() string { return "the table has bad cells" }

// A brokenOffError means an import that stopped midway.
type brokenOffError struct {
	cause  error
	report *importReport
}

func (e *brokenOffError) Error() string { return "import broke off: " + e.cause.Error() }

func (e *brokenOffError) Unwrap() error { return e.cause }

// An importLine is a line of an answer that tells how far an import is. The last
// one has a report or a problem.
type importLine struct {
	Phase   string        `json:"phase,omitempty" enum:"checking,writing" doc:"What is being done. Checking changes nothing."`
	Done    int           `json:"done,omitempty" doc:"Rows with which it was done."`
	Total   int           `json:"total,omitempty" doc:"Rows with which it is to be done."`
	Report  *importReport `json:"report,omitempty" doc:"What became of the import."`
	Problem *Problem      `json:"problem,omitempty" doc:"Why nothing became of it, or not all."`
}

// importLines is an answer that tells how far an import is, if that is wanted.
type importLines struct {
	w      http.ResponseWriter
	wanted bool
	begun  bool
}

// tell sends a line at every hundredth of the way.
func (l *importLines) tell(p importLine) {
	if step := max(p.Total/100, 1); l.wanted && (p.Done%step == 0 || p.Done == p.Total) {
		_ = l.write(p) // a caller that has gone away ends the request's context
	}
}

// end answers with the report.
func (l *importLines) end(report *importReport) error {
	if l.wanted {
		return l.write(importLine{Report: report})
	}
	return reply(l.w, http.StatusOK, report)
}

func (l *importLines) write(line any) error {
	b, err := encode(line)
	if err != nil {
		return err
	}
	if !l.begun {
		l.begun = true
		send(l.w, http.StatusOK, ndjson, b)
	} else {
		_, _ = l.w.Write(b) // as send does
	}
	_ = http.NewResponseController(l.w).Flush()
	return nil
}
