package api

import (
	"net/http"
	"time"

	"wedsync/server/communications/account"
)

const accountsTag = "Communication accounts"

// An accountItem is an account as owners see it: without what it is read with.
type accountItem struct {
	ID       string     `json:"id"`
	Provider string     `json:"provider" enum:"google,microsoft,twilio"`
	Name     string     `json:"name" doc:"What people call it."`
	Address  string     `json:"address" doc:"Of its owner: an e-mail address, the id of a Twilio account; the account's own id if the hub cannot read what it stored of it." example:"anna@barn.example"`
	Version  uint64     `json:"version" doc:"Rises with each change, those of the hub itself too."`
	State    string     `json:"state" enum:"connected,reconnect,paused" doc:"Whether it is read: reconnect if its owner has to connect it again."`
	Error    string     `json:"error,omitempty" doc:"Why it has to be connected again."`
	Level    string     `json:"level" enum:"metadata,subject,everything" doc:"How much of what it has is shown to colleagues."`
	Region   string     `json:"region" doc:"ISO 3166 code of the country in which its local numbers are dialled; may be empty."`
	Since    *time.Time `json:"since" doc:"What was before is left alone; null if nothing is."`
	Own      []string   `json:"own" doc:"The e-mail addresses and phone numbers of its owner."`
	By       string     `json:"connected_by" doc:"The user who connected it last."`
	Created  time.Time  `json:"created_at"`
	Changed  time.Time  `json:"changed_at"`
}

func showAccount(a account.Account) accountItem {
	item := accountItem{
		ID: a.ID, Provider: a.Provider, Name: a.Name, Address: a.Address, Version: a.Version, State: string(a.State), Error: a.Error,
		Level: levels[a.Level], Region: a.Region, Since: showTime(a.Since), Own: make([]string, len(a.Own)), By: a.By,
		Created: a.Created, Changed: a.Changed,
	}
	for i, c := range a.Own {
		item.Own[i] = c.Value
	}
	return item
}

// A WishBody is what object.wish reads beside the addresses of the owner.
type WishBody struct {
	Name   string `json:"name,omitempty" maxLength:"100" doc:"What people call the account; its address if left out at first." example:"The barn's mailbox"`
	Level  string `json:"level,omitempty" enum:"metadata,subject,everything" doc:"How much of what it has is shown to colleagues; everything if left out at first."`
	Region string `json:"region,omitempty" maxLength:"2" doc:"ISO 3166 code of the country in which its local numbers are dialled." example:"GB"`
	Since  string `json:"since,omitempty" maxLength:"4096" doc:"What was before is left alone; empty for nothing." example:"2026-01-01T00:00:00Z"`
}

// A twilioBody is what ConnectTwilio reads.
type twilioBody struct {
	SID     string   `json:"sid" maxLength:"34" doc:"The id of the account at Twilio."`
	Token   string   `json:"token" maxLength:"128" doc:"Its auth token. It is encrypted, and never shown."`
	Numbers []string `json:"numbers,omitempty" maxItems:"50" doc:"Its phone numbers." example:"[\"+442079460018\"]"`
	WishBody
}

// An accountPatch is what PatchAccount reads.
type accountPatch struct {
	Version uint64   `json:"version,omitempty" doc:"The version that was changed; without it whatever is stored is changed."`
	Own     []string `json:"own,omitempty" maxItems:"50" doc:"The e-mail addresses and phone numbers of its owner, beside its address."`
	Paused  bool     `json:"paused,omitempty" doc:"Whether it is left alone from now on."`
	WishBody
}

// An accountSyncBody is what SyncAccount reads.
type accountSyncBody struct {
	Wait string `json:"wait,omitempty" doc:"How long to wait for the account, at most 25s, which it is if left out; 0 to ask it in the background." example:"10s"`
}

// A connectBody is what BeginAccount reads.
type connectBody struct {
	Provider string   `json:"provider" enum:"google,microsoft"`
	Own      []string `json:"own,omitempty" maxItems:"50" doc:"The e-mail addresses and phone numbers of the account's owner, beside that of the mailbox."`
	WishBody
}

// A connectItem says where to go on.
type connectItem struct {
	URL string `json:"url" doc:"Where the provider asks the account's owner, for ten minutes."`
}

