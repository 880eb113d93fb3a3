package api

import (
	"bytes"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/server/webhooks/connection"
)

const (
	// CallbackPath is where providers send a browser whose user was asked.
	CallbackPath = "/api/integrations/communication/callback"
	// connectCookie is what a browser has that began to connect an account.
	connectCookie = "wedsync_connect"
)

// connectable are the providers that ask an account's owner.
var connectable = []account.Provider{account.Google, account.Microsoft}

// BeginAccount answers POST /api/integrations/communication/connect with the URL at
// which the provider asks the account's owner, and the browser with a cookie.
func (a *API) BeginAccount(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	provider := account.Provider(o.text("provider"))
	if !slices.Contains(connectable, provider) {
		o.fault("provider", "must be google or microsoft")
	}
	wish := o.wish("own")
	if err := o.end(); err != nil {
		return err
	}
	base := connection.Base(a.publicURL, r)
	url, browser, err := a.accounts.Begin(r.Context(), who, provider, wish, base+CallbackPath)
	if err != nil {
		return err
	}
	setConnectCookie(w, base, browser, int(account.ConnectWithin.Seconds()))
	return reply(w, http.StatusOK, connectItem{url})
}

// setConnectCookie gives a browser the text by which it is known at CallbackPath. It
// comes along when the provider sends the browser there (SameSite=Lax), and is not
// shown to scripts.
func setConnectCookie(w http.ResponseWriter, base, text string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: connectCookie, Value: text, Path: CallbackPath, MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(base, "https:"),
	})
}

// FinishAccount answers GET /api/integrations/communication/callback, to which the
// provider sends the browser, with a page for a person. Who asks is known by the
// state, which only the browser may use that began.
func (a *API) FinishAccount(w http.ResponseWriter, r *http.Request) {
	c, err := a.finishAccount(r)
	// The code was used, or never will be.
	setConnectCookie(w, connection.Base(a.publicURL, r), "", -1)
	if err != nil && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		a.refuse(w, r, err)
		return
	}
	page, status := finishPage{Title: c.Name + " is connected", Text: "What it has is read now."}, http.StatusOK
	if err != nil {
		p := a.problem(r, err)
		page, status = finishPage{p.Title, p.Detail}, p.Status
	}
	var html bytes.Buffer
	if err := finishTemplate.Execute(&html, page); err != nil {
		a.refuse(w, r, err)
		return
	}
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("Referrer-Policy", "no-referrer") // the URL has the code
	send(w, status, "text/html; charset=utf-8", html.Bytes())
}

func (a *API) finishAccount(r *http.Request) (account.Account, error) {
	q := r.URL.Query()
	c, err := a.accounts.Begun(q.Get("state"))
	if err != nil {
		return account.Account{}, err
	}
	cookie, err := r.Cookie(connectCookie)
	if err != nil || !c.By(cookie.Value) {
		return account.Account{}, account.ErrState
	}
	if err := a.door.Limits.Request(c.Who); err != nil {
		return account.Account{}, err
	}
	if c.Who, err = a.hub.Admit(r.Context(), c.Who); err != nil {
		return account.Account{}, err
	}
	if !Deciders.Admits(c.Who.Role) {
		return account.Account{}, errForbidden
	}
	code := q.Get("code")
	if code == "" {
		return account.Account{}, &account.RefusedError{Provider: c.Provider, Reason: "nobody agreed there that the account is read"}
	}
	return a.accounts.Finish(r.Context(), c, code)
}

// A finishPage is what a person is told at last.
type finishPage struct{ Title, Text string }

var finishTemplate = template.Must(template.New("finish").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>WedSync: {{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Text}}
<p><a href="/integrations?show=accounts">Go on to the accounts</a>
`))
