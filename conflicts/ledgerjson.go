package conflicts

import (
	"maps"
	"slices"
)

// encode is the ledger as it is stored: byte for byte what encoding/json makes
// of it. Every diverted edit writes one, and reflection would be a third of its
// cost. What few ledgers hold is left to encoding/json.
func (l *ledger) encode() ([]byte, error) {
	w := jsonWriter{b: make([]byte, 0, 1<<11)}
	w.ledger(l)
	return w.b, w.err
}

func (w *jsonWriter) ledger(l *ledger) {
	w.open('{')
	w.integer("version", l.Version)
	w.flag("listed", l.Listed)
	if l.Deleted {
		w.flag("deleted", true)
	}
	if l.Epoch > 0 {
		w.number("epoch", l.Epoch)
	}
	if l.Awaiting != nil {
		w.other("awaiting", l.Awaiting)
	}
	if len(l.Actors) > 0 {
		w.actors(l.Actors)
	}
	if len(l.Fields) > 0 {
		w.name("fields")
		w.open('{')
		for _, path := range l.paths() {
			w.name(string(path))
			w.field(l.Fields[path])
		}
		w.close('}')
	}
	if len(l.Answers) > 0 {
		writeList(w, "answers", l.Answers, w.answer)
	}
	if l.Log != (LogHead{}) {
		w.name("log")
		w.logHead(&l.Log)
	}
	if len(l.Merged) > 0 {
		w.other("merged", l.Merged)
	}
	if len(l.Wrote) > 0 {
		w.other("wrote", l.Wrote)
	}
	w.close('}')
}

func (w *jsonWriter) actors(all actors) {
	w.name("actors")
	w.open('{')
	for _, id := range slices.Sorted(maps.Keys(all)) {
		b := all[id]
		w.name(id.String())
		w.open('{')
		w.text("user", b.User)
		w.textIfAny("device", b.Device)
		w.text("role", string(b.Role))
		w.close('}')
	}
	w.close('}')
}

func (w *jsonWriter) field(f *field) {
	w.open('{')
	w.name("policy")
	w.open('{')
	w.text("path", string(f.Policy.Path))
	w.text("kind", string(f.Policy.Kind))
	w.text("review", string(f.Policy.Review))
	w.close('}')
	w.flag("critical", f.Critical)
	w.value("shown", f.Shown)
	if len(f.Revisions) > 0 {
		writeList(w, "revisions", f.Revisions, w.revision)
	}
	if f.Pending != nil {
		w.name("pending")
		w.conflict(f.Pending)
	}
	if len(f.Steps) > 0 {
		writeList(w, "steps", f.Steps, w.step)
	}
	if len(f.Shadows) > 0 {
		w.other("shadows", f.Shadows)
	}
	w.close('}')
}

func (w *jsonWriter) revision(r *Revision) {
	w.open('{')
	w.value("value", r.Value)
	w.text("cause", string(r.Cause))
	if r.Rule != 0 {
		w.integer("rule", r.Rule)
	}
	w.name("author")
	w.author(&r.Author)
	w.time("at", r.At)
	w.hashIfAny("change", r.Change)
	w.textIfAny("key", r.Key)
	w.close('}')
}

func (w *jsonWriter) author(a *Author) {
	w.open('{')
	w.textIfAny("user", a.User)
	w.textIfAny("device", a.Device)
	w.textIfAny("role", string(a.Role))
	w.textIfAny("actor", a.Actor)
	w.textIfAny("carried_by", a.CarriedBy)
	w.close('}')
}

func (w *jsonWriter) conflict(c *Conflict) {
	w.open('{')
	w.text("id", c.ID)
	w.text("record", c.Record.ClientID())
	w.text("field", string(c.Field))
	w.text("status", string(c.Status))
	w.number("version", c.Version)
	w.text("reason", c.Reason)
	w.revisioned("base", c.Base)
	w.revisioned("current", c.Current)
	writeList(w, "proposals", c.Proposals, w.proposal)
	w.time("opened_at", c.OpenedAt)
	w.timeIfAny("closed_at", c.ClosedAt)
	if c.Decision != nil {
		w.other("decision", c.Decision)
	}
	w.textIfAny("reopens", c.Reopens)
	w.textIfAny("reopened_as", c.ReopenedAs)
	w.timeIfAny("reminded_at", c.RemindedAt)
	if c.Reminders != 0 {
		w.integer("reminders", c.Reminders)
	}
	w.close('}')
}

func (w *jsonWriter) revisioned(name string, r Revisioned) {
	w.name(name)
	w.open('{')
	w.number("revision", r.Revision)
	w.value("value", r.Value)
	w.close('}')
}

func (w *jsonWriter) proposal(p *Proposal) {
	w.open('{')
	w.text("id", p.ID)
	w.value("value", p.Value)
	w.text("state", string(p.State))
	w.text("reason", p.Reason)
	w.textIfAny("source", string(p.Source))
	writeList(w, "authors", p.Authors, w.author)
	w.time("edited_at", p.EditedAt)
	w.time("received_at", p.ReceivedAt)
	if p.DecidedAt != 0 {
		w.number("decided_at", p.DecidedAt)
	}
	if p.Since != nil {
		w.other("author_has_since_set", p.Since)
	}
	w.close('}')
}

func (w *jsonWriter) step(s *step) {
	w.open('{')
	w.text("author", s.Author)
	w.text("proposal", s.Proposal)
	w.hashIfAny("change", s.Change)
	w.textIfAny("key", s.Key)
	w.text("state", string(s.State))
	if s.At != 0 {
		w.number("at", s.At)
	}
	w.close('}')
}

func (w *jsonWriter) answer(a *answer) {
	w.open('{')
	w.integer("from", a.From)
	w.integer("to", a.To)
	w.hash("by", a.By)
	w.close('}')
}

func (w *jsonWriter) logHead(h *LogHead) {
	w.open('{')
	w.number("count", h.Count)
	w.hashIfAny("hash", h.Hash)
	if h.Unlogged != 0 {
		w.number("unlogged", h.Unlogged)
	}
	w.close('}')
}
