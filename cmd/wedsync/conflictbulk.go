package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
)

// A remoteDecisionOf is a decision of one of several conflicts as the API takes it.
type remoteDecisionOf struct {
	Conflict string `json:"conflict_id"`
	remoteResolution
}

// A remoteResult is what became of one of several decisions.
type remoteResult struct {
	ID       string          `json:"conflict_id"`
	Status   int             `json:"status"`
	Conflict *remoteConflict `json:"conflict,omitempty"`
	Problem  *refusal        `json:"problem,omitempty"`
}

// bulkSize is how many conflicts one request decides.
const bulkSize = 100

// resolveNamed decides several conflicts alike. One that cannot be decided keeps
// none of the others back.
func (c *conflictsResolveCommand) resolveNamed(ctx context.Context, t terminal) error {
	var decisions []remoteDecisionOf
	for _, id := range c.IDs {
		resolution, err := c.resolution(ctx, id)
		if err != nil {
			return fmt.Errorf("conflict %s: %w; nothing was changed", id, err)
		}
		decisions = append(decisions, remoteDecisionOf{id, resolution})
	}
	return c.resolveAll(ctx, t, decisions)
}

// resolveSelected decides all pending conflicts that the filters select, as they
// are when it is asked about: what comes later is left for the next time.
func (c *conflictsResolveCommand) resolveSelected(ctx context.Context, t terminal) error {
	selected, err := list[remoteConflict](ctx, &c.remoteHub, "/api/conflicts", c.query("pending", ""), math.MaxInt)
	if err != nil {
		return err
	}
	fields := make(map[string]int)
	var decisions []remoteDecisionOf
	for i := range selected.Items {
		k := &selected.Items[i]
		resolution, err := c.resolutionOf(k)
		if err != nil {
			return fmt.Errorf("conflict %s: %w; nothing was changed", k.ID, err)
		}
		fields[printable(k.Field)]++
		decisions = append(decisions, remoteDecisionOf{k.ID, resolution})
	}
	if len(decisions) == 0 {
		_, err := fmt.Fprintln(t.Err, "No conflicts.")
		return err
	}
	if !c.Yes {
		if err := c.confirm(t, len(decisions), fields); err != nil {
			return err
		}
	}
	return c.resolveAll(ctx, t, decisions)
}

// confirm asks before many conflicts are decided.
func (c *conflictsResolveCommand) confirm(t terminal, n int, fields map[string]int) error {
	what := "set --value " + printable(c.Value)
	switch {
	case c.Keep:
		what = "keep the current value"
	case c.Newest:
		what = "accept the newest proposal"
	}
	var each []string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		each = append(each, fmt.Sprintf("%s %d", field, fields[field]))
	}
	if !confirmed(t, "%d conflicts (%s): %s of each?", n, strings.Join(each, ", "), what) {
		return errors.New("nothing was changed (--yes does not ask)")
	}
	return nil
}

// resolveAll sends decisions, and reports what became of each.
func (c *conflictsResolveCommand) resolveAll(ctx context.Context, t terminal, decisions []remoteDecisionOf) error {
	var all struct {
		Results []remoteResult `json:"results"`
	}
	for part := range slices.Chunk(decisions, bulkSize) {
		request := map[string]any{"decisions": part}
		var answer struct {
			Results []remoteResult `json:"results"`
		}
		if err := c.do(ctx, http.MethodPost, "/api/conflicts/resolve", request, &answer); err != nil {
			return errors.Join(c.tell(t, all.Results, all), fmt.Errorf("%d of %d conflicts were sent: %w", len(all.Results), len(decisions), err))
		}
		all.Results = append(all.Results, answer.Results...)
	}
	return c.tell(t, all.Results, all)
}

func (c *conflictsResolveCommand) tell(t terminal, results []remoteResult, answer any) error {
	if c.JSON {
		if err := printJSON(t.Out, answer); err != nil {
			return err
		}
	}
	return c.report(t, results)
}

// report prints what became of each decision; it is an error if one failed.
func (c *conflictsResolveCommand) report(t terminal, results []remoteResult) error {
	failed := 0
	for _, r := range results {
		var err error
		switch {
		case r.Problem != nil:
			failed++
			if !c.JSON {
				_, err = fmt.Fprintf(t.Out, "conflict %s: %s\n", printable(r.ID), explained(r.Problem))
			}
		case r.Conflict != nil && !c.JSON:
			err = r.Conflict.printDecided(t.Out)
		}
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d conflicts were not decided", failed, len(results))
	}
	return nil
}
