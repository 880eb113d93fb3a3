package account

import (
	"context"
	"errors"

	"wedsync/server/communications/vault"
	"wedsync/store"
)

// What to do about an account that is lost, in words for anybody.
const (
	lostSettings = "the hub cannot read what it stored of this account: connect it again, then disconnect this one"
	lostSecret   = "the token with which the hub reads this account is damaged: connect it again"
	lostKey      = "the token with which the hub reads this account is encrypted with a key that the hub does not have: connect it again, or have the file with that key brought back"
)

// A LostError means an account that cannot be read by what is stored of it and the
// keys that the hub has.
type LostError struct {
	Todo string // what is wrong and what to do, in words for anybody
	err  error
}

func (e *LostError) Error() string { return e.err.Error() }

// Unwrap is what is wrong, in words for whoever runs the hub.
func (e *LostError) Unwrap() error { return e.err }

// Examine decodes an account and opens its secret. One for which that does not work,
// whose error is a *LostError, comes as one that has to be connected again. With any
// other error the secret cannot be opened for now, or by this keeper.
func (k *Keeper) Examine(stored store.Account) (Account, error) {
	a, err := Of(stored)
	if err != nil { // it is shown under its id
		a = Account{stored, Settings{Name: stored.ID, Address: stored.ID, Level: store.LevelMetadata}}
		a.lose(lostSettings)
		return a, &LostError{lostSettings, err}
	}
	_, err = k.open(a)
	var todo string
	switch {
	case errors.Is(err, vault.ErrKey):
		todo = lostKey
	case errors.Is(err, vault.ErrAltered), errors.Is(err, ErrSettings):
		todo = lostSecret
	default:
		return a, err
	}
	a.lose(todo)
	return a, &LostError{todo, err}
}

// shown is an account for whoever looks at it or reads it. That it is lost is not
// stored: it is not once its key is back. The log says so once.
func (k *Keeper) shown(ctx context.Context, stored store.Account) Account {
	a, err := k.Examine(stored)
	if lost := (*LostError)(nil); errors.As(err, &lost) {
		if version, _ := k.told.Swap(a.ID, a.Version); version != a.Version {
			k.Log.WarnContext(ctx, "an account has to be connected again", "supplier", a.Supplier, "account", a.ID, "provider", a.Provider, "err", err)
		}
	}
	return a
}
