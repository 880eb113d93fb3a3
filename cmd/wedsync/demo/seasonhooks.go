package demo

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A sender is a connection as its sender knows it.
type sender struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// webhooks are what other apps tell the hub, and what it tells them: something of
// each kind that the app shows.
func webhooks(on func(weeks, days int) string) []moment {
	return []moment{
		{10 * day, all(
			connects("honeybook", map[string]any{"source": "zapier", "name": "HoneyBook inquiries"}),
			connects("crm", map[string]any{
				"source": "client-integrations", "name": crm, "sources": []string{"studio-crm"}, "create_unknown": false,
				"mapping": map[string]any{"rules": []map[string]any{
					{"from": []string{"contact.name"}, "to": "name", "do": []map[string]any{{"do": "trim"}}},
					{"from": []string{"contact.email"}, "to": "email", "do": []map[string]any{{"do": "trim"}}},
					{"from": []string{"contact.phone", "contact.mobile"}, "to": "phone"},
					{"from": []string{"party.guests"}, "to": "guests", "do": []map[string]any{{"do": "number"}}},
					{"from": []string{"stage"}, "to": "status", "do": []map[string]any{{"do": "enum", "values": map[string]string{"won": "booked", "offer": "proposal sent"}}}},
				}},
			}),
			connects("vsco", map[string]any{"source": "vsco", "name": "VSCO Workspace (galleries)", "api_key": "demo", "api_url": "APPS/vsco"}),
			tells(map[string]any{"url": "APPS/calendar", "description": "Studio calendar", "events": []string{"wedsync.client.*"}}),
		)},
		{4*day + 2*time.Hour, fromCRM("studio-crm", `{"id": "crm-2041", "contact": {"name": "Yael Ben-David & Chris Okoro", "email": "yael@example.org"}, "party": {"guests": "133"}}`)},
		{4*day + 1*time.Hour, whose("crm-2041", "yael")},
		{2*day + 6*time.Hour, fromCRM("studio-crm", `{"id": "crm-2041", "party": {"guests": "131"}}`)},
		{29 * time.Hour, fromHoneyBook(`{"id": "hb-7731", "type": "inquiry", "full_name": "Noor Haddad & Elias Kern", "email": "noor.haddad@example.org", "event_date": "` + on(38, 0) + `", "message": "A friend sent us your pictures of the Fotografiska wedding. Are you free?"}`)},
		{17 * time.Hour, fromHoneyBook(`{"id": "hb-7748", "type": "inquiry", "full_name": "Nadia Brandt & Jonas Weiss", "email": "nadia.brandt@example.org", "message": "We love your "golden hour" pictures!"}`)},
		{9 * time.Hour, fromCRM("old-booking-form", `{"id": "form-88", "contact": {"name": "Wren Abbott", "email": "wren.abbott@example.org"}}`)},
		{3*time.Hour + 30*time.Minute, tells(map[string]any{"url": "APPS/accounting", "description": "Bookkeeping", "events": []string{"wedsync.client.*"}})},
		{100 * time.Minute, fromCRM("studio-crm", `{"id": "crm-2077", "contact": {"name": "Rosa Delgado", "email": "rosa.delgado@example.org", "mobile": "+44 7700 900141"}, "party": {"guests": "104"}}`)},
		{50 * time.Minute, posted("vsco", "&event=job.updated", `{"jobId": "j-5512"}`, nil)},
		{21 * time.Minute, settles},
	}
}

// connects makes a connection. APPS in its settings stands for where the apps are.
func connects(key string, settings map[string]any) deed {
	return func(ctx context.Context, s *season) error {
		var made sender
		err := s.makes(ctx, "/api/webhooks/connections", settings, &made)
		s.senders[key] = made
		return err
	}
}

// tells makes an endpoint.
func tells(settings map[string]any) deed {
	return func(ctx context.Context, s *season) error {
		var made any
		return s.makes(ctx, "/api/webhooks/endpoints", settings, &made)
	}
}

