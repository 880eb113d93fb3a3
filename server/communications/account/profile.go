package account

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// profile is the address of whom an access token is of.
func (k *Keeper) profile(ctx context.Context, p Provider, token string) (string, error) {
	var said struct {
		Google    string `json:"emailAddress"`
		Microsoft string `json:"mail"`
		User      string `json:"userPrincipalName"` // where there is no mailbox of its own
	}
	err := k.ask(ctx, p, k.Apps[p].endpoints(p).profile, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	}, &said)
	if err != nil {
		return "", err
	}
	address := store.NormalEMail(cmp.Or(said.Google, said.Microsoft, said.User))
	if address == "" {
		return "", fmt.Errorf("%w: %s does not say whose the account is", source.ErrUnreadable, p)
	}
	return address, nil
}

// twilio is the state of a Twilio account, such as active.
func (k *Keeper) twilio(ctx context.Context, sid, password string) (state string, err error) {
	var said struct {
		Status string `json:"status"`
	}
	at := k.Apps[Twilio].endpoints(Twilio).profile + url.PathEscape(sid) + ".json"
	err = k.ask(ctx, Twilio, at, func(r *http.Request) { r.SetBasicAuth(sid, password) }, &said)
	return said.Status, err
}

// ask reads what a URL answers. The answer is in no error.
func (k *Keeper) ask(ctx context.Context, p Provider, at string, as func(*http.Request), into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	as(r)
	answer, err := k.Client.Do(r)
	var unreached *url.Error
	if errors.As(err, &unreached) {
		err = unreached.Err
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", source.ErrTemporary, p, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return fmt.Errorf("%w: %s: %w", source.ErrTemporary, p, err)
	}
	if answer.StatusCode != http.StatusOK {
		return statusError(p, answer)
	}
	if json.Unmarshal(body, into) != nil {
		return fmt.Errorf("%w: that of %s about the account", source.ErrUnreadable, p)
	}
	return nil
}
