package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/store"
)

// ListAccounts answers GET /api/integrations/communication/accounts, in order of
// their making.
func (a *API) ListAccounts(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after, err := nameAfter(r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	all, err := a.accounts.Accounts(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(all, func(c account.Account) bool { return c.ID <= after })
	p, err := pageOf(rest, limit,
		func(c account.Account) string { return nameCursor(c.ID) },
		func(c account.Account) (accountItem, error) { return showAccount(c), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// ConnectTwilio answers POST /api/integrations/communication/accounts with the
// account.
func (a *API) ConnectTwilio(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	sid, token := o.text("sid"), o.text("token")
	wish := o.wish("numbers")
	if err := o.end(); err != nil {
		return err
	}
	c, err := a.accounts.ConnectTwilio(r.Context(), who, sid, token, wish)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, showAccount(c))
}

// GetAccount answers GET /api/integrations/communication/accounts/{id}.
func (a *API) GetAccount(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, err := a.accounts.Account(r.Context(), who.Supplier, accountID(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showAccount(c))
}

// PatchAccount answers PATCH /api/integrations/communication/accounts/{id}, which
// changes what it names, with the account.
func (a *API) PatchAccount(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	version := o.countIfAny("version")
	wish := o.wish("own")
	o.member("paused", &wish.Paused, "must be true or false")
	if err := o.end(); err != nil {
		return err
	}
	c, err := a.accounts.Set(r.Context(), who.Supplier, accountID(r), version, wish)
	if errors.Is(err, store.ErrStale) {
		return errAccountMoved
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showAccount(c))
}

// SyncAccount answers POST /api/integrations/communication/accounts/{id}/sync.
func (a *API) SyncAccount(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	wait := o.wait()
	if err := o.end(); err != nil {
		return err
	}
	c, err := a.accounts.Account(r.Context(), who.Supplier, accountID(r))
	if err != nil {
		return err
	}
	sources, err := a.timeline.SyncAccount(r.Context(), who.Supplier, c.ID, wait)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, Page[sourceItem]{Items: showSources(sources)})
}

// DisconnectAccount answers DELETE /api/integrations/communication/accounts/{id}.
func (a *API) DisconnectAccount(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	if err := a.accounts.Disconnect(r.Context(), who.Supplier, accountID(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// accountID is the id of the account that a URL names.
func accountID(r *http.Request) string { return strings.ToUpper(r.PathValue("id")) }

// wish takes what is given of what a person may set of an account. The addresses
// of its owner are the member own.
func (o *object) wish(own string) account.Wish {
	w := account.Wish{Name: o.textIfAny("name"), Region: o.textIfAny("region"), Own: o.textsIfAny(own, account.MaxOwn)}
	if level := o.textIfAny("level"); level != nil {
		var is store.Level // none, which Check finds
		for l, text := range levels {
			if text == *level {
				is = l
			}
		}
		w.Level = &is
	}
	if _, given := o.members["since"]; given {
		since := o.moment("since")
		w.Since = &since
	} else {
		o.asked = append(o.asked, "since")
	}
	for _, f := range w.Check() {
		if rest, is := strings.CutPrefix(f.Field, "own"); is {
			f.Field = own + rest
		}
		o.fault(f.Field, f.Rule)
	}
	return w
}
