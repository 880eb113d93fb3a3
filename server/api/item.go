package api

import (
	"fmt"
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/accepted"
	"wedsync/store"
)

// An item is a record as callers see it.
type item struct {
	Client    string               `json:"client_id" doc:"The record." example:"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"`
	Document  string               `json:"document_id" doc:"The same record as automerge-repo names it."`
	Fields    map[string]any       `json:"fields" doc:"Its fields; of critical ones the accepted value, never the one that the document shows meanwhile."`
	Pending   map[crdt.Path]string `json:"pending" doc:"Conflicts that wait for a decision, by critical field."`
	Merged    map[crdt.Path]string `json:"merged" doc:"Open merged entries, by ordinary field."`
	Revision  uint64               `json:"revision" doc:"How many decisions were made about critical fields. If-Match names it."`
	Revisions map[crdt.Path]uint64 `json:"revisions" doc:"How many of them were about each critical field."`
	// Provenance says how each critical field that was ever set came to its value.
	Provenance map[crdt.Path]provenance `json:"provenance" doc:"How each critical field that was ever set came to its value."`
	Heads      []string                 `json:"heads" doc:"The heads of the document, in hexadecimal."`
	Stale      bool                     `json:"stale" doc:"Whether fields may lack what heads hold. Reading the record alone brings it up to date."`

	Verdicts map[crdt.Path]verdict `json:"verdicts,omitempty" doc:"What became of each critical field of the command that this answers."`
}

// A provenance says how an accepted value came to count.
type provenance struct {
	Revision  uint64          `json:"revision" doc:"Of the field."`
	DecidedBy author          `json:"decided_by" doc:"Who set the value, or decided for it."`
	DecidedAt time.Time       `json:"decided_at" doc:"When, by the clock of the hub."`
	Cause     conflicts.Cause `json:"cause" doc:"An edit that the rules accepted, a decision of a person, a first judgement, or a recovery." enum:"edit,resolution,created,recovered"`
}

// etag names what the item shows, but for verdicts. Before the dot stands the
// revision, all that If-Match goes by: whoever edits a critical field need not
// have seen the last stroke of another.
func (i *item) etag() (string, error) {
	told := *i
	told.Verdicts = nil
	b, err := encode(told)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`"%d.%s"`, i.Revision, digest(b)), nil
}

// reply answers with the item.
func (i *item) reply(w http.ResponseWriter, status int) error {
	tag, err := i.etag()
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	return reply(w, status, i)
}

// showItem makes the item of a record: the fields of its projection, with the
// accepted value in place of whatever a critical field holds in the document.
func showItem(s store.Summary, policy *conflicts.Policy) (*item, error) {
	r, err := accepted.Read(s)
	if err != nil {
		return nil, err
	}
	ledger := r.Ledger
	i := &item{
		Client:    s.Record.ClientID(),
		Document:  s.Record.DocumentID(),
		Fields:    r.Fields,
		Pending:   make(map[crdt.Path]string, len(ledger.Pending)),
		Merged:    ledger.Merged,
		Revision:  ledger.Revision,
		Revisions: make(map[crdt.Path]uint64),

		Provenance: make(map[crdt.Path]provenance),
		Heads:      showHeads(s.Heads.Heads),
		Stale:      r.Stale,
	}
	for path, conflict := range ledger.Pending {
		i.Pending[path] = conflict
	}
	for _, f := range policy.Fields {
		i.Revisions[f.Path] = 0
	}
	for path, counts := range ledger.Accepted {
		i.Revisions[path] = counts.Revision
		if counts.Revision > 0 {
			i.Provenance[path] = provenance{
				counts.Revision, showAuthor(counts.DecidedBy), counts.DecidedAt.UTC(), counts.Cause,
			}
		}
	}
	return i, nil
}

// A verdict is what became of one critical field of a command.
type verdict struct {
	Outcome  string `json:"outcome" doc:"What became of the value." enum:"accepted,diverted,rejected,no_change"`
	Reason   string `json:"reason" doc:"Why, empty if it was accepted."`
	Conflict string `json:"conflict_id,omitempty" doc:"The conflict that holds it as a proposal."`
}

func showVerdicts(o *conflicts.Outcome) map[crdt.Path]verdict {
	shown := make(map[crdt.Path]verdict, len(o.Verdicts))
	for _, v := range o.Verdicts {
		shown[v.Field] = verdict{Outcome: v.Outcome, Reason: v.Reason, Conflict: v.Conflict}
	}
	return shown
}
