package account

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wedsync/store"
)

// JobForget is the kind of the jobs that remove what an account that is gone had
// stored. Their key is the account's id.
const JobForget = "communication_forget"

const (
	// forgetAgain is how long after an account was to be deleted its occurrences
	// are looked for once more, should the hub have stopped in between.
	forgetAgain  = time.Minute
	forgetAtOnce = 500 // occurrences that one step removes
	revokeWithin = 10 * time.Second
)

// Disconnect forgets an account of a supplier and its tokens, which are taken back
// at the provider if it can do that, and has what it stored removed. It returns
// store.ErrNotFound if there is none.
func (k *Keeper) Disconnect(ctx context.Context, supplier, id string) error {
	a, err := k.Account(ctx, supplier, id)
	if err != nil {
		return err
	}
	k.leave(ctx, a)
	k.revoke(ctx, a)
	if err := k.remove(ctx, a); err != nil {
		return err
	}
	k.Log.InfoContext(ctx, "account disconnected", "supplier", supplier, "account", id, "provider", a.Provider)
	return nil
}

// remove deletes an account, and has what it stored removed.
func (k *Keeper) remove(ctx context.Context, a Account) error {
	forget := store.Job{Kind: JobForget, Supplier: a.Supplier, Key: a.ID, At: k.Now().Add(forgetAgain)}
	if err := k.Jobs.PutJobs(ctx, forget); err != nil {
		return err
	}
	if err := k.Store.DeleteAccount(ctx, a.Supplier, a.ID); err != nil {
		return err
	}
	forget.At = time.Time{}
	return k.Jobs.PutJobs(ctx, forget)
}

// leave has a provider say no more that an account has changed. If that does not work
// it ends by itself some days later.
func (k *Keeper) leave(ctx context.Context, a Account) {
	if k.Leave == nil || a.State != Connected {
		return
	}
	if err := k.Leave(ctx, a.ID); err != nil {
		k.Log.WarnContext(ctx, "the provider of an account that is disconnected says for some days still that it has changed", "supplier", a.Supplier, "account", a.ID, "provider", a.Provider, "err", err)
	}
}

// revoke takes an account's tokens back at the provider. If that does not work they
// are forgotten all the same: the owner may want to leave because it does not.
func (k *Keeper) revoke(ctx context.Context, a Account) {
	at := k.Apps[Provider(a.Provider)].endpoints(Provider(a.Provider)).revoke
	if at == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, revokeWithin)
	defer cancel()
	s, err := k.open(a)
	if err == nil && s.Refresh != "" {
		err = k.sendRevoke(ctx, Provider(a.Provider), at, s.Refresh)
	}
	if err != nil {
		k.Log.WarnContext(ctx, "the tokens of an account that is disconnected could not be taken back at the provider", "supplier", a.Supplier, "account", a.ID, "provider", a.Provider, "err", err)
	}
}

func (k *Keeper) sendRevoke(ctx context.Context, p Provider, at, token string) error {
	form := url.Values{"token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := k.Client.Do(r)
	if err != nil {
		return k.grantError(p, err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return statusError(p, answer)
	}
	return nil
}

// Workers are the jobs of accounts. What an account stored is removed by its own
// job, in steps; nobody else has to look for it.
func (k *Keeper) Workers() map[string]store.Worker {
	return map[string]store.Worker{JobForget: {Run: k.forget, AtOnce: 1}}
}

// forget removes the occurrences of an account that is gone.
func (k *Keeper) forget(ctx context.Context, j store.Job) error {
	if _, err := k.Store.Account(ctx, j.Key); !errors.Is(err, store.ErrNotFound) {
		return err // it is there: it was not deleted
	}
	for {
		n, err := k.Forget(ctx, j.Supplier, j.Key, forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}