// ListAccountsDoc describes ListAccounts.
var ListAccountsDoc = Doc{
	ID: "listAccounts", Tag: accountsTag, Summary: "List accounts", May: Deciders,
	Query:   pageQuery,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[accountItem]{}, Says: "A page of accounts, in the order in which they were connected."}},
}

// ConnectTwilioDoc describes ConnectTwilio.
var ConnectTwilioDoc = Doc{
	ID: "connectTwilio", Tag: accountsTag, Summary: "Connect an account of Twilio", May: Deciders,
	Detail:   "Twilio is asked whether the token is right. An account that is connected already is connected anew, with what is named.",
	Body:     twilioBody{},
	Example:  `{"sid": "AC00000000000000000000000000000001", "token": "the auth token", "numbers": ["+442079460018"], "region": "GB"}`,
	Answers:  []Answer{{Status: http.StatusCreated, Body: accountItem{}, Says: "The account. What it has is read from now on."}},
	Problems: []Kind{TooMany, Setup, ProviderAway},
}

// GetAccountDoc describes GetAccount.
var GetAccountDoc = Doc{
	ID: "getAccount", Tag: accountsTag, Summary: "Read one account", May: Deciders,
	Answers: []Answer{{Status: http.StatusOK, Body: accountItem{}, Says: "The account."}},
}

// PatchAccountDoc describes PatchAccount.
var PatchAccountDoc = Doc{
	ID: "patchAccount", Tag: accountsTag, Summary: "Change an account", May: Deciders,
	Detail: "What is left out stays as it is; **own** is replaced as a whole. With another level, region, time or other addresses, all that the account " +
		"has is read again.",
	Body:     accountPatch{},
	Example:  `{"level": "subject"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: accountItem{}, Says: "The account."}},
	Problems: []Kind{AccountMoved, AccountLost},
}

// SyncAccountDoc describes SyncAccount.
var SyncAccountDoc = Doc{
	ID: "syncAccount", Tag: accountsTag, Summary: "Bring one account up to date", May: Deciders,
	Detail: "It reads what is new in the account, for at most 25 seconds; what is not ready then goes on in the background, and its source has the state " +
		"**reading**. An account that is paused, or has to be connected again, is left alone, and its sources say so.",
	Body:     accountSyncBody{},
	Example:  `{"wait": "10s"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: Page[sourceItem]{}, Says: "The account's sources, on one page."}},
	Problems: []Kind{Crowded},
}

// DisconnectAccountDoc describes DisconnectAccount.
var DisconnectAccountDoc = Doc{
	ID: "disconnectAccount", Tag: accountsTag, Summary: "Disconnect an account", May: Deciders,
	Detail: "What it is read with is taken back at the provider, where that can be done, and forgotten; soon after, so is what only this account had. What " +
		"another account has too stays.",
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is gone."}},
}

// BeginAccountDoc describes BeginAccount.
var BeginAccountDoc = Doc{
	ID: "beginAccount", Tag: accountsTag, Summary: "Begin to connect a mailbox with its calendars", May: Deciders,
	Detail: "Open the URL in the browser that asked: it has a cookie now, and the connection is refused to any other. There the account's owner is asked " +
		"whether the hub may read, and nothing else. The same mailbox connected again is the same account.",
	Body:     connectBody{},
	Example:  `{"provider": "google"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: connectItem{}, Says: "Where to go on.", Headers: []string{"Set-Cookie"}}},
	Problems: []Kind{Setup},
}

// FinishAccountDoc describes FinishAccount.
var FinishAccountDoc = Doc{
	ID: "finishAccount", Tag: accountsTag, Summary: "Connect an account whose owner has agreed", May: Public,
	Detail: "Providers send the browser here, with `state` and `code`. It must have the cookie, and whoever began must still be an owner. A browser " +
		"(`Accept: text/html`) is told of problems by a page, too.",
	Answers:  []Answer{{Status: http.StatusOK, Type: "text/html; charset=utf-8", Says: "A page that says so."}},
	Problems: []Kind{NotBegun, ProviderRefused, Setup, Forbidden, Revoked, TooMany, RateLimited, ProviderAway, Internal, Unavailable},
}
