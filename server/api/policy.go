package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A policyItem is a policy as callers see it.
type policyItem struct {
	Version uint64                  `json:"version" doc:"Of the policy; rises with each change."`
	Zone    string                  `json:"zone" doc:"The time zone of dates, of the IANA list." example:"Europe/Berlin"`
	Fields  []conflicts.FieldPolicy `json:"fields" doc:"The critical fields."`
	Reopen  uint64                  `json:"reopen_hours" doc:"How long after its decision a conflict may be reopened."`
	Remind  string                  `json:"remind_after" doc:"After how long people are reminded of a pending conflict; 0 for never." example:"72h"`
	Job     policyJob               `json:"job" doc:"How far the records have been judged by it."`
}

// A policyJob is how far the records have been judged by the policy.
type policyJob struct {
	Done     int  `json:"done" doc:"Records that were judged."`
	Total    int  `json:"total" doc:"Records that there are."`
	Failed   int  `json:"failed" doc:"Records that could not be judged; the log of the hub says why."`
	Finished bool `json:"finished" doc:"Whether all were looked at."`
}

// GetPolicy answers GET /api/policy.
func (a *API) GetPolicy(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	policy, err := a.hub.Policy(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, a.showPolicy(who.Supplier, policy))
}

// PutPolicy answers PUT /api/policy.
func (a *API) PutPolicy(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	policy, err := parsePolicy(body)
	if err != nil {
		return err
	}
	set, err := a.hub.SetPolicy(r.Context(), who, policy)
	if errors.Is(err, store.ErrStale) {
		return errPolicyMoved
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, a.showPolicy(who.Supplier, set))
}

func (a *API) showPolicy(supplier string, p *conflicts.Policy) policyItem {
	job := a.hub.PolicyJob(supplier)
	shown := policyItem{
		Version: p.Version, Zone: p.Zone, Fields: p.Fields, Reopen: cmp.Or(p.ReopenHours, conflicts.DefaultReopenHours),
		Remind: showSpan(p.Reminds()),
		Job:    policyJob{Done: job.Done, Total: job.Total, Failed: job.Failed, Finished: job.Finished},
	}
	if shown.Zone == "" {
		shown.Zone = "UTC"
	}
	if shown.Fields == nil {
		shown.Fields = []conflicts.FieldPolicy{}
	}
	return shown
}

// parsePolicy reads a policy as GET shows it. Its version is that of the policy
// which the caller has changed; without one it replaces whatever is in force.
func parsePolicy(body []byte) (conflicts.Policy, error) {
	o, err := parseObject(body)
	if err != nil {
		return conflicts.Policy{}, err
	}
	p := conflicts.Policy{Version: o.countIfAny("version"), ReopenHours: o.countIfAny("reopen_hours")}
	if p.ReopenHours > conflicts.MaxReopenHours {
		o.fault("reopen_hours", fmt.Sprintf("must not be more than %d", conflicts.MaxReopenHours))
	}
	p.RemindAfter = o.span("remind_after")
	p.Zone = o.text("zone")
	p.Fields = o.policyFields("fields")
	delete(o.members, "job") // shown beside the policy, and not part of it
	return p, o.end()
}

// span takes a time such as 72h in seconds, nil if there is none.
func (o *object) span(name string) *uint64 {
	if _, given := o.members[name]; !given {
		o.asked = append(o.asked, name)
		return nil
	}
	known := len(o.faults)
	text := o.text(name)
	if len(o.faults) > known {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d%time.Second != 0 {
		o.fault(name, "must be a time such as 72h or 90m, or 0 for never")
		return nil
	}
	seconds := uint64(d / time.Second)
	return &seconds
}

// showSpan writes a time as span reads it.
func showSpan(d time.Duration) string {
	if d%time.Hour == 0 && d > 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}

// policyFields takes the list of critical fields, which may be empty.
func (o *object) policyFields(name string) []conflicts.FieldPolicy {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed")
		return nil
	}
	var entries []json.RawMessage
	if json.Unmarshal(raw, &entries) != nil || entries == nil {
		o.fault(name, "must be a list of objects")
		return nil
	}
	fields := make([]conflicts.FieldPolicy, 0, min(len(entries), conflicts.MaxPolicyFields))
	for i, entry := range entries {
		fields = append(fields, o.policyField(fmt.Sprintf("%s[%d]", name, i), entry))
	}
	return fields
}

func (o *object) policyField(name string, raw []byte) conflicts.FieldPolicy {
	entry, err := parseObject(raw)
	if err != nil {
		o.fault(name, "must be an object")
		return conflicts.FieldPolicy{}
	}
	f := conflicts.FieldPolicy{
		Path:   crdt.Path(entry.text("path")),
		Kind:   conflicts.Kind(entry.text("kind")),
		Review: conflicts.Review(entry.text("review")),
	}
	if len(f.Path) > maxKey {
		entry.fault("path", fmt.Sprintf("must not be longer than %d bytes", maxKey))
	}
	if f.Kind == "" {
		f.Kind = conflicts.Any
	}
	if f.Review == "" {
		f.Review = conflicts.EveryEdit
	}
	var invalid *invalidError
	if errors.As(entry.end(), &invalid) {
		for _, fault := range invalid.faults {
			o.fault(name+"."+fault.Field, fault.Rule)
		}
	}
	return f
}
