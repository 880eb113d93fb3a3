package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/server/sheet"
	"wedsync/store"
)

// importParallel is how many rows are worked on at once, so that their commits
// are stored together.
const importParallel = 256

// An importing is an import that is being worked on.
type importing struct {
	api    *API
	r      *http.Request
	who    conflicts.Principal
	policy *conflicts.Policy
	asker  string
	key    string // the caller's idempotency key, empty without one
	file   [32]byte
	skip   bool // rows with bad cells are left out
	tell   func(importLine)

	table   *sheet.Table
	columns []sheet.Column
	rules   []string // of columns: why the field cannot be written, empty if it can
	todo    []int    // rows that are good and say something, once all are checked
	report  importReport
}

// run checks all rows and then writes the good ones.
func (im *importing) run(file []byte) error {
	im.report.Errors, im.report.Queue = []sheet.BadCell{}, []queuedCell{}
	if fault := im.open(file); fault != nil {
		return im.refuse(fault)
	}
	if err := im.checkAll(im.r.Context()); err != nil {
		return err
	}
	if im.report.DryRun {
		return nil
	}
	if im.report.BadCells > 0 && !im.skip {
		return &badCellsError{&im.report}
	}
	return im.writeAll(im.r.Context())
}

// refuse ends an import of which not even the rows can be checked.
func (im *importing) refuse(faults []sheet.BadCell) error {
	im.report.bad(faults)
	if im.report.DryRun {
		return nil
	}
	return &badCellsError{&im.report}
}

// open reads the table's header, or says what is wrong with it.
func (im *importing) open(file []byte) (faults []sheet.BadCell) {
	table, err := sheet.Open(file)
	var broken *sheet.BadCell
	if errors.As(err, &broken) {
		return []sheet.BadCell{*broken}
	}
	im.table = table
	for i, header := range table.Header {
		c, wrong := sheet.ParseColumn(header, im.policy)
		if wrong == nil && slices.ContainsFunc(im.columns, func(k sheet.Column) bool { return k.ID == c.ID && k.Field == c.Field }) {
			wrong = &sheet.Wrong{Wrong: "is there twice", Right: "one column for each field"}
		}
		if wrong != nil {
			head := sheet.Shorten(header)
			if header == "" {
				head = fmt.Sprintf("column %d", i+1)
			}
			faults = append(faults, sheet.BadCell{Row: 1, Line: 1, Column: head, Cell: sheet.Shorten(header), Wrong: wrong.Wrong, Right: wrong.Right})
		}
		im.columns = append(im.columns, c)
		im.rules = append(im.rules, im.unwritable(c))
	}
	return faults
}

// checkAll finds out what each row asks for. Its error is none of the table's.
func (im *importing) checkAll(ctx context.Context) error {
	total := im.table.Len()
	firstOf := make(map[crdt.RecordID]int) // row numbers
	return inOrder(ctx, total, func(n int) (rowPlan, error) { return im.check(ctx, im.table.Row(n)) },
		func(n int, p rowPlan) {
			if first, again := firstOf[p.id]; again && p.id != (crdt.RecordID{}) {
				p.faults = append(p.faults, sheet.BadCell{
					Row: p.row.Number, Line: p.row.Line, Column: sheet.IDHeader, Cell: p.id.ClientID(),
					Wrong: fmt.Sprintf("is that of row %d too", first), Right: "one row for each client",
				})
			} else {
				firstOf[p.id] = p.row.Number
			}
			im.checked(n, p)
			im.tell(importLine{Phase: "checking", Done: n + 1, Total: total})
		})
}

// checked counts what a row asks for.
func (im *importing) checked(n int, p rowPlan) {
	if p.row.Blank {
		return
	}
	r := &im.report
	r.Rows++
	if len(p.faults) > 0 {
		r.bad(p.faults)
		r.Skipped++
		return
	}
	if !r.DryRun {
		im.todo = append(im.todo, n)
		return
	}
	r.Critical += p.critical
	switch r.Done++; {
	case p.creates:
		r.Created++
	case len(p.fields) == 0:
		r.Unchanged++
	default:
		r.Updated++
	}
}

// writeAll writes the rows that were found to be good.
func (im *importing) writeAll(ctx context.Context) error {
	im.report.Done = im.report.Skipped
	err := inOrder(ctx, len(im.todo), func(i int) (writtenRow, error) { return im.writeRow(ctx, im.table.Row(im.todo[i])) },
		func(_ int, w writtenRow) {
			im.report.Done++
			switch {
			case len(w.faults) > 0:
				im.report.Failed++
				im.report.list(w.faults)
			case w.unchanged:
				im.report.Unchanged++
			default:
				im.report.wrote(w.row, w.created, w.told)
			}
			im.tell(importLine{Phase: "writing", Done: im.report.Done - im.report.Skipped, Total: len(im.todo)})
		})
	if err != nil {
		return &brokenOffError{err, &im.report}
	}
	return nil
}

// broken reports whether an error is none of a row's: the import cannot go on.
func broken(err error) bool {
	for _, is := range []error{
		hub.ErrUnavailable, store.ErrUnavailable, hub.ErrRevoked, errForbidden, errKeyBusy, errKeyReused, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// inOrder calls do for 0 to n-1, several at once, and take with each result in
// order, one at a time. Once ctx ends or do fails nothing more is begun; what was
// begun is still taken if it succeeds, and then the first error is returned.
func inOrder[T any](ctx context.Context, n int, do func(int) (T, error), take func(int, T)) error {
	type result struct {
		value T
		err   error
	}
	var ring [importParallel]chan result
	for i := range ring {
		ring[i] = make(chan result, 1)
	}
	var failed error
	for begun, taken := 0, 0; taken < begun || begun < n && failed == nil; {
		if failed == nil {
			failed = ctx.Err()
		}
		if begun < n && failed == nil && begun-taken < importParallel {
			i := begun
			go func() { // ends with do, which is waited for below
				value, err := do(i)
				ring[i%importParallel] <- result{value, err}
			}()
			begun++
			continue
		}
		if taken == begun {
			break
		}
		r := <-ring[taken%importParallel]
		if r.err == nil {
			take(taken, r.value)
		} else if failed == nil {
			failed = r.err
		}
		taken++
	}
	return failed
}

func sortedKeys[V any](m map[crdt.Path]V) []crdt.Path { return slices.Sorted(maps.Keys(m)) }
