package api

import "net/http"

const conflictsTag = "Conflicts"

// A ResolutionBody is what object.resolution reads.
type ResolutionBody struct {
	Version  uint64 `json:"version" doc:"The version of the conflict that was decided about."`
	Action   string `json:"action" enum:"accept,keep,custom" doc:"Accept a proposal, keep what counts now, or set another value."`
	Proposal string `json:"proposal_id,omitempty" maxLength:"4096" doc:"For accept alone: the proposal."`
	Value    any    `json:"value,omitempty" doc:"For custom alone: the value; null clears."`
	Note     string `json:"note,omitempty" maxLength:"4096" doc:"Why, for people."`
}

// A decisionBody is what parseDecision reads.
type decisionBody struct {
	Conflict string `json:"conflict_id" minLength:"1" maxLength:"4096" doc:"The conflict."`
	ResolutionBody
}

// A bulkBody is what parseBulk reads.
type bulkBody struct {
	Decisions []decisionBody `json:"decisions" minItems:"1" maxItems:"100" doc:"What to decide, each on its own."`
}

// queueQuery's parameters.
var queueFilters = []Param{
	{Name: "status", Says: "Only conflicts that stand so.", Enum: []string{"pending", "resolved", "withdrawn", "record_deleted", "erased"}},
	{Name: "field", Says: "Only of this critical field.", Example: "budget"},
	{Name: "client_id", Says: "Only of this record."},
	{Name: "author", Says: "Only with a proposal of this user."},
	{Name: "device", Says: "Only with a proposal of this device."},
	{Name: "source", Says: "Only with a proposal that came so.", Enum: []string{"device", "api", "webhook"}},
	{Name: "older_than", Says: "Only those that have been open this long.", Example: "72h"},
	{Name: "search", Says: "Only of records whose name has this in it."},
	{Name: "sort", Says: "oldest if left out.", Enum: []string{"oldest", "newest", "client", "field"}},
}

// ListConflictsDoc describes ListConflicts.
var ListConflictsDoc = Doc{
	ID: "listConflicts", Tag: conflictsTag, Summary: "List conflicts", May: Readers,
	Query:   append(queueFilters[:len(queueFilters):len(queueFilters)], pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: queuePage{}, Says: "A page of conflicts, the first with counts."}},
}

// ExportConflictsDoc describes ExportConflicts.
var ExportConflictsDoc = Doc{
	ID: "exportConflicts", Tag: conflictsTag, Summary: "Export conflicts", May: Readers,
	Detail: "All that the same query lists, a row for each proposal. A cell that a spreadsheet would take for a formula begins with an apostrophe. " +
		"An export that could not be finished ends in a broken connection.",
	Query: append(queueFilters[:len(queueFilters):len(queueFilters)], Param{Name: "cursor", Says: "Only what follows: the next of a page in the same order."}),
	Answers: []Answer{{
		Status: http.StatusOK, Type: "text/csv; charset=utf-8", Says: "CSV with a head.", Headers: []string{"Content-Disposition"},
	}},
}

// GetConflictDoc describes GetConflict.
var GetConflictDoc = Doc{
	ID: "getConflict", Tag: conflictsTag, Summary: "Read a conflict", May: Readers,
	Detail:  "With what else the authors of its proposals edited in the same minutes.",
	Answers: []Answer{{Status: http.StatusOK, Body: &conflictItem{}, Says: "The conflict."}},
}

// ResolveConflictDoc describes ResolveConflict.
var ResolveConflictDoc = Doc{
	ID: "resolveConflict", Tag: conflictsTag, Summary: "Decide a conflict", May: Deciders, Key: MustKey,
	Detail:   "A conflict that moved on since it was read is not decided: the problem shows it as it stands now.",
	Body:     ResolutionBody{},
	Example:  `{"version": 1, "action": "keep", "note": "the caterer is booked"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: &conflictItem{}, Says: "The conflict as it was decided."}},
	Problems: []Kind{Stale, Unfit, UnknownProposal, Limit},
}

// ResolveConflictsDoc describes ResolveConflicts.
var ResolveConflictsDoc = Doc{
	ID: "resolveConflicts", Tag: conflictsTag, Summary: "Decide many conflicts", May: Deciders, Key: MustKey, Apart: true,
	Detail:  "Each decision is on its own: one that is refused keeps none of the others back, and its result has the problem.",
	Body:    bulkBody{},
	Example: `{"decisions": [{"conflict_id": "…", "version": 1, "action": "keep"}]}`,
	Answers: []Answer{{Status: http.StatusOK, Body: bulkAnswer{}, Says: "A result for each decision, in their order."}},
}

// ReopenConflictDoc describes ReopenConflict.
var ReopenConflictDoc = Doc{
	ID: "reopenConflict", Tag: conflictsTag, Summary: "Have a decided conflict reconsidered", May: Deciders, Key: MayKey,
	Detail:   "Within the policy's reopen_hours, once. It needs no body.",
	Answers:  []Answer{{Status: http.StatusCreated, Body: &conflictItem{}, Says: "The conflict that reopens it."}},
	Problems: []Kind{NotReopened},
}

// WithdrawProposalDoc describes WithdrawProposal.
var WithdrawProposalDoc = Doc{
	ID: "withdrawProposal", Tag: conflictsTag, Summary: "Take a proposal back", May: Readers, Key: MayKey,
	Detail:   "Authors take back what they proposed themselves; who may decide takes back any. It needs no body.",
	Answers:  []Answer{{Status: http.StatusOK, Body: &conflictItem{}, Says: "The conflict as it stands then."}},
	Problems: []Kind{Forbidden, Stale, UnknownProposal},
}

const verdictsTag = "Verdicts"

var deviceQuery = Param{Name: "device", Says: "The device that asks. Needed if the token names none."}

// ListVerdictsDoc describes ListVerdicts.
var ListVerdictsDoc = Doc{
	ID: "listVerdicts", Tag: verdictsTag, Summary: "List what became of one's proposals", May: Readers,
	Detail:  "What was decided about proposals of the caller and the device has not acknowledged.",
	Query:   append([]Param{deviceQuery}, pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: Page[receiptItem]{}, Says: "A page of verdicts."}},
}

// AckVerdictDoc describes AckVerdict.
var AckVerdictDoc = Doc{
	ID: "ackVerdict", Tag: verdictsTag, Summary: "Acknowledge a verdict", May: Readers,
	Detail:  "It is not listed to the device again. It does no harm to say so twice.",
	Query:   []Param{deviceQuery},
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is acknowledged."}},
}
