package main

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"wedsync/server/communications/account"
	"wedsync/server/outbound"
	"wedsync/store"
)

// A communicationFlags says what the providers of communication know the hub as.
type communicationFlags struct {
	keysFlag
	GoogleClientID        string `name:"google-client-id" help:"What Google knows the hub as, so that its accounts can be connected." env:"WEDSYNC_GOOGLE_CLIENT_ID" placeholder:"ID" group:"Communications:"`
	GoogleClientSecret    string `name:"google-client-secret" help:"The secret of that; better in the environment, where others do not see it." env:"WEDSYNC_GOOGLE_CLIENT_SECRET" placeholder:"SECRET" group:"Communications:"`
	MicrosoftClientID     string `name:"microsoft-client-id" help:"What Microsoft knows the hub as." env:"WEDSYNC_MICROSOFT_CLIENT_ID" placeholder:"ID" group:"Communications:"`
	MicrosoftClientSecret string `name:"microsoft-client-secret" help:"The secret of that; better in the environment." env:"WEDSYNC_MICROSOFT_CLIENT_SECRET" placeholder:"SECRET" group:"Communications:"`
	GoogleTopic           string `name:"google-topic" help:"The topic of Pub/Sub that Gmail tells when a mailbox has changed, in the project of the client id: projects/PROJECT/topics/TOPIC. Without one mailboxes are looked at every five minutes." env:"WEDSYNC_GOOGLE_TOPIC" placeholder:"TOPIC" group:"Communications:"`
	GooglePusher          string `name:"google-pusher" help:"The service account as which a subscription of that topic pushes, with authentication, to PUBLIC-URL/api/integrations/communication/push/google." env:"WEDSYNC_GOOGLE_PUSHER" placeholder:"E-MAIL" group:"Communications:"`
	GoogleURL             string `name:"google-url" help:"Where Google is, for tests with a server of one's own." placeholder:"URL" group:"Communications:"`
	MicrosoftURL          string `name:"microsoft-url" help:"Where Microsoft is, likewise." placeholder:"URL" group:"Communications:"`
	TwilioURL             string `name:"twilio-url" help:"Where Twilio is, likewise." placeholder:"URL" group:"Communications:"`
}

// apps are what the providers know the hub as.
func (f communicationFlags) apps() map[account.Provider]account.App {
	return map[account.Provider]account.App{
		account.Google:    {ID: f.GoogleClientID, Secret: f.GoogleClientSecret, URL: f.GoogleURL},
		account.Microsoft: {ID: f.MicrosoftClientID, Secret: f.MicrosoftClientSecret, URL: f.MicrosoftURL},
		account.Twilio:    {URL: f.TwilioURL},
	}
}

// topic is what the topic of Pub/Sub is called.
var topic = regexp.MustCompile(`^projects/[^/\s]+/topics/[^/\s]+$`)

func (f communicationFlags) check(publicURL string, allowPrivate bool) error {
	switch {
	case f.GoogleTopic != "" && !topic.MatchString(f.GoogleTopic):
		return errors.New("--google-topic must be projects/PROJECT/topics/TOPIC")
	case f.GooglePusher != "" && (f.GoogleTopic == "" || publicURL == ""):
		return errors.New("--google-pusher needs --google-topic, and --public-url, below which Pub/Sub is to push")
	}
	client := outbound.New(outbound.Options{AllowPrivate: allowPrivate})
	defer client.Close()
	for p, app := range f.apps() {
		if (app.ID == "") != (app.Secret == "") {
			return fmt.Errorf("--%s-client-id and --%[1]s-client-secret belong together", p)
		}
		if app.URL != "" {
			if err := client.Check(app.URL); err != nil {
				return fmt.Errorf("--%s-url: %w", p, err)
			}
		}
	}
	return nil
}

// keeper keeps the accounts of a store.
func (f communicationFlags) keeper(at storeFlags, s store.Store, identity store.Identity, client *outbound.Client, log *slog.Logger) *account.Keeper {
	v, makes := f.vault(at)
	return account.New(account.Options{
		Store: s, Jobs: s, Client: client, Identity: identity.Secret, Vault: v, MakeKeys: makes, Apps: f.apps(),
		Forget: s.ForgetOccurrences, Log: log,
	})
}
