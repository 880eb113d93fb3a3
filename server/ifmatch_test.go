package server_test

import "testing"

// An edit that its caller made in knowledge of an older revision is stale if
// the field moved since, and only then.
func TestIfMatchDecidesByTheFieldsOwnRevision(t *testing.T) {
	for _, c := range []struct {
		name, tag, field, outcome, reason string
	}{
		{"current revision", `"3"`, "budget", "accepted", ""},
		{"older, the field moved since", `"2"`, "budget", "diverted", "stale_base"},
		{"older, another field moved since", `"2"`, "venue_name", "accepted", ""},
		{"before all", `"0"`, "venue_name", "diverted", "stale_base"},
		{"any", `*`, "budget", "accepted", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			client := s.create(`{"name":"x","budget":100}`)                                                      // revision 1
			s.want(200, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"venue_name":"Orchard Barn"}}`)) // 2
			s.want(200, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"budget":200}}`))                // 3
			second := olga
			second.User = "otto"
			value := map[string]string{"budget": "300", "venue_name": `"Mill"`}[c.field]
			got := s.want(200, s.do(second, "PATCH", "/api/clients/"+client, `{"fields":{"`+c.field+`":`+value+`}}`, "If-Match", c.tag))
			if got.text("verdicts", c.field, "outcome") != c.outcome || got.text("verdicts", c.field, "reason") != c.reason {
				t.Errorf("verdict %v, want %s %s", got.at("verdicts", c.field), c.outcome, c.reason)
			}
		})
	}
}

func TestIfMatchOfARevisionToComeChangesNothing(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"budget":100}`)
	before := s.hub.commands
	s.want(412, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"budget":300}}`, "If-Match", `"2"`))
	if s.hub.commands != before {
		t.Error("the edit was carried out")
	}
}

func TestMalformedIfMatchIsRefused(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"budget":100}`)
	for _, tag := range []string{`1`, `W/"1"`, `"1", "2"`, `""`, `"-1"`, `"01"`, `"1.0"`, `"one"`, `"99999999999999999999"`} {
		got := s.want(400, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"budget":300}}`, "If-Match", tag))
		if got.text("errors", 0, "field") != "If-Match" {
			t.Errorf("If-Match: %s: %s", tag, got.raw)
		}
	}
	s.want(400, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"budget":300}}`, "If-Match", `"1"`, "If-Match", `"1"`))
}
