package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

type conflictsExportCommand struct {
	remoteHub
	conflictFilter
	Status string `help:"Which: ${enum} (default ${default})." enum:"pending,resolved,withdrawn,record_deleted,erased,all" default:"all" placeholder:"STATUS"`
	Sort   string `help:"Which first: ${enum} (default ${default})." enum:"oldest,newest,client,field" default:"oldest" placeholder:"ORDER"`
	Output string `short:"o" help:"File to write; standard output without." type:"path" placeholder:"FILE"`
}

func (conflictsExportCommand) Help() string {
	return `
A row for each proposal. Cells that a spreadsheet would take for a formula begin with an
apostrophe.

Examples:

    wedsync conflicts export > conflicts.csv
    wedsync conflicts export --status resolved --field budget -o decided.csv`
}

// Run writes the export.
func (c *conflictsExportCommand) Run(ctx context.Context, t terminal) error {
	path := "/api/conflicts/export"
	if query := c.query(c.Status, c.Sort); len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err := c.save(ctx, path, c.Output, t.Out)
	return err
}

// save writes an answer of any length to a file, which is there once it is whole,
// or to out if none is named. It returns the answer's headers.
func (h *remoteHub) save(ctx context.Context, path, file string, out io.Writer) (http.Header, error) {
	if file == "" {
		return h.download(ctx, path, out)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".wedsync-*")
	if err != nil {
		return nil, err
	}
	header, err := h.download(ctx, path, f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return header, nil
}

// download copies an answer of any length. It is an error if that breaks off.
func (h *remoteHub) download(ctx context.Context, path string, w io.Writer) (http.Header, error) {
	r, err := h.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, h.unreached(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return nil, fmt.Errorf("read the hub's answer: %w", err)
		}
		return nil, refusalOf(resp, answer)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return nil, fmt.Errorf("the export broke off: %w (try again; the hub's log says why)", err)
	}
	return resp.Header, nil
}
