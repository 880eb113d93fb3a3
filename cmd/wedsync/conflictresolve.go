package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

type conflictsResolveCommand struct {
	remoteHub
	conflictFilter
	IDs     []string `arg:"" optional:"" name:"id" help:"The conflict, or several that are decided alike, each on its own."`
	All     bool     `help:"All pending conflicts that the filters select, instead of named ones."`
	Yes     bool     `help:"With --all: do not ask."`
	Accept  string   `help:"Accept this proposal." xor:"decision" required:"" placeholder:"PROPOSAL"`
	Newest  bool     `name:"accept-newest" help:"Accept the open proposal that came last." xor:"decision" required:""`
	Keep    bool     `help:"Keep the current value." xor:"decision" required:""`
	Value   string   `help:"Set this value; text needs quotes of its own: '\"2027-06-12\"'." xor:"decision" required:"" placeholder:"JSON"`
	Note    string   `help:"Why, for the authors to read." placeholder:"TEXT"`
	Version uint64   `help:"The version that you decided about. Without it, whatever stands there now is decided." placeholder:"N"`
	JSON    bool     `name:"json" help:"Print JSON."`
}

func (conflictsResolveCommand) Help() string {
	return `
Everybody who proposed something learns of the decision, and every device shows it.

Examples:

    wedsync conflicts resolve 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --accept 01J9ZD9A6B7C8D9E0F1G2H3J4K
    wedsync conflicts resolve 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --keep --note 'The venue is booked.'
    wedsync conflicts resolve 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --value '"2027-06-12"' --version 3
    wedsync conflicts resolve 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC 01J9ZDB7C8D9E0F1G2H3J4K5M6 --keep
    wedsync conflicts resolve --all --field budget --source webhook --keep --note 'The CRM is out of date.'
    wedsync conflicts resolve --all --search 'ada ben' --accept-newest --yes`
}

// Validate is called by kong.
func (c *conflictsResolveCommand) Validate() error {
	switch {
	case c.All == (len(c.IDs) > 0):
		return errors.New("name conflicts, or --all for those that the filters select")
	case !c.All && (c.Yes || c.conflictFilter != conflictFilter{}):
		return errors.New("filters and --yes belong to --all")
	}
	if !c.Keep && !c.Newest && c.Accept == "" && !json.Valid([]byte(c.Value)) {
		return fmt.Errorf("--value %s is not JSON: text needs quotes of its own, as in --value '\"2027-06-12\"'", c.Value)
	}
	if (c.All || len(c.IDs) > 1) && (c.Accept != "" || c.Version != 0) {
		return errors.New("--accept and --version are about one conflict: name only one")
	}
	return nil
}

// A remoteResolution is a decision as the API takes it.
type remoteResolution struct {
	Version  uint64          `json:"version"`
	Action   string          `json:"action"`
	Proposal string          `json:"proposal_id,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Note     string          `json:"note,omitempty"`
}

// Run decides the conflict.
func (c *conflictsResolveCommand) Run(ctx context.Context, t terminal) error {
	if c.All {
		return c.resolveSelected(ctx, t)
	}
	if len(c.IDs) > 1 {
		return c.resolveNamed(ctx, t)
	}
	id := c.IDs[0]
	resolution, err := c.resolution(ctx, id)
	if err != nil {
		return err
	}
	var decided remoteConflict
	err = c.do(ctx, http.MethodPost, "/api/conflicts/"+url.PathEscape(id)+"/resolve", resolution, &decided)
	if err != nil {
		return explained(err)
	}
	if c.JSON {
		return printJSON(t.Out, decided)
	}
	return decided.printDecided(t.Out)
}

// printDecided says in a sentence how a conflict was decided.
func (c *remoteConflict) printDecided(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s of client %s is %s now (revision %d).\n",
		printable(c.Field), c.Client, shownValue(c.outcome().Value), c.outcome().Revision)
	return err
}

// resolution is the decision of one conflict as it stands now.
func (c *conflictsResolveCommand) resolution(ctx context.Context, id string) (remoteResolution, error) {
	var now remoteConflict
	if c.Version == 0 || c.Newest {
		read, err := c.conflict(ctx, id)
		if err != nil {
			return remoteResolution{}, err
		}
		now = *read
	}
	r, err := c.resolutionOf(&now)
	if c.Version != 0 {
		r.Version = c.Version
	}
	return r, err
}

// resolutionOf is the decision of a conflict that was read.
func (c *conflictsResolveCommand) resolutionOf(now *remoteConflict) (remoteResolution, error) {
	r := remoteResolution{Version: now.Version, Note: c.Note}
	switch {
	case c.Keep:
		r.Action = "keep"
	case c.Newest:
		r.Action, r.Proposal = "accept", now.newest()
		if r.Proposal == "" {
			return r, errors.New("there is no open proposal to accept")
		}
	case c.Accept != "":
		r.Action, r.Proposal = "accept", c.Accept
	default:
		r.Action, r.Value = "custom", json.RawMessage(c.Value)
	}
	return r, nil
}

// newest is the open proposal that came last, empty if none is open.
func (c *remoteConflict) newest() string {
	var newest remoteProposal
	for _, p := range c.Proposals {
		if p.State != "open" {
			continue
		}
		if newest.ID == "" || p.ReceivedAt != nil && (newest.ReceivedAt == nil || !p.ReceivedAt.Before(*newest.ReceivedAt)) {
			newest = p
		}
	}
	return newest.ID
}

// outcome is the value that counts after the decision.
func (c *remoteConflict) outcome() remoteValue {
	if c.Decision != nil {
		return remoteValue{c.Decision.Revision, c.Decision.Value}
	}
	return c.Current
}

// explained says in a sentence what it means that a conflict has moved on.
func explained(err error) error {
	var r *refusal
	if !errors.As(err, &r) || r.Status != http.StatusConflict || r.Conflict == nil {
		return err
	}
	c := r.Conflict
	if c.Decision != nil {
		return fmt.Errorf("somebody was faster, and nothing was changed: %s", c.Decision)
	}
	if c.Status != "pending" {
		return fmt.Errorf("nothing was changed: the conflict is %s already", c.Status)
	}
	var proposed []string
	for _, p := range c.incoming() {
		proposed = append(proposed, shownValue(p.Value))
	}
	return fmt.Errorf("nothing was changed: the conflict has moved on to version %d, where the value is %s and proposed is %s; "+
		"look at it with wedsync conflicts show %s and decide again",
		c.Version, shownValue(c.Current.Value), strings.Join(proposed, " and "), c.ID)
}
