package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

type webhooksTryCommand struct {
	remoteHub
	Connection string `arg:"" help:"The connection."`
	Payload    string `arg:"" help:"A file with the body of an event; - is standard input." placeholder:"FILE"`
	Mapping    string `help:"A file with a mapping to try in place of the connection's." placeholder:"FILE"`
	JSON       bool   `name:"json" help:"Print JSON."`
}

func (webhooksTryCommand) Help() string {
	return `
Nothing is changed. A mapping says which fields of a client the sender's fields become:

    {"rules": [
      {"from": ["full_name", "name"], "to": "name", "do": [{"do": "trim"}]},
      {"from": ["event.date"], "to": "wedding_date", "do": [{"do": "date", "format": "DD.MM.YYYY"}]},
      {"from": ["custom[label=Budget].value"], "to": "budget", "do": [{"do": "money", "decimal": ","}]}
    ]}

Examples:

    wedsync webhooks try 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC event.json
    wedsync webhooks try 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC event.json --mapping mapping.json
    wedsync webhooks show 01J9ZDB7C8D9E0F1G2H3J4K5M6 --json | jq -r .body | wedsync webhooks try 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC -`
}

// A remoteTrial is what an event would lead to, as the API shows it.
type remoteTrial struct {
	Would      string                     `json:"would"`
	Object     string                     `json:"object_id,omitempty"`
	Client     *string                    `json:"client_id"`
	Candidates []remoteCandidate          `json:"candidates"`
	Edits      map[string]json.RawMessage `json:"edits"`
	Rules      []remoteRule               `json:"rules"`
}

type remoteRule struct {
	Rule  int             `json:"rule"`
	To    string          `json:"to"`
	From  string          `json:"from,omitempty"`
	Found json.RawMessage `json:"found"`
	Steps []struct {
		Do    string          `json:"do"`
		Value json.RawMessage `json:"value"`
		Why   string          `json:"why,omitempty"`
	} `json:"steps"`
	Left string `json:"left,omitempty"`
}

// maxTried is how many bytes a hub takes of a request that is no import.
const maxTried = 1 << 20

// Run prints what the event would lead to.
func (c *webhooksTryCommand) Run(ctx context.Context, t terminal) error {
	body := make(map[string]json.RawMessage)
	payload, err := readInput(t, c.Payload, maxTried, "a hub takes no more at once")
	if err != nil {
		return err
	}
	if !json.Valid(payload) { // a form, for instance
		if payload, err = json.Marshal(string(payload)); err != nil {
			return fmt.Errorf("the payload: %w", err)
		}
	}
	body["payload"] = payload
	if c.Mapping != "" {
		if body["mapping"], err = readInput(t, c.Mapping, maxTried, "a hub takes no more at once"); err != nil {
			return err
		}
		if !json.Valid(body["mapping"]) {
			return fmt.Errorf("%s is not JSON (wedsync webhooks try --help shows a mapping)", printable(c.Mapping))
		}
	}
	var trial remoteTrial
	if err := c.do(ctx, http.MethodPost, "/api/webhooks/connections/"+url.PathEscape(c.Connection)+"/try", body, &trial); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, trial)
	}
	return trial.print(t.Out)
}

func (r *remoteTrial) print(w io.Writer) error {
	g := newGrid("rule", "field", "from", "found", "steps", "becomes")
	for _, rule := range r.Rules {
		var steps []string
		for _, s := range rule.Steps {
			said := s.Do + ": " + shownValue(s.Value)
			if s.Why != "" {
				said += " (" + printable(s.Why) + ")"
			}
			steps = append(steps, said)
		}
		becomes := "left alone: " + rule.Left
		if rule.Left == "" {
			becomes = shownValue(r.Edits[rule.To])
		}
		g.add(rule.Rule, printable(rule.To), printable(rule.From), shownValue(rule.Found), strings.Join(steps, "\n"), becomes)
	}
	if len(r.Rules) > 0 {
		if err := g.print(w); err != nil {
			return err
		}
	}
	would := map[string]string{
		"create": "It would make a new client.", "wait": "It would wait for somebody to say whose it is.", "nothing": "It would do nothing.",
	}[r.Would]
	if r.Client != nil {
		would = "It would edit client " + *r.Client + "."
	}
	if _, err := fmt.Fprintln(w, would); err != nil || len(r.Candidates) == 0 {
		return err
	}
	return printCandidates(w, r.Candidates)
}
