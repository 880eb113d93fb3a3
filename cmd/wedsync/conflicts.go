package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

type conflictsCommand struct {
	List    conflictsListCommand    `cmd:"" help:"List conflicts."`
	Show    conflictsShowCommand    `cmd:"" help:"Show one conflict with all its proposals."`
	Resolve conflictsResolveCommand `cmd:"" help:"Decide a conflict, or many alike."`
	Export  conflictsExportCommand  `cmd:"" help:"Write conflicts as CSV."`
}

type remoteConflict struct {
	ID        string           `json:"id"`
	Client    string           `json:"client_id"`
	Name      string           `json:"client_name"`
	Field     string           `json:"field"`
	Status    string           `json:"status"`
	Version   uint64           `json:"version"`
	Reason    string           `json:"reason"`
	Base      remoteValue      `json:"base"`
	Current   remoteValue      `json:"current"`
	Proposals []remoteProposal `json:"proposals"`
	OpenedAt  *time.Time       `json:"opened_at"`
	ClosedAt  *time.Time       `json:"closed_at,omitempty"`
	Decision  *remoteDecision  `json:"decision,omitempty"`
	Reminders int              `json:"reminders,omitempty"`
}

type remoteValue struct {
	Revision uint64          `json:"revision"`
	Value    json.RawMessage `json:"value"`
}

type remoteProposal struct {
	ID         string          `json:"id"`
	Value      json.RawMessage `json:"value"`
	State      string          `json:"state"`
	Reason     string          `json:"reason"`
	Author     remoteAuthor    `json:"author"`
	CoAuthors  []remoteAuthor  `json:"co_authors"`
	EditedAt   *time.Time      `json:"edited_at"`
	ReceivedAt *time.Time      `json:"received_at"`

	Surrounding []remoteSurrounding `json:"surrounding,omitempty"`
}

type remoteSurrounding struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	At     *time.Time      `json:"at"`
}

type remoteAuthor struct {
	User      string `json:"user"`
	Device    string `json:"device"`
	Role      string `json:"role"`
	Actor     string `json:"actor,omitempty"`
	CarriedBy string `json:"carried_by,omitempty"`
}

type remoteDecision struct {
	Action   string          `json:"action"`
	By       remoteAuthor    `json:"by"`
	At       *time.Time      `json:"at"`
	Revision uint64          `json:"revision"`
	Value    json.RawMessage `json:"value"`
	Note     string          `json:"note,omitempty"`
}

func (v remoteValue) String() string {
	return fmt.Sprintf("%s\nrevision %d", shownValue(v.Value), v.Revision)
}

func (a remoteAuthor) String() string {
	switch {
	case a.User == "":
		return "actor " + printable(a.Actor)
	case a.Device == "":
		return printable(a.User)
	}
	return printable(a.User) + " on " + printable(a.Device)
}

// incoming are the proposals that are open or, once decided, that were made.
func (c *remoteConflict) incoming() []remoteProposal {
	var open []remoteProposal
	for _, p := range c.Proposals {
		if p.State == "open" {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return c.Proposals
	}
	return open
}

type conflictsListCommand struct {
	remoteHub
	conflictFilter
	Status string `help:"Which: ${enum} (default ${default})." enum:"pending,resolved,withdrawn,record_deleted,erased,all" default:"pending" placeholder:"STATUS"`
	Sort   string `help:"Which first: ${enum} (default ${default})." enum:"oldest,newest,client,field" default:"oldest" placeholder:"ORDER"`
	Limit  int    `help:"How many to show at most (default ${default})." default:"200" placeholder:"N"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// A conflictFilter selects conflicts.
type conflictFilter struct {
	Client string `help:"Only of this client." placeholder:"ID"`
	Search string `help:"Only of clients whose names hold these words." placeholder:"WORDS"`
	Field  string `help:"Only of this field." placeholder:"PATH"`
	Author string `help:"Only with a proposal of this user." placeholder:"USER"`
	Device string `help:"Only with a proposal of this device." placeholder:"DEVICE"`
	Source string `help:"Only with a proposal that came this way: ${enum}." enum:"device,api,webhook," default:"" placeholder:"SOURCE"`
	Age    string `name:"older-than" help:"Only opened longer ago, such as 72h." placeholder:"TIME"`
}

// query is the filter as the API takes it.
func (f *conflictFilter) query(status, sort string) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"status": strings.TrimPrefix(status, "all"), "client_id": f.Client, "search": f.Search, "field": f.Field, "author": f.Author,
		"device": f.Device, "source": f.Source, "older_than": f.Age, "sort": strings.TrimPrefix(sort, "oldest"),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

func (conflictsListCommand) Help() string {
	return `
Examples:

    wedsync conflicts list
    wedsync conflicts list --field wedding_date
    wedsync conflicts list --author ada --older-than 72h
    wedsync conflicts list --search 'ada ben' --sort client
    wedsync conflicts list --status all --client 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --json`
}

// Validate is called by kong.
func (c *conflictsListCommand) Validate() error { return validLimit(c.Limit) }

// Run prints conflicts.
func (c *conflictsListCommand) Run(ctx context.Context, t terminal) error {
	conflicts, err := list[remoteConflict](ctx, &c.remoteHub, "/api/conflicts", c.query(c.Status, c.Sort), c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, conflicts)
	}
	if len(conflicts.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No conflicts.")
		return err
	}
	return printConflicts(t.Out, conflicts)
}

func printConflicts(w io.Writer, conflicts listing[remoteConflict]) error {
	g := newGrid("conflict", "field", "base", "current", "incoming", "why", "since")
	g.Style().Options.SeparateRows = true
	for _, c := range conflicts.Items {
		var incoming []string
		for _, p := range c.incoming() {
			incoming = append(incoming, fmt.Sprintf("%s\nby %s", shownValue(p.Value), p.Author))
		}
		g.add(c.ID+"\nof "+c.client(), printable(c.Field), c.Base, c.Current, strings.Join(incoming, "\n"), c.Reason, shownTime(c.OpenedAt))
	}
	if err := g.print(w); err != nil {
		return err
	}
	return printMore(w, conflicts.Next)
}
