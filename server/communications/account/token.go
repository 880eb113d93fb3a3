package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"wedsync/server/communications/source"
	"wedsync/server/communications/vault"
	"wedsync/store"
)

// When tokens are refreshed.
const (
	// leaseFor is how long one node has for it, which is more than it takes even if
	// the clocks of nodes differ; after a node that was killed another goes on then.
	leaseFor = 45 * time.Second
	// refreshWithin bounds a refresh, waiting for another node's included.
	refreshWithin = time.Minute
	// lookAgain is how often a node looks whether another has refreshed a token.
	lookAgain = 100 * time.Millisecond
)

// Token is a good access token of an account, refreshed if need be, and until when
// it is used. Errors wrap source.ErrReconnect once the account's owner has to
// connect it again, source.ErrTemporary if the provider cannot be asked now, and
// ErrPaused.
func (k *Keeper) Token(ctx context.Context, id string) (token string, until time.Time, err error) {
	s, err := k.usable(ctx, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if !s.good(k.Now()) {
		if s, err = k.refreshed(ctx, id); err != nil {
			return "", time.Time{}, err
		}
	}
	return s.Access, s.Until, nil
}

// Credentials are the user and password of an account without OAuth. Errors are
// those of Token.
func (k *Keeper) Credentials(ctx context.Context, id string) (user, password string, err error) {
	a, err := k.readable(ctx, id)
	if err != nil {
		return "", "", err
	}
	s, err := k.open(a)
	return a.Address, s.Password, err
}

// readable is an account that is to be read.
func (k *Keeper) readable(ctx context.Context, id string) (Account, error) {
	a, err := k.account(ctx, id)
	switch {
	case err != nil:
		return Account{}, err
	case a.State == Paused:
		return Account{}, ErrPaused
	case a.State == Reconnect:
		return Account{}, &RefusedError{Provider(a.Provider), a.Error}
	}
	return a, nil
}

// usable is the secret of an account that is to be read.
func (k *Keeper) usable(ctx context.Context, id string) (secret, error) {
	a, err := k.readable(ctx, id)
	if err != nil {
		return secret{}, err
	}
	return k.open(a)
}

// refreshed is the secret of an account with a good access token. Of all who ask
// on this node one refreshes it, which goes on if they leave.
func (k *Keeper) refreshed(ctx context.Context, id string) (secret, error) {
	done := k.refreshing.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshWithin)
		defer cancel()
		return k.refresh(ctx, id)
	})
	select {
	case r := <-done:
		return r.Val.(secret), r.Err
	case <-ctx.Done():
		return secret{}, ctx.Err()
	}
}

// refresh refreshes the token of an account, or waits until another node has.
func (k *Keeper) refresh(ctx context.Context, id string) (secret, error) {
	for {
		a, err := k.readable(ctx, id)
		if err != nil {
			return secret{}, err
		}
		s, err := k.open(a)
		if err != nil || s.good(k.Now()) {
			return s, err
		}
		if a.Lease.Until.After(k.Now()) {
			select {
			case <-ctx.Done():
				return secret{}, fmt.Errorf("%w: another node refreshes the token", source.ErrTemporary)
			case <-time.After(lookAgain):
			}
			continue
		}
		a.Lease = Lease{By: rand.Text(), Until: k.Now().Add(leaseFor)}
		if a, err = k.put(ctx, a); errors.Is(err, store.ErrStale) {
			continue
		}
		if err != nil {
			return secret{}, err
		}
		return k.refreshLeased(ctx, a, s)
	}
}

// refreshLeased asks the provider, with the lease that a has.
func (k *Keeper) refreshLeased(ctx context.Context, a Account, s secret) (secret, error) {
	p := Provider(a.Provider)
	token, err := k.oauth(p, "").TokenSource(k.sending(ctx), &oauth2.Token{RefreshToken: s.Refresh}).Token()
	if err != nil {
		err = k.grantError(p, err)
		return secret{}, errors.Join(err, k.giveUp(ctx, a, err))
	}
	fresh := k.secretOf(token, s.Refresh)
	fresh.Doubted = s.Access == "" // that before was refused
	for range maxTries {
		_, err = k.store(ctx, a, fresh, func(a *Account, sealed vault.Sealed) {
			a.Secret, a.Lease = sealed, Lease{}
		})
		if !errors.Is(err, store.ErrStale) {
			return fresh, err
		}
		held := a.Lease.By
		if a, err = k.account(ctx, a.ID); err != nil {
			return secret{}, err
		}
		if a.Lease.By != held { // the account was connected anew
			return k.open(a)
		}
	}
	return secret{}, ErrBusy
}

// giveUp ends a lease without a token. The account has to be connected again if
// the provider refused.
func (k *Keeper) giveUp(ctx context.Context, leased Account, why error) error {
	_, err := k.change(ctx, leased.ID, func(a *Account) error {
		var refused *RefusedError
		switch {
		case a.Lease.By != leased.Lease.By:
			return errAsItIs
		case errors.As(why, &refused):
			a.lose(refused.Reason)
		default:
			a.Lease = Lease{}
		}
		return nil
	})
	if err == nil && errors.Is(why, source.ErrReconnect) {
		k.Log.WarnContext(ctx, "an account has to be connected again", "supplier", leased.Supplier, "account", leased.ID, "provider", leased.Provider, "err", why)
	}
	return err
}
