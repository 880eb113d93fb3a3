package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/server/communications/vault"
	"wedsync/store"
)

var errNoKeys = &SetupError{"the tokens of accounts are encrypted with keys that all hubs of a database share: make a file of keys (wedsync keys create --keys FILE) and give it to each hub (wedsync serve --keys FILE)"}

// ready makes sure that secrets can be sealed. The file of keys is made if that is
// wanted, and no account needs one that is gone.
func (k *Keeper) ready(ctx context.Context) error {
	if k.Vault == nil {
		return errNoKeys
	}
	_, err := k.Vault.Keys()
	if !errors.Is(err, vault.ErrNoFile) {
		return err
	}
	if !k.MakeKeys {
		return &SetupError{fmt.Sprintf("%v: make it with wedsync keys create --keys %s, or bring it back from where you keep it", err, k.Vault.Path())}
	}
	return MakeKeys(ctx, k.Store, k.Vault, k.Now())
}

// MakeKeys makes a vault's file of keys. It refuses if accounts are sealed with the
// keys of one that is gone.
func MakeKeys(ctx context.Context, s store.Accounts, v *vault.Vault, now time.Time) error {
	first, err := s.AllAccounts(ctx, "", 1)
	if err != nil {
		return err
	}
	if len(first) > 0 {
		return &SetupError{fmt.Sprintf("accounts are connected whose tokens need the keys at %s, and that file is gone: bring it back from where you keep it, or delete the accounts", v.Path())}
	}
	return v.Create(now)
}

// A Resealing says how far keys were changed over.
type Resealing struct {
	Accounts int // that were looked at
	Resealed int // of these, those that were sealed with an older key
	Deleted  int // that went meanwhile

	Waiting bool // until nobody can still be storing what was sealed with an older key
}

// resealPage is how many accounts are read at once.
const resealPage = 100

// Reseal seals the secrets of all accounts with the vault's newest key, and names
// the keys that they had. Hubs may run meanwhile; begun again, it does what is left.
func Reseal(ctx context.Context, s store.Accounts, v *vault.Vault, now func() time.Time, progress func(Resealing)) (done Resealing, needed map[string]bool, err error) {
	k := New(Options{Store: s, Vault: v, Now: now})
	needed = make(map[string]bool)
	for after := ""; ; {
		page, err := s.AllAccounts(ctx, after, resealPage)
		if err != nil || len(page) == 0 {
			return done, needed, err
		}
		for _, stored := range page {
			after = stored.ID
			was, err := k.reseal(ctx, stored.ID)
			done.Accounts++
			switch {
			case errors.Is(err, store.ErrNotFound):
				done.Deleted++
			case err != nil:
				return done, needed, fmt.Errorf("account %s of supplier %q: %w", stored.ID, stored.Supplier, err)
			case was != "":
				done.Resealed++
				needed[was] = true
			}
		}
		progress(done)
	}
}

// reseal seals the secret of one account with the newest key, and returns the key
// that it had, empty if it had the newest.
func (k *Keeper) reseal(ctx context.Context, id string) (was string, err error) {
	_, err = k.change(ctx, id, func(a *Account) error {
		before := a.Secret.Key
		sealed, changed, err := k.Vault.Reseal(a.owner(), a.Secret)
		if err != nil {
			return err
		}
		if !changed {
			was = ""
			return errAsItIs
		}
		was, a.Secret = before, sealed
		return nil
	})
	return was, err
}

// StoredWithin bounds how long after a secret was sealed it is stored: a key may be
// retired that long after the newest one was added, once no account has it.
const StoredWithin = 10 * time.Second

// store puts another secret into an account and stores it, within StoredWithin.
func (k *Keeper) store(ctx context.Context, a Account, s secret, set func(*Account, vault.Sealed)) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, StoredWithin)
	defer cancel()
	sealed, err := k.seal(a, s)
	if err != nil {
		return Account{}, err
	}
	set(&a, sealed)
	return k.put(ctx, a)
}
