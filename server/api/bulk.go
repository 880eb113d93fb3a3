package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"wedsync/conflicts"
)

// maxBulk is how many conflicts one request decides at most.
const maxBulk = 100

// A bulkAnswer answers many decisions.
type bulkAnswer struct {
	Results []bulkResult `json:"results" doc:"A result for each decision, in their order."`
}

// A bulkResult is what became of one of many decisions.
type bulkResult struct {
	ID       string       `json:"conflict_id" doc:"Of the decision."`
	Status   int          `json:"status" doc:"The HTTP status that the decision would have had alone."`
	Conflict toldConflict `json:"conflict,omitempty" doc:"As it was decided."`
	Problem  *Problem     `json:"problem,omitempty" doc:"Why it was not."`
}

// A toldConflict is a conflictItem as it was told, in JSON.
type toldConflict []byte

// MarshalJSON repeats it.
func (c toldConflict) MarshalJSON() ([]byte, error) { return c, nil }

// Schema is that of the conflict.
func (toldConflict) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[conflictItem](), true, "")
}

// ResolveConflicts answers POST /api/conflicts/resolve. Each decision is on its
// own: one that is refused keeps none of the others back.
func (a *API) ResolveConflicts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	decisions, err := parseBulk(body)
	if err != nil {
		return err
	}
	results := make([]bulkResult, len(decisions))
	for i, raw := range decisions {
		if results[i], err = a.resolveOne(r, who, i, raw); err != nil {
			return err
		}
	}
	return reply(w, http.StatusOK, bulkAnswer{results})
}

// parseBulk takes a list of decisions apart.
func parseBulk(body []byte) (decisions []json.RawMessage, err error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	raw, ok := o.take("decisions")
	switch {
	case !ok:
		o.fault("decisions", "is needed")
	case json.Unmarshal(raw, &decisions) != nil || len(decisions) == 0:
		o.fault("decisions", "must be a list of at least one decision")
	case len(decisions) > maxBulk:
		o.fault("decisions", fmt.Sprintf("must not be more than %d", maxBulk))
	}
	return decisions, o.end()
}

// resolveOne carries out the nth decision. Its error is one of the whole request.
func (a *API) resolveOne(r *http.Request, who conflicts.Principal, n int, raw []byte) (bulkResult, error) {
	c, err := newCommand(r, who, raw)
	if err != nil {
		return bulkResult{}, err
	}
	if c.key != "" {
		c.key = fmt.Sprintf("%s\x00%d", c.key, n) // no key of a caller's own has a zero byte
	}
	s, err := parseDecision(raw)
	s.By = who
	result := bulkResult{ID: s.Conflict}
	if err == nil {
		answer, failed := a.resolve(r.Context(), c, s)
		result.Status, result.Conflict, err = answer.Status, toldConflict(answer.Body), failed
	}
	if err != nil {
		p := a.problem(r, err)
		result.Status, result.Conflict, result.Problem = p.Status, nil, &p
	}
	return result, nil
}

// parseDecision reads a resolution that names its conflict.
func parseDecision(raw []byte) (conflicts.Resolution, error) {
	o, err := parseObject(raw)
	if err != nil {
		return conflicts.Resolution{}, err
	}
	id := o.text("conflict_id")
	if id == "" {
		o.fault("conflict_id", "is needed")
	}
	s, err := o.resolution()
	s.Conflict = id
	return s, err
}
