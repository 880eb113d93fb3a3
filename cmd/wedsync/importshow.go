package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
)

// print prints the bad cells, what waits for a decision, and the totals.
func (r *remoteImport) print(w io.Writer) error {
	return errors.Join(r.printErrors(w), r.printQueue(w), r.printTotals(w))
}

func (r *remoteImport) printErrors(w io.Writer) error {
	if len(r.Errors) == 0 {
		return nil
	}
	g := newGrid("row", "column", "cell", "what is wrong", "what would be right")
	for _, e := range r.Errors {
		g.add(e.Row, printable(cmp.Or(e.Column, "the whole row")), printable(e.Cell), printable(e.Wrong), printable(e.Right))
	}
	if err := g.print(w); err != nil {
		return err
	}
	if more := r.BadCells + r.Failed - len(r.Errors); more > 0 {
		_, err := fmt.Fprintf(w, "and %d more\n", more)
		return err
	}
	return nil
}

func (r *remoteImport) printQueue(w io.Writer) error {
	if len(r.Queue) == 0 {
		return nil
	}
	g := newGrid("row", "client", "field", "outcome", "why", "conflict")
	for _, q := range r.Queue {
		g.add(q.Row, printable(q.Client), printable(q.Field), printable(q.Outcome), printable(q.Reason), printable(q.Conflict))
	}
	if err := g.print(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d values of critical fields do not count yet: wedsync conflicts list shows those that wait for a decision\n", r.Diverted)
	return err
}

func (r *remoteImport) printTotals(w io.Writer) error {
	var err error
	if r.DryRun {
		_, err = fmt.Fprintf(w, "dry run, nothing was written: of %d rows %d would be created, %d updated (%d cells of critical fields), %d unchanged; %d bad cells in %d rows\n",
			r.Rows, r.Created, r.Updated, r.Critical, r.Unchanged, r.BadCells, r.Skipped)
	} else {
		_, err = fmt.Fprintf(w, "%d of %d rows: %d created, %d updated, %d unchanged, %d left out, %d failed\n",
			r.Done, r.Rows, r.Created, r.Updated, r.Unchanged, min(r.Skipped, r.Done), r.Failed)
	}
	return err
}

// failure is an error if the import or its dry run did not go well.
func (r *remoteImport) failure() error {
	switch {
	case r.Failed > 0:
		return fmt.Errorf("%d rows could not be written", r.Failed)
	case r.DryRun && r.BadCells > 0:
		return fmt.Errorf("%d bad cells", r.BadCells)
	}
	return nil
}
