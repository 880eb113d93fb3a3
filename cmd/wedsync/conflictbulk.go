package main

import (
	"context"
	"fmt"
	"net/http"
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

// resolveAll decides several conflicts alike. One that cannot be decided keeps
// none of the others back.
func (c *conflictsResolveCommand) resolveAll(ctx context.Context, t terminal) error {
	var request struct {
		Decisions []remoteDecisionOf `json:"decisions"`
	}
	for _, id := range c.IDs {
		resolution, err := c.resolution(ctx, id)
		if err != nil {
			return fmt.Errorf("conflict %s: %w; nothing was changed", id, err)
		}
		request.Decisions = append(request.Decisions, remoteDecisionOf{id, resolution})
	}
	var answer struct {
		Results []remoteResult `json:"results"`
	}
	if err := c.do(ctx, http.MethodPost, "/api/conflicts/resolve", request, &answer); err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(t.Out, answer); err != nil {
			return err
		}
	}
	return c.report(t, answer.Results)
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
