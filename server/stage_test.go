package server_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// A stage makes what a request is about when it is first named. Each has its own.
type stage struct {
	*site
	made  map[string]string
	blind bool // makes only what shows whose a request is
}

func newStage(s *site) *stage { return &stage{site: s, made: make(map[string]string)} }

// blindStage is for those who are refused whatever their request is about.
func blindStage(s *site) *stage {
	st := newStage(s)
	st.blind = true
	return st
}

var named = regexp.MustCompile(`<[a-z]+>`)

// fill puts ids in the place of <client>, <conflict> and so on.
func (s *stage) fill(text string) string {
	s.t.Helper()
	return named.ReplaceAllStringFunc(text, func(name string) string {
		if s.blind && name != "<hook>" && name != "<secret>" {
			return "none"
		}
		if s.made[name] == "" {
			s.make(name)
		}
		return s.made[name]
	})
}

func (s *stage) make(name string) {
	s.t.Helper()
	switch name {
	case "<client>":
		s.made[name] = s.create(`{"name":"Ada & Ben","budget":12500}`)
	case "<deleted>":
		s.made[name] = s.create(`{"name":"Ada & Ben"}`)
		s.want(204, s.do(olga, "DELETE", "/api/clients/"+s.made[name], ""))
	case "<conflict>", "<proposal>":
		got := s.want(200, s.do(phone, "PATCH", s.fill("/api/clients/<client>"), `{"fields":{"budget":13000}}`))
		s.made["<conflict>"] = got.text("verdicts", "budget", "conflict_id")
		s.made["<proposal>"] = s.do(olga, "GET", s.fill("/api/conflicts/<conflict>"), "").text("proposals", 0, "id")
	case "<decided>":
		s.want(200, s.do(olga, "POST", s.fill("/api/conflicts/<conflict>/resolve"), `{"version":1,"action":"keep"}`))
		s.made[name] = s.made["<conflict>"]
	case "<verdict>":
		decided := s.fill("<decided>")
		list := s.do(mia, "GET", "/api/verdicts?device=phone&limit=200", "")
		for i := range list.at("items").([]any) {
			if list.text("items", i, "conflict_id") == decided {
				s.made[name] = list.text("items", i, "id")
			}
		}
	case "<device>":
		d := on(mia, rand.Text())
		s.joins(d, d.Device)
		s.made[name] = keyOf(d)
	case "<user>":
		s.made[name] = rand.Text()
	case "<endpoint>":
		s.made[name] = s.want(201, s.do(olga, "POST", "/api/webhooks/endpoints", `{"url":"https://app.example/hook"}`)).text("id")
	case "<delivery>":
		s.made[name] = s.want(200, s.do(olga, "POST", s.fill("/api/webhooks/endpoints/<endpoint>/test"), "")).text("id")
	case "<connection>":
		s.made[name] = s.want(201, s.do(olga, "POST", "/api/webhooks/connections", `{"source":"zapier","name":"HoneyBook"}`)).text("id")
	case "<hook>":
		got := s.want(201, s.do(olga, "POST", "/api/webhooks/connections", `{"source":"vsco","name":"VSCO","api_key":"k"}`))
		s.made[name] = strings.TrimPrefix(got.text("url"), "http://example.com")
	case "<secret>":
		s.made[name] = s.want(201, s.do(olga, "POST", "/api/webhooks/connections", `{"source":"client-integrations","name":"Tave","sources":["tave"]}`)).text("secret")
	case "<unrouted>":
		body := `{"source":"honeybook","event_type":"client.created","client_data":{"supplier_id":"barn","id":"c-1","name":"Ada"}}`
		s.want(202, s.send("POST", hooks, body, "X-Webhook-Signature", signatureOf(s.fill("<secret>"), body)))
		s.made[name] = s.do(olga, "GET", "/api/webhooks/events?state=unrouted", "").text("items", 0, "id")
	case "<account>":
		s.made[name] = s.want(201, s.do(olga, "POST", accountsURL, twilio)).text("id")
	case "<event>":
		s.want(202, s.send("POST", s.fill("<hook>")+"&event=job.created", `{"id":"01h35ccwymj5ctckp8px1azhg6"}`))
		s.made[name] = s.do(olga, "GET", "/api/webhooks/events?state=received", "").text("items", 0, "id")
	case "<message>":
		s.made[name] = s.want(201, s.do(mia, "POST", s.fill("/api/clients/<client>/messages"), `{"text":"They like peonies."}`)).text("id")
	case "<merged>", "<value>":
		client := s.apart(map[string][2]string{"notes": {"likes peonies", "likes lilies"}})
		s.made["<merged>"] = s.do(olga, "GET", "/api/clients/"+client, "").text("merged", "notes")
		s.made["<value>"] = s.do(olga, "GET", s.fill("/api/merged/<merged>"), "").text("values", 1, "change")
	}
	if s.made[name] == "" {
		s.t.Fatalf("nothing makes %s: see stage.make", name)
	}
}

// perform sends the request of a row as that caller.
func (s *stage) perform(row *right, caller caller, headers ...string) reply {
	s.t.Helper()
	method := described().route(row.id).Method
	if row.kind != "" {
		headers = append(headers, "Content-Type", row.kind)
	}
	if row.signed {
		headers = append(headers, "X-Webhook-Signature", signatureOf(s.fill("<secret>"), s.fill(row.body)))
	}
	target := s.fill(row.url)
	if row.browser {
		callback, cookie := s.agreed()
		target, headers = callback, append(headers, "Cookie", cookie.Name+"="+cookie.Value)
	}
	authorization := caller.authorization(s.site)
	if row.google {
		authorization = "Bearer " + googleToken(s.t)
	}
	headers = append(headers, "Authorization", authorization, "Idempotency-Key", rand.Text())
	return s.send(method, target, s.fill(row.body), headers...)
}

// signatureOf is how client integrations sign a body.
func signatureOf(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// key is how a test names a row and a caller.
func (r *right) key(who string) string {
	return fmt.Sprintf("%s by %s", r.id, strings.ReplaceAll(who, " ", "_"))
}
