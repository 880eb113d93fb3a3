package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/communications/account"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// A checkup goes through all that a store holds.
type checkup struct {
	store    store.Store
	accounts *account.Keeper
	out      io.Writer
	progress pacer
	env      *conflicts.Env
	repair   bool // puts right what can be

	entries, records, supplierCount int
	problems, warnings, mended      int
	unproven, behind                int // records; see [hub.Report]
	untried                         int // accounts, since there is no file of keys that can be used
}

// How much is read at once.
const (
	checkedEntries = 1000
	checkedRecords = 200
)

const adviceRestore = "restore the data directory from a backup; devices bring back what it lacks"

// find tells of a finding. Text that devices wrote may be in it.
func (d *checkup) find(where, what, advice string, warning bool) {
	word := "WRONG"
	if warning {
		word = "SOON"
		d.warnings++
	} else {
		d.problems++
	}
	d.tell(word, where, what, advice)
}

func (d *checkup) tell(word, where, what, advice string) {
	text := fmt.Sprintf("%s  %s\n    %s\n", word, printable(where), printable(what))
	if advice != "" {
		text += "    what to do: " + advice + "\n"
	}
	// The count of findings, which is the exit code, does not depend on it.
	_, _ = fmt.Fprint(d.out, text)
}

// A selfChecking store finds what is wrong with the file that it is in.
type selfChecking interface {
	Check(ctx context.Context) (faults []string, err error)
}

var _ selfChecking = (*sqlite.Store)(nil)

// file has the store check its file, if it is in one, and reads the hub's identity.
func (d *checkup) file(ctx context.Context, s store.Store) error {
	var faults []string
	var err error
	if file, ok := s.(selfChecking); ok {
		d.progress.say("checking the database file")
		faults, err = file.Check(ctx)
	}
	if err != nil && !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	if err != nil {
		faults = append(faults, err.Error())
	}
	for _, fault := range faults {
		d.find("the database file", fault, adviceRestore, false)
	}
	identity, err := s.Identity(ctx)
	if err != nil {
		return err
	}
	d.env = &conflicts.Env{Secret: identity.Secret, Limits: crdt.DefaultLimits}
	return nil
}

// suppliers checks every supplier's journal and records.
func (d *checkup) suppliers(ctx context.Context) error {
	for after := ""; ; {
		page, err := d.store.Suppliers(ctx, after, checkedRecords)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, s := range page {
			after = s.Name
			d.supplierCount++
			d.progress.say("checking %s: %d journal entries", printable(s.Name), s.Entries)
			if err := d.journal(ctx, s); err != nil {
				return err
			}
			if err := d.recordsOf(ctx, s.Name); err != nil {
				return err
			}
			if err := d.hooks(ctx, s); err != nil {
				return err
			}
			if err := d.accountsOf(ctx, s.Name); err != nil {
				return err
			}
		}
	}
}

// journal checks that a supplier's entries can be read and that none is missing.
func (d *checkup) journal(ctx context.Context, s store.Supplier) error {
	where, limit, said := "the journal of "+s.Name, checkedEntries, ""
	for after := uint64(0); after < s.Entries; {
		d.progress.tell("%d of %d journal entries", after, s.Entries)
		entries, err := d.store.Journal(ctx, s.Name, after, limit)
		switch {
		case errors.Is(err, store.ErrCorrupt) && limit > 1:
			limit = 1 // to find out which
			continue
		case errors.Is(err, store.ErrCorrupt):
			if err.Error() != said {
				said = err.Error()
				d.find(where, said, adviceRestore, false)
			}
			after++
			limit = checkedEntries
			continue
		case err != nil:
			return err
		case len(entries) == 0:
			d.find(where, fmt.Sprintf("it ends with entry %d, %d were written", after, s.Entries), adviceRestore, false)
			return nil
		}
		for _, e := range entries {
			if e.Number != after+1 {
				d.find(where, fmt.Sprintf("entries from %d up to %d are missing", after+1, e.Number-1), adviceRestore, false)
			}
			after = e.Number
			d.entries++
		}
	}
	beyond, err := d.store.Journal(ctx, s.Name, s.Entries, 1)
	if len(beyond) > 0 {
		d.find(where, fmt.Sprintf("entry %d is there, %d were written", beyond[0].Number, s.Entries), adviceRestore, false)
	}
	return err
}

// report says how it went; it is an error if anything is wrong still.
func (d *checkup) report() error {
	checked := fmt.Sprintf("%d records of %d suppliers, %d journal entries", d.records, d.supplierCount, d.entries)
	for _, note := range []struct {
		n    int
		what string
	}{
		{d.mended, "findings were mended; see there"},
		{d.behind, "projections are older than their records, which is no fault: they are made anew when somebody asks"},
		{d.untried, "accounts have tokens of which nobody knows whether the hub can decrypt them: see --keys"},
		{d.unproven, "records were judged by another version of the hub or hold findings: their closed rows could not be held against the journal"},
	} {
		if note.n > 0 {
			if _, err := fmt.Fprintf(d.out, "%d %s\n", note.n, note.what); err != nil {
				return err
			}
		}
	}
	if d.problems > 0 {
		return fmt.Errorf("%d things are wrong in %s", d.problems, checked)
	}
	verdict := "nothing is wrong"
	if d.mended > 0 {
		verdict = "nothing is wrong any more"
	}
	if d.warnings > 0 {
		verdict += fmt.Sprintf(", %d things may become so", d.warnings)
	}
	_, err := fmt.Fprintf(d.out, "checked %s: %s\n", checked, verdict)
	return err
}
