package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/mapping"
	"wedsync/server/webhooks/processing"
)

// A trial is what a payload would lead to.
type trial struct {
	Would      string            `json:"would" enum:"edit,create,wait,nothing" doc:"Whether the event would edit a client, make one, wait for somebody to say whose it is, or do nothing."`
	Object     string            `json:"object_id,omitempty" doc:"The sender's id of what it is about."`
	Client     *string           `json:"client_id" doc:"Whose it is, null if nobody has said."`
	Candidates []eventCandidate  `json:"candidates" doc:"Whose it may be, by address and number."`
	Edits      map[crdt.Path]any `json:"edits" doc:"What would be written or proposed, by field."`
	Rules      []triedRule       `json:"rules" doc:"What each rule of the mapping did."`
}

// A triedRule says what one rule did.
type triedRule struct {
	Rule  int         `json:"rule" doc:"Its place in the mapping, from 0."`
	To    crdt.Path   `json:"to" doc:"The field that it sets."`
	From  string      `json:"from,omitempty" doc:"The path whose value it took."`
	Found any         `json:"found" doc:"What stood there."`
	Steps []triedStep `json:"steps" doc:"What became of that, step by step."`
	Left  string      `json:"left,omitempty" enum:"absent,empty,set" doc:"Why it left the field alone: there was nothing, or something empty, or a rule before it had set the field."`
}

// A triedStep says what one step did.
type triedStep struct {
	Do    string `json:"do"`
	Value any    `json:"value" doc:"The value after it."`
	Why   string `json:"why,omitempty" doc:"Why it left the value as it was."`
}

// TryConnection answers POST /api/webhooks/connections/{id}/try.
func (a *API) TryConnection(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	c, s, err := a.settingsOf(r, who)
	if err != nil {
		return err
	}
	payload := o.payload("payload")
	if raw, given := o.take("mapping"); given {
		s.Mapping = raw
	}
	m, err := mapping.Parse(s.Mapping, c.Source)
	if rule := new(mapping.RuleError); errors.As(err, &rule) {
		o.fault("mapping."+rule.Field(), rule.Reason)
	}
	if err := o.end(); err != nil {
		return err
	}
	t, err := a.events.Try(r.Context(), c, m, payload)
	if errors.Is(err, processing.ErrPayload) {
		return &invalidError{[]Fault{{"payload", err.Error()}}}
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showTrial(t))
}

// payload takes the body of an event: JSON as it stands, or a text of whatever the
// sender sends.
func (o *object) payload(name string) []byte {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed: the body of an event as the sender sends it")
		return nil
	}
	if len(raw) > inbound.MaxBody {
		o.fault(name, "is larger than an event may be")
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	return raw
}

func showTrial(t *processing.Trial) trial {
	shown := trial{
		Would: t.Would, Object: t.Object, Candidates: showCandidates(t.Candidates),
		Edits: make(map[crdt.Path]any, len(t.Result.Edits)), Rules: []triedRule{},
	}
	if shown.Candidates == nil {
		shown.Candidates = []eventCandidate{}
	}
	if t.Record != "" {
		shown.Client = &t.Record
	}
	for path, v := range t.Result.Edits {
		shown.Edits[path] = v.JSON()
	}
	for _, trace := range t.Result.Traces {
		rule := triedRule{Rule: trace.Rule, To: trace.To, From: trace.From, Found: trace.Found.JSON(), Steps: []triedStep{}, Left: trace.Left}
		for _, step := range trace.Steps {
			rule.Steps = append(rule.Steps, triedStep{step.Do, step.Value.JSON(), step.Why})
		}
		shown.Rules = append(shown.Rules, rule)
	}
	return shown
}
