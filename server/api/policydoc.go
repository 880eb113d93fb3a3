package api

import "net/http"

const policyTag = "Policy"

// A policyBody is what parsePolicy reads.
type policyBody struct {
	Version uint64            `json:"version,omitempty" doc:"The version that was changed; without it the policy replaces whatever is in force."`
	Zone    string            `json:"zone,omitempty" maxLength:"4096" doc:"The time zone of dates, of the IANA list; UTC if left out." example:"Europe/Berlin"`
	Fields  []fieldPolicyBody `json:"fields" doc:"The critical fields."`
	Reopen  uint64            `json:"reopen_hours,omitempty" doc:"How long after its decision a conflict may be reopened."`
	Remind  string            `json:"remind_after,omitempty" doc:"After how long people are reminded of a pending conflict, 0 for never." example:"72h"`
	Job     any               `json:"job,omitempty" readOnly:"true" doc:"May stay as it was read; it is no part of the policy."`
}

// A fieldPolicyBody is what object.policyField reads.
type fieldPolicyBody struct {
	Path   string `json:"path" maxLength:"256" doc:"The field; dots lead into it." example:"venue.city"`
	Kind   string `json:"kind,omitempty" enum:"date,text,money,number,any" doc:"What values it takes and how they compare; any if left out."`
	Review string `json:"review,omitempty" enum:"every_edit,conflicting_edits,locked" doc:"Which edits need a decision; every_edit if left out."`
}

// GetPolicyDoc describes GetPolicy.
var GetPolicyDoc = Doc{
	ID: "getPolicy", Tag: policyTag, Summary: "Read the policy", May: Readers,
	Answers: []Answer{{Status: http.StatusOK, Body: policyItem{}, Says: "The policy in force."}},
}

// PutPolicyDoc describes PutPolicy.
var PutPolicyDoc = Doc{
	ID: "putPolicy", Tag: policyTag, Summary: "Put another policy into force", May: Deciders,
	Detail: "The records are judged by it in the background; **job** says how far that is. The version in the body keeps two owners from " +
		"overwriting each other, and a request that is sent again from being carried out twice.",
	Body:     policyBody{},
	Example:  `{"version": 1, "zone": "Europe/Berlin", "fields": [{"path": "budget", "kind": "money", "review": "every_edit"}]}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: policyItem{}, Says: "The policy in force."}},
	Problems: []Kind{PolicyMoved, TooMany},
}
