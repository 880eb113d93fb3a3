package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxImportFile is how many bytes a hub takes at once.
const maxImportFile = 32 << 20

type importCommand struct {
	remoteHub
	File        string `arg:"" help:"CSV file to read; - is standard input." placeholder:"FILE"`
	DryRun      bool   `help:"Only say what would be done, and which cells are bad."`
	SkipBadRows bool   `help:"Leave out rows with bad cells, in place of importing nothing."`
	Key         string `help:"Go on with the import of this file that broke off; it said its key." placeholder:"KEY"`
	JSON        bool   `name:"json" help:"Print the report as JSON."`
}

func (importCommand) Help() string {
	return `
The first row names the fields: name,wedding_date,guests:number. A suffix says of
what type a column is: number, boolean or json; without one its cells are texts.
Critical fields have none, for they are read by their kind: dates as 2027-06-12,
money as 12500.50.

A row with the client_id of a client changes the fields whose cells differ, as
this token's owner may: an edit of a critical field may have to wait for a decision.
One without makes a client. An empty cell leaves a field as it is; (clear) takes
it out, (empty) makes it an empty text.

All rows are checked before one is written, and bad cells are listed with what
would be right. A file has at most 32 MB, 50,000 rows and 200 columns.

Examples:

    wedsync import clients.csv --dry-run
    wedsync import clients.csv
    wedsync import clients.csv --skip-bad-rows
    wedsync export | wedsync import - --url https://other.example.com --token …`
}

// A remoteImport says what became of an import.
type remoteImport struct {
	DryRun    bool `json:"dry_run"`
	Rows      int  `json:"rows"`
	Done      int  `json:"done"`
	Created   int  `json:"created"`
	Updated   int  `json:"updated"`
	Unchanged int  `json:"unchanged"`
	Skipped   int  `json:"skipped"`
	Failed    int  `json:"failed"`
	Critical  int  `json:"critical_cells"`
	BadCells  int  `json:"bad_cells"`
	Errors    []struct {
		Row    int    `json:"row"`
		Line   int    `json:"line"`
		Column string `json:"column,omitempty"`
		Cell   string `json:"cell,omitempty"`
		Wrong  string `json:"wrong"`
		Right  string `json:"right"`
	} `json:"errors"`
	Diverted int `json:"diverted"`
	Queue    []struct {
		Row      int    `json:"row"`
		Client   string `json:"client_id"`
		Field    string `json:"field"`
		Outcome  string `json:"outcome"`
		Reason   string `json:"reason"`
		Conflict string `json:"conflict_id,omitempty"`
	} `json:"queue"`
}

// Run imports a file, and prints what became of it.
func (c *importCommand) Run(ctx context.Context, t terminal) error {
	file, err := readInput(t, c.File, maxImportFile, "split it, with the header in each part")
	if err != nil {
		return err
	}
	key := cmp.Or(c.Key, rand.Text())
	report, err := c.send(ctx, t, file, key)
	if report != nil {
		if c.JSON {
			err = errors.Join(printJSON(t.Out, report), err)
		} else {
			err = errors.Join(report.print(t.Out), err)
		}
	}
	var refused *refusal
	switch {
	case err == nil:
		return report.failure()
	case errors.As(err, &refused) && refused.Import != nil && refused.Import.Done == 0 && refused.Import.BadCells > 0:
		return fmt.Errorf("nothing was written: %d bad cells (--skip-bad-rows leaves their rows out)", refused.Import.BadCells)
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError || c.DryRun:
		return err
	}
	return fmt.Errorf("%w\nwhat was written stays: wedsync import %s --key %s goes on where it stopped", err, printable(c.File), key)
}

// send has the hub import a file, and shows how far it is.
func (c *importCommand) send(ctx context.Context, t terminal, file []byte, key string) (*remoteImport, error) {
	query := url.Values{"dry_run": {strconv.FormatBool(c.DryRun)}, "skip_bad_rows": {strconv.FormatBool(c.SkipBadRows)}}
	r, err := c.request(ctx, http.MethodPost, "/api/clients/import?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(file)), int64(len(file))
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Accept", "application/x-ndjson")
	r.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return nil, fmt.Errorf("read the hub's answer: %w", err)
		}
		return importRefused(refusalOf(resp, answer))
	}
	return c.follow(t, resp.Body)
}

// follow reads how far an import is until it has ended.
func (c *importCommand) follow(t terminal, answer io.Reader) (*remoteImport, error) {
	b := newBar(t.Err)
	defer b.clear()
	lines := json.NewDecoder(io.LimitReader(answer, maxAnswer))
	for {
		var line struct {
			Phase   string        `json:"phase"`
			Done    int           `json:"done"`
			Total   int           `json:"total"`
			Report  *remoteImport `json:"report"`
			Problem *refusal      `json:"problem"`
		}
		err := lines.Decode(&line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the import's answer broke off: %w", err)
		case line.Report != nil:
			return line.Report, nil
		case line.Problem != nil:
			return importRefused(line.Problem)
		}
		b.draw(line.Phase, func(took time.Duration) string {
			return importLine(printable(line.Phase), line.Done, line.Total, took)
		})
	}
}

// importRefused is the report that a refusal carries, if it is one of an import.
func importRefused(err error) (*remoteImport, error) {
	var r *refusal
	if errors.As(err, &r) {
		return r.Import, err
	}
	return nil, err
}

// importLine is how far an import is after some time.
func importLine(phase string, done, total int, took time.Duration) string {
	share := float64(done) / float64(max(total, 1))
	line := fmt.Sprintf("%s %s, rows %d/%d", phase, cells(min(max(share, 0), 1)), done, total)
	if seconds := took.Seconds(); seconds > 0 && done > 0 {
		rate := float64(done) / seconds
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		line += fmt.Sprintf(", %.0f rows/s, %s left", rate, left.Round(time.Second))
	}
	return line
}
