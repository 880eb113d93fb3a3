package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

type exportCommand struct {
	remoteHub
	File   string   `arg:"" optional:"" help:"File to write; standard output without." type:"path" placeholder:"FILE"`
	Fields []string `help:"Only these fields." placeholder:"FIELD,…"`
}

func (exportCommand) Help() string {
	return `
A row for each client, in order of their ids, with the accepted values of critical
fields. The headers name the types of columns: guests:number, vip:boolean,
tags:json; a column without one holds texts. An empty cell means that a field is
not there, (empty) an empty text. Cells that a spreadsheet would take for a formula
begin with an apostrophe. wedsync import reads all of that back.

Examples:

    wedsync export clients.csv
    wedsync export --fields name,wedding_date > dates.csv`
}

// Run writes the export.
func (c *exportCommand) Run(ctx context.Context, t terminal) error {
	path := "/api/clients/export"
	if len(c.Fields) > 0 {
		path += "?" + url.Values{"fields": {strings.Join(c.Fields, ",")}}.Encode()
	}
	header, err := c.save(ctx, path, c.File, t.Out)
	if err != nil {
		return err
	}
	if stale := header.Get("Wedsync-Stale-Records"); stale != "" {
		_, err = fmt.Fprintf(t.Err, "%s records could not be read as they are now: their ordinary fields are older (the hub's log says why)\n", printable(stale))
	}
	return err
}
