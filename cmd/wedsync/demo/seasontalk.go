package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"wedsync/testdata/providers"
)

// The accounts of the studio whose communication the hub reads.
const (
	studioName   = "Orchard Weddings"
	studioMail   = "hello@orchard-weddings.example" // at Google
	mayasMail    = "maya@orchard-weddings.example"  // at Microsoft
	studioNumber = "+442079460200"                  // at Twilio

	twilioAccount = "AC0000000000000000000000000000de30"
	twilioToken   = "0123456789abcdef0123456789abcdef" //nolint:gosec // of a server in this process
)

// talk is what couples and the studio tell each other: what there is already when
// the owner connects the studio's accounts, and what comes in later.
func talk() []moment {
	return []moment{
		{2*time.Hour + 20*time.Minute, all(talked(2*time.Hour+20*time.Minute, 90*day), connectsMailbox("google", studioMail), connectsMailbox("microsoft", mayasMail), connectsTelephone, reads)},
		{45 * time.Minute, all(talked(45*time.Minute, 2*time.Hour+20*time.Minute), reads)},
	}
}

// flags have a hub know the providers of the apps around it.
func (a *apps) flags() []string {
	return []string{
		"--google-client-id", providers.ClientID, "--google-client-secret", providers.ClientSecret, "--google-url", a.base + "/google",
		"--microsoft-client-id", providers.ClientID, "--microsoft-client-secret", providers.ClientSecret, "--microsoft-url", a.base + "/microsoft",
		"--twilio-url", a.base + "/twilio",
	}
}

// connectsMailbox connects an account as its owner does in a browser.
func connectsMailbox(provider, address string) deed {
	return func(ctx context.Context, s *season) error {
		a, err := s.as(ctx, owner)
		if err != nil {
			return err
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		browser := &http.Client{Jar: jar, Timeout: requestPatience}
		wish, err := json.Marshal(map[string]any{"provider": provider})
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/api/integrations/communication/connect", bytes.NewReader(wish))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+a.token)
		r.Header.Set("Content-Type", "application/json")
		answer, err := browser.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		var begun struct{ URL string }
		if err := json.NewDecoder(answer.Body).Decode(&begun); err != nil || begun.URL == "" {
			return fmt.Errorf("connect %s: %s %w", address, answer.Status, err)
		}
		if r, err = http.NewRequestWithContext(ctx, http.MethodGet, begun.URL+"&login_hint="+url.QueryEscape(address), nil); err != nil {
			return err
		}
		done, err := browser.Do(r) // the provider agrees and sends it back to the hub
		if err != nil {
			return err
		}
		defer done.Body.Close()
		if done.StatusCode != http.StatusOK {
			return fmt.Errorf("connect %s: %s", address, done.Status)
		}
		return nil
	}
}

func connectsTelephone(ctx context.Context, s *season) error {
	return s.owners(ctx, http.MethodPost, "/api/integrations/communication/accounts", map[string]any{
		"sid": twilioAccount, "token": twilioToken, "name": "The studio’s telephone", "numbers": []string{studioNumber}, "region": "GB",
	})
}

// reads waits until the hub has read all that is new.
func reads(ctx context.Context, s *season) error {
	return s.owners(ctx, http.MethodPost, "/api/integrations/communication/sync", map[string]any{"client_id": s.kept["rosa"].Client})
}

// talked has the providers know what was said before a time, after another.
func talked(until, since time.Duration) deed {
	return func(_ context.Context, s *season) error {
		in := func(ago time.Duration) bool { return ago >= until && ago < since }
		for _, l := range letters() {
			if in(l.ago) {
				s.apps.deliver(l, s.began)
			}
		}
		phone := s.apps.providers.Telephone(twilioAccount, twilioToken)
		for _, t := range texts() {
			if in(t.ago) {
				phone.Message(t.message(s.began))
			}
		}
		for _, r := range rings() {
			if in(r.ago) {
				phone.Call(r.call(s.began))
			}
		}
		if until > time.Hour {
			s.apps.schedule(s.began)
		}
		return nil
	}
}

// theirs are the person who writes for a couple and the couple's number.
func theirs(key string) (p providers.Person, number string) {
	for _, c := range seasonCouples() {
		if c.key == key {
			name, _, _ := strings.Cut(c.name, " & ")
			return providers.Person{Name: name, Address: c.email}, strings.ReplaceAll(c.phone, " ", "")
		}
	}
	return p, ""
}
