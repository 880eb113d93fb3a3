package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"wedsync/conflicts"
	"wedsync/server/sheet"
)

// Bounds of imports.
const (
	maxImport  = 32 << 20 // bytes of a file; a longer one is answered 413
	maxImports = 8        // that are worked on at once, each of another supplier
)

var (
	errImportBusy  = errors.New("an import of the supplier is being worked on")
	errImportsBusy = errors.New("as many imports as may be are being worked on")
)

// ImportClients answers POST /api/clients/import. The body is a table as the
// package sheet has it: a row with a client_id that exists is an edit of those
// fields that a cell would change, like a PATCH; one with another client_id
// creates that client, and one without creates a client.
//
// All rows are checked before one is written. If a cell is bad nothing is
// written, unless ?skip_bad_rows=true leaves out the rows that have some;
// ?dry_run=true writes nothing in any case. Each row is written by itself. An
// import that broke off goes on where it stopped when it is sent again under the
// same Idempotency-Key: each row has a key of its own that follows from it.
//
// To who accepts application/x-ndjson the answer tells how far it is, line by
// line, before its last line is the report.
func (a *API) ImportClients(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	im, err := a.newImport(r, who)
	if err != nil {
		return err
	}
	if err := a.imports.begin(who.Supplier); err != nil {
		return err
	}
	defer a.imports.end(who.Supplier)
	file, err := readFile(w, r)
	if err != nil {
		return err
	}
	unhurried(w)
	im.file = sha256.Sum256(file)
	if im.policy, err = a.hub.Policy(r.Context(), who.Supplier); err != nil {
		return err
	}
	lines := &importLines{w: w, wanted: strings.Contains(r.Header.Get("Accept"), ndjson)}
	im.tell = lines.tell
	if err = im.run(file); err == nil {
		return lines.end(&im.report)
	}
	if !lines.begun {
		return err
	}
	p := a.problem(r, err)
	return lines.write(importLine{Problem: &p})
}

// newImport reads all of a request but its body.
func (a *API) newImport(r *http.Request, who conflicts.Principal) (*importing, error) {
	if r.Header.Get("Content-Encoding") != "" {
		return nil, fmt.Errorf("%w: send the file as it is, without Content-Encoding", errMediaType)
	}
	im := &importing{api: a, r: r, who: who}
	var err error
	for name, value := range map[string]*bool{"dry_run": &im.report.DryRun, "skip_bad_rows": &im.skip} {
		if *value, err = switchOf(r, name); err != nil {
			return nil, err
		}
	}
	c, err := newCommand(r, who, nil)
	if err != nil {
		return nil, err
	}
	im.asker, im.key = c.asker, c.key
	return im, nil
}

// switchOf is a parameter that is true or false, which it is without.
func switchOf(r *http.Request, name string) (bool, error) {
	value := r.URL.Query().Get(name)
	if !slices.Contains([]string{"", "true", "false"}, value) {
		return false, malformed(name, "must be true or false")
	}
	return value == "true", nil
}

// readFile reads the body, or refuses it as soon as it is known to be too long.
func readFile(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxImport {
		return nil, &http.MaxBytesError{Limit: maxImport}
	}
	var file bytes.Buffer
	file.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead) // so that it need not grow
	_, err := file.ReadFrom(http.MaxBytesReader(w, r.Body, maxImport))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, err
	case err != nil:
		return nil, malformed("body", "could not be read to its end")
	}
	return file.Bytes(), nil
}

// imports are those that are being worked on.
type imports struct {
	mu      sync.Mutex
	running map[string]bool // by supplier
}

// begin takes a supplier's place; after nil, end must be called.
func (i *imports) begin(supplier string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.running[supplier]:
		return errImportBusy
	case len(i.running) >= maxImports:
		return errImportsBusy
	case i.running == nil:
		i.running = make(map[string]bool)
	}
	i.running[supplier] = true
	return nil
}

func (i *imports) end(supplier string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.running, supplier)
}

// rowKey is the idempotency key of a row, empty if the import has none. No key of
// a caller's own holds a DEL.
func (im *importing) rowKey(row int) string {
	if im.key == "" {
		return ""
	}
	return fmt.Sprintf("%s\x7frow %d", im.key, row)
}

// rowHash says which request a row is part of: the same file under the same key.
func (im *importing) rowHash(row int) [32]byte {
	h := sha256.New()
	_, _ = io.WriteString(h, fmt.Sprintf("import row %d\n", row)) // a hash takes everything
	_, _ = h.Write(im.file[:])
	return [32]byte(h.Sum(nil))
}

// unwritable is why the field of a column cannot be written, empty if it can.
func (im *importing) unwritable(c sheet.Column) string {
	if rule := keyRule(string(c.Field), im.policy); rule != "" {
		return rule
	}
	for _, f := range im.policy.Fields {
		if strings.HasPrefix(string(f.Path), string(c.Field)+".") {
			return fmt.Sprintf("the field contains the critical field %s, which needs a column of its own", f.Path)
		}
	}
	return ""
}
