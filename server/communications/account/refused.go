package account

import (
	"context"
	"errors"

	"wedsync/server/communications/source"
	"wedsync/server/communications/vault"
	"wedsync/store"
)

// doubts is how often a provider is asked about a token that it refused before the
// account is taken for lost.
const doubts = 3

// Refused notes that the provider refused a token or password of an account with
// status 401: Token refreshes it next. If it refuses that one as well, whatever it
// is asked, the account has to be connected again. One that has been replaced
// since is none of the account's.
func (k *Keeper) Refused(ctx context.Context, id, token string) error {
	for range maxTries {
		a, err := k.account(ctx, id)
		if err != nil {
			return err
		}
		s, err := k.open(a)
		if err != nil {
			return err
		}
		switch {
		case a.State == Reconnect, token == "", token != s.Access && token != s.Password:
			return nil
		case s.Doubted || s.Password != "":
			if lost := k.lost(ctx, a, s); lost || s.Password != "" {
				return k.loseIf(ctx, a, lost)
			}
		}
		s.Access, s.Doubted = "", true
		_, err = k.store(ctx, a, s, func(a *Account, sealed vault.Sealed) { a.Secret = sealed })
		if !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return ErrBusy
}

// lost reports whether a provider refuses a token or password whatever it is asked.
func (k *Keeper) lost(ctx context.Context, a Account, s secret) bool {
	for range doubts {
		var err error
		if s.Password != "" {
			_, err = k.twilio(ctx, a.Address, s.Password)
		} else {
			_, err = k.profile(ctx, Provider(a.Provider), s.Access)
		}
		if !errors.Is(err, source.ErrReconnect) {
			return false
		}
	}
	return true
}

// loseIf notes that an account has to be connected again, unless that was done
// meanwhile.
func (k *Keeper) loseIf(ctx context.Context, lost Account, is bool) error {
	if !is {
		return nil
	}
	const why = "the provider refuses the account's token or password"
	_, err := k.change(ctx, lost.ID, func(a *Account) error {
		if string(a.Secret.Text) != string(lost.Secret.Text) {
			return errAsItIs
		}
		a.lose(why)
		return nil
	})
	if err == nil {
		k.Log.WarnContext(ctx, "an account has to be connected again", "supplier", lost.Supplier, "account", lost.ID, "provider", lost.Provider, "err", why)
	}
	return err
}