func (s *season) makes(ctx context.Context, path string, settings map[string]any, made any) error {
	a, err := s.as(ctx, owner)
	if err != nil {
		return err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return a.do(ctx, http.MethodPost, path, json.RawMessage(strings.ReplaceAll(string(text), "APPS", s.apps.base)), made)
}

// fromCRM is what the CRM, or something else that has its secret, says of a client.
func fromCRM(source, client string) deed {
	body := `{"source": "` + source + `", "event_type": "client.updated", "client_data": ` + client + `}`
	return func(ctx context.Context, s *season) error {
		mac := hmac.New(sha256.New, []byte(s.senders["crm"].Secret))
		mac.Write([]byte(body))
		return posted("crm", "", body, map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac.Sum(nil))})(ctx, s)
	}
}

func fromHoneyBook(body string) deed {
	return func(ctx context.Context, s *season) error {
		return posted("honeybook", "", body, map[string]string{"X-WedSync-Secret": s.senders["honeybook"].Secret})(ctx, s)
	}
}

// posted sends an event, and waits until it was worked on.
func posted(key, query, body string, headers map[string]string) deed {
	return func(ctx context.Context, s *season) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.senders[key].URL+query, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode/100 != 2 {
			return fmt.Errorf("an event of %s: %s: %s %w", key, resp.Status, answer, err)
		}
		return s.workedOff(ctx)
	}
}

// A hookEvent is an event as the API lists it.
type hookEvent struct {
	ID       string `json:"id"`
	Object   string `json:"object_id"`
	Attempts int    `json:"attempts"`
	Error    string `json:"error"`
}

func (s *season) hookEvents(ctx context.Context, state string) ([]hookEvent, error) {
	a, err := s.as(ctx, owner)
	if err != nil {
		return nil, err
	}
	var page struct {
		Items []hookEvent `json:"items"`
	}
	err = a.do(ctx, http.MethodGet, "/api/webhooks/events?"+url.Values{"state": {state}}.Encode(), nil, &page)
	return page.Items, err
}

// workedOff waits until no event waits to be tried.
func (s *season) workedOff(ctx context.Context) error {
	return s.until(ctx, "events are not worked on", func() (bool, error) {
		events, err := s.hookEvents(ctx, "received")
		for _, e := range events {
			if e.Error == "" {
				return false, err
			}
		}
		return true, err
	})
}

// whose says whose the object of a waiting event is.
func whose(object, key string) deed {
	return func(ctx context.Context, s *season) error {
		events, err := s.hookEvents(ctx, "waiting")
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Object != object {
				continue
			}
			if err := s.owners(ctx, http.MethodPost, "/api/webhooks/events/"+e.ID+"/assign", map[string]any{"client_id": s.kept[key].Client}); err != nil {
				return err
			}
			return s.workedOff(ctx)
		}
		return fmt.Errorf("no event about %s waits", object)
	}
}

// settles waits until the calendar has been told of all there was.
func settles(ctx context.Context, s *season) error {
	a, err := s.as(ctx, owner)
	if err != nil {
		return err
	}
	return s.until(ctx, "the calendar is not told of all", func() (bool, error) {
		var page struct {
			Items []struct {
				URL     string `json:"url"`
				Pending int    `json:"pending"`
			} `json:"items"`
		}
		if err := a.do(ctx, http.MethodGet, "/api/webhooks/endpoints", nil, &page); err != nil {
			return false, err
		}
		for _, e := range page.Items {
			if strings.HasSuffix(e.URL, "/calendar") {
				return e.Pending == 0, nil
			}
		}
		return false, nil
	})
}

// until waits until something holds; otherwise says what is wrong if it does not.
func (s *season) until(ctx context.Context, otherwise string, holds func() (bool, error)) error {
	for deadline := time.Now().Add(devicePatience); ; {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s after %s", otherwise, devicePatience)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
