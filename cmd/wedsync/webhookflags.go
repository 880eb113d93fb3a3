package main

import (
	"errors"
	"fmt"
	"net/url"

	"wedsync/server/outbound"
)

// A webhookFlags says what webhooks need to know of the world.
type webhookFlags struct {
	PublicURL  string `name:"public-url" help:"How others reach the hub, such as https://hub.example.com: URLs of webhooks begin so, Twilio signs them, and Microsoft says there when an account has changed that is read. What requests say if left out." placeholder:"URL" group:"Webhooks:"`
	GoogleKeys string `help:"Where the keys are that Pub/Sub signs its tokens for Gmail with, if not at Google." placeholder:"URL" group:"Webhooks:"`
}

func (f webhookFlags) check(allowPrivate bool) error {
	if f.PublicURL != "" {
		u, err := url.Parse(f.PublicURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("--public-url must be https://HOST, with a path if the hub is below one")
		}
	}
	if f.GoogleKeys == "" {
		return nil
	}
	client := outbound.New(outbound.Options{AllowPrivate: allowPrivate})
	defer client.Close()
	if err := client.Check(f.GoogleKeys); err != nil {
		return fmt.Errorf("--google-keys: %w", err)
	}
	return nil
}
