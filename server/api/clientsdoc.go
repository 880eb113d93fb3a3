package api

import "net/http"

const clientsTag = "Clients"

// An editBody is what parseEdit reads.
type editBody struct {
	Fields map[string]any `json:"fields" minProperties:"1" doc:"What to set, by field. Null clears. A critical field may be named by its path, such as venue.city."`
}

const editDetail = "Ordinary fields are set. A critical field is judged by the policy: its value is accepted, or kept as a proposal " +
	"that waits for a decision, and **verdicts** says which."

// ListClientsDoc describes ListClients.
var ListClientsDoc = Doc{
	ID: "listClients", Tag: clientsTag, Summary: "List records", May: Readers,
	Detail: "Records that moved lately are brought up to date within half a second; one that would take longer is marked **stale**: read it alone.\n\n" +
		"An app that works offline needs no list: **directory** names an Automerge document whose map `records` has the document id of " +
		"each record as a key, and nothing else of it. Open it with automerge-repo like any record; it tells of new, deleted and restored " +
		"records within a second or two. The hub alone writes it: what a device writes into its copy is refused. `truncated` is true in it " +
		"while there are more records than it lists, 20,000.",
	Query:   pageQuery,
	Answers: []Answer{{Status: http.StatusOK, Body: clientPage{}, Says: "A page of records, by id."}},
}

// GetClientDoc describes GetClient.
var GetClientDoc = Doc{
	ID: "getClient", Tag: clientsTag, Summary: "Read a record", May: Readers,
	Detail: "The id may be the client_id or the document_id. The part of the ETag before the dot is the revision; " +
		"If-Match takes the whole ETag, and goes by the revision alone.",
	Answers: []Answer{{Status: http.StatusOK, Body: &item{}, Says: "The record, with accepted values, pending edits and provenance."}},
}

// CreateClientDoc describes CreateClient.
var CreateClientDoc = Doc{
	ID: "createClient", Tag: clientsTag, Summary: "Make a record", May: Proposers, Key: MayKey,
	Detail:   editDetail + " Without a key, a request that is sent twice makes two records.",
	Body:     editBody{},
	Example:  `{"fields": {"name": "Ada & Ben", "wedding_date": "2027-06-12", "budget": 12500}}`,
	Answers:  []Answer{{Status: http.StatusCreated, Body: &item{}, Says: "The record.", Headers: []string{"Location", "ETag"}}},
	Problems: []Kind{Limit},
}

// PatchClientDoc describes PatchClient.
var PatchClientDoc = Doc{
	ID: "patchClient", Tag: clientsTag, Summary: "Edit a record", May: Proposers, Key: MayKey, IfMatch: true,
	Detail:   editDetail + " Fields that are not named stay as they are; of a text that is set, only what differs is written.",
	Body:     editBody{},
	Example:  `{"fields": {"notes": "vegetarian menu", "budget": 13000}}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: &item{}, Says: "The record, with what became of each critical field.", Headers: []string{"ETag"}}},
	Problems: []Kind{Limit},
}

// DeleteClientDoc describes DeleteClient.
var DeleteClientDoc = Doc{
	ID: "deleteClient", Tag: clientsTag, Summary: "Take a record out of use", May: Deciders, Key: MayKey,
	Detail:  "Devices see it as unavailable. What they edit meanwhile is judged when it is restored. Without a key, it is \"not found\" when it is sent again.",
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is out of use."}},
}

// RestoreClientDoc describes RestoreClient.
var RestoreClientDoc = Doc{
	ID: "restoreClient", Tag: clientsTag, Summary: "Take a deleted record back into use", May: Deciders, Key: MayKey,
	Answers: []Answer{{Status: http.StatusOK, Body: &item{}, Says: "The record.", Headers: []string{"ETag"}}},
}

// EraseClientDoc describes EraseClient.
var EraseClientDoc = Doc{
	ID: "eraseClient", Tag: clientsTag, Summary: "Take a record away for good", May: Deciders,
	Detail:  "Nothing of its content is kept, and there is no way back. Without a key, it is \"not found\" when it is sent again.",
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is gone."}},
}

// ClientHistoryDoc describes ClientHistory.
var ClientHistoryDoc = Doc{
	ID: "clientHistory", Tag: clientsTag, Summary: "Read what happened to a record", May: Readers,
	Detail: "Every line is what happened to one field. Decisions name one another by hash, so that nothing can be taken out unnoticed.",
	Query: append([]Param{
		{Name: "field", Says: "Only of this field."},
		{Name: "author", Says: "Only of this user."},
		{Name: "sort", Says: "newest if left out.", Enum: []string{"newest", "oldest"}},
	}, pageQuery...),
	Answers:  []Answer{{Status: http.StatusOK, Body: historyPage{}, Says: "A page of the timeline."}},
	Problems: []Kind{TooLong},
}

// RepairClientDoc describes RepairClient.
var RepairClientDoc = Doc{
	ID: "repairClient", Tag: clientsTag, Summary: "Bring back what has drifted of a record", May: Deciders,
	Detail: "All that is stored of the record is read anew. Rows of the queue, merged entries, receipts and the projection are stored again " +
		"where they are not what the stored changes lead to; what else is wrong is told. A device that is named is told to come back: " +
		"the exchange with it begins anew. Sent again, it does nothing more if nothing more is wrong.",
	Body: repairRequest{}, Example: `{"device": "mia/phone"}`,
	Answers: []Answer{{Status: http.StatusOK, Body: repairAnswer{}, Says: "What was found, and what was done."}},
}

// SyncStatusDoc describes SyncStatus.
var SyncStatusDoc = Doc{
	ID: "syncStatus", Tag: clientsTag, Summary: "Say which device holds what", May: Readers,
	Detail: "A record's digest is the SHA-256 of its document's canonical JSON (RFC 8785) without sync_conflicts: an app computes the same from " +
		"its copy, and equal digests show the same. With device or state, records without such a device are left out; a page may be empty and yet have a next.",
	Query: append([]Param{
		{Name: "client_id", Says: "Only this record."},
		{Name: "device", Says: "Only this device, \"user/device\", or all devices of a name."},
		{Name: "state", Says: "Only devices in this state; trouble is any but in_sync and never_seen.", Enum: statusStates[1:]},
	}, pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: statusPage{}, Says: "Totals, and a page of records with their devices."}},
}
