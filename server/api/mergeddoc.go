package api

import "net/http"

const mergedTag = "Merged entries"

// A useBody is what UseMerged reads.
type useBody struct {
	ValueOf string `json:"value_of" pattern:"^[0-9a-f]{64}$" doc:"The change of one of the values of the entry."`
}

// ListMergedDoc describes ListMerged.
var ListMergedDoc = Doc{
	ID: "listMerged", Tag: mergedTag, Summary: "List merged entries", May: Readers,
	Detail: "Where people set an ordinary field side by side, one value shows and the entry keeps the others.",
	Query: append([]Param{
		{Name: "status", Says: "Only entries that stand so.", Enum: []string{"open", "superseded", "used_other", "dismissed"}},
		{Name: "client_id", Says: "Only of this record."},
	}, pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: Page[*mergedItem]{}, Says: "A page of entries, the oldest first."}},
}

// GetMergedDoc describes GetMerged.
var GetMergedDoc = Doc{
	ID: "getMerged", Tag: mergedTag, Summary: "Read a merged entry", May: Readers,
	Answers: []Answer{{Status: http.StatusOK, Body: &mergedItem{}, Says: "The entry."}},
}

// UseMergedDoc describes UseMerged.
var UseMergedDoc = Doc{
	ID: "useMerged", Tag: mergedTag, Summary: "Set the field to one of the values", May: Proposers, Key: MayKey,
	Body:     useBody{},
	Example:  `{"value_of": "3b1f0c5e7a9d4c2b8e6f1a0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: &mergedItem{}, Says: "The entry as it was closed."}},
	Problems: []Kind{Closed, UnknownValue, Limit},
}

// DismissMergedDoc describes DismissMerged.
var DismissMergedDoc = Doc{
	ID: "dismissMerged", Tag: mergedTag, Summary: "Close an entry as seen", May: Proposers, Key: MayKey,
	Detail:   "The field stays as it shows. It needs no body.",
	Answers:  []Answer{{Status: http.StatusOK, Body: &mergedItem{}, Says: "The entry as it was closed."}},
	Problems: []Kind{Closed},
}
