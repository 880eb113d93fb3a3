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
	if c.Output == "" {
		return c.download(ctx, path, t.Out)
	}
	f, err := os.CreateTemp(filepath.Dir(c.Output), ".wedsync-*")
	if err != nil {
		return err
	}
	err = errors.Join(c.download(ctx, path, f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), c.Output)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// download copies an answer of any length. It is an error if that breaks off.
func (h *remoteHub) download(ctx context.Context, path string, w io.Writer) error {
	r, err := h.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return h.unreached(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return fmt.Errorf("read the hub's answer: %w", err)
		}
		return refusalOf(resp, answer)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the export broke off: %w (the hub's log says why)", err)
	}
	return nil
}
