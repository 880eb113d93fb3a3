package conflicts

import (
	"fmt"
	"slices"

	"wedsync/crdt"
)

// CounterWarning is the operation counter from which a record deserves a look:
// half of what devices may reach.
const CounterWarning = 1 << 29

// A Finding is something that is wrong with what is stored of a record, or that
// somebody should know before it is.
type Finding struct {
	What    string
	Advice  string // what to do about it
	Warning bool   // nothing is wrong yet
	Mends   bool   // a repair puts it right
}

// What to do about findings.
const (
	adviceBackup = "restore the data directory from a backup; devices bring back what it lacks"
	adviceTamper = "somebody or something changed the file: compare with a backup, and ask who had access; the hub works on"
	adviceBug    = "the hub works on; keep a copy of the data directory and report this"
	adviceLarge  = "one of its devices counts too fast; have owners export the record and make it anew before it reaches 2^30"
)

// An Examination looks at all that is stored of one record.
type Examination struct {
	id       crdt.RecordID
	env      *Env
	policy   *Policy
	ledger   []byte
	batches  []StoredBatch
	entries  []LogEntry
	head     LogHead
	findings []Finding
}

// NewExamination begins to examine a record with its ledger as stored.
func NewExamination(id crdt.RecordID, env *Env, p *Policy, ledger []byte) *Examination {
	return &Examination{id: id, env: env, policy: p, ledger: ledger}
}

// Add adds the next batch of the record, in the order of the journal.
func (x *Examination) Add(p Past) {
	x.batches = append(x.batches, p.StoredBatch)
	for i := range p.Log {
		x.entry(&p.Log[i])
	}
}

// entry follows the decision log.
func (x *Examination) entry(e *LogEntry) {
	switch {
	case e.Number != x.head.Count+1:
		x.find(adviceTamper, "%s follows decision %d: the ones between are missing", e, x.head.Count)
	case e.Previous != x.head.Hash && len(x.entries) == 0:
		x.find(adviceTamper, "%s is the first and names one before it", e)
	case e.Previous != x.head.Hash:
		x.find(adviceTamper, "%s does not have the hash that %s names: it was changed after it was made",
			&x.entries[len(x.entries)-1], e)
	}
	x.head.Count, x.head.Hash = e.Number, e.Hash(x.id)
	x.entries = append(x.entries, *e)
}

func (x *Examination) find(advice, format string, args ...any) {
	x.findings = append(x.findings, Finding{What: fmt.Sprintf(format, args...), Advice: advice})
}

// Finish examines the whole: heads as they are stored, the record's rows of
// sync_conflicts, and its merged entries.
func (x *Examination) Finish(heads []crdt.Hash, rows []Conflict, merged []Merged) []Finding {
	l, err := parseLedger(x.ledger)
	if err != nil {
		x.find(adviceBackup, "its ledger cannot be read: %v", err)
		return x.findings
	}
	x.log(l)
	x.revisions(l)
	x.rows(l, rows)
	x.merged(l, merged)
	r, err := Load(x.id, x.env, x.policy, x.ledger, x.batches)
	if err != nil {
		x.find(adviceBackup, "its changes cannot be read: %v", err)
		return x.findings
	}
	if !slices.Equal(r.graph.Heads(), heads) {
		x.find(adviceBackup, "its changes lead to other heads than those that are stored")
	}
	x.mergedChanges(r)
	x.document(r)
	return x.findings
}

// log holds the end of the decision log against what the ledger says of it.
func (x *Examination) log(l *ledger) {
	switch {
	case l.Log.Count != x.head.Count:
		x.find(adviceTamper, "its decision log ends with decision %d, the ledger says %d", x.head.Count, l.Log.Count)
	case l.Log.Hash != x.head.Hash && len(x.entries) > 0:
		x.find(adviceTamper, "%s does not have the hash that the ledger names: it was changed after it was made",
			&x.entries[len(x.entries)-1])
	}
}
