package account

import (
	"strings"

	"golang.org/x/oauth2"
)

// An App is what a provider knows a hub as.
type App struct {
	ID, Secret string // both empty if it does not know it
	// URL is where the provider is; where it really is if empty.
	URL string
}

// endpoints are the URLs of a provider. Those of Twilio lack the account.
type endpoints struct {
	authorize, token string
	revoke           string // empty if tokens cannot be taken back
	profile          string // of the account's owner
}

// Where the providers are.
var real = map[Provider]endpoints{
	Google: {
		authorize: "https://accounts.google.com/o/oauth2/v2/auth",
		token:     "https://oauth2.googleapis.com/token",
		revoke:    "https://oauth2.googleapis.com/revoke",
		profile:   "https://gmail.googleapis.com/gmail/v1/users/me/profile",
	},
	Microsoft: {
		authorize: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
		token:     "https://login.microsoftonline.com/common/oauth2/v2.0/token",
		profile:   "https://graph.microsoft.com/v1.0/me",
	},
	Twilio: {profile: "https://api.twilio.com/2010-04-01/Accounts/"},
}

// endpoints are where the provider of an app is.
func (a App) endpoints(p Provider) endpoints {
	at := real[p]
	if a.URL == "" {
		return at
	}
	base := strings.TrimRight(a.URL, "/")
	for _, url := range []*string{&at.authorize, &at.token, &at.revoke, &at.profile} {
		if *url != "" {
			_, path, _ := strings.Cut(strings.TrimPrefix(*url, "https://"), "/")
			*url = base + "/" + path
		}
	}
	return at
}

// What is asked for: to read mail and calendars, and nothing else.
var scopes = map[Provider][]string{
	Google:    {"https://www.googleapis.com/auth/gmail.readonly", "https://www.googleapis.com/auth/calendar.readonly"},
	Microsoft: {"offline_access", "User.Read", "Mail.Read", "Calendars.Read"},
}

// oauth is how accounts of a provider are connected, whose answers go to redirect.
func (k *Keeper) oauth(p Provider, redirect string) *oauth2.Config {
	app := k.Apps[p]
	at := app.endpoints(p)
	return &oauth2.Config{
		ClientID: app.ID, ClientSecret: app.Secret, RedirectURL: redirect, Scopes: scopes[p],
		Endpoint: oauth2.Endpoint{AuthURL: at.authorize, TokenURL: at.token, AuthStyle: oauth2.AuthStyleInParams},
	}
}
