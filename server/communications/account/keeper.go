package account

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"wedsync/server/communications/vault"
	"wedsync/server/outbound"
	"wedsync/store"
)

// Options say what a keeper works with.
type Options struct {
	Store  store.Accounts
	Jobs   store.Jobs
	Client *outbound.Client
	// Identity is the secret that all hubs of the store have.
	Identity []byte
	// Vault has the keys of secrets; nil if the hub was given none.
	Vault *vault.Vault
	// MakeKeys has the vault's file made when the first account is connected. Else
	// it must be there, since several hubs share it.
	MakeKeys bool
	Apps     map[Provider]App
	// Forget removes what an account that is gone had stored, as ForgetOccurrences
	// of [store.Communications] does.
	Forget func(ctx context.Context, supplier, account string, limit int) (int, error)
	// Wake has an account read soon; nil if nobody does.
	Wake func(ctx context.Context, supplier, account string)
	// Leave has a provider say no more that an account has changed, which is about to
	// go; nil if nobody has.
	Leave func(ctx context.Context, account string) error
	Log   *slog.Logger     // slog.Default if nil
	Now   func() time.Time // time.Now if nil
}

// A Keeper keeps accounts. Its methods may be called from any goroutine.
type Keeper struct {
	Options
	http       *http.Client // Client for oauth2
	states     states
	refreshing singleflight.Group // by id of account
	told       sync.Map           // versions of accounts by id, of which the log says that they are lost
}

// New makes a keeper.
func New(o Options) *Keeper {
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{Options: o, http: &http.Client{Transport: transport{o.Client}}, states: newStates(o.Identity)}
}

// transport sends as a client of package outbound does.
type transport struct{ client *outbound.Client }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t.client.Do(r) }

// Accounts reads the accounts of a supplier in ascending order of id. One that cannot
// be read by what is stored of it has to be connected again.
func (k *Keeper) Accounts(ctx context.Context, supplier string) ([]Account, error) {
	stored, err := k.Store.Accounts(ctx, supplier)
	if err != nil {
		return nil, err
	}
	all := make([]Account, len(stored))
	for i, a := range stored {
		all[i] = k.shown(ctx, a)
	}
	return all, nil
}

// Account reads an account of a supplier as Accounts does, or returns store.ErrNotFound.
func (k *Keeper) Account(ctx context.Context, supplier, id string) (Account, error) {
	a, err := k.Find(ctx, id)
	if err == nil && a.Supplier != supplier {
		err = store.ErrNotFound
	}
	return a, err
}

// Find reads an account of whatever supplier as Accounts does, or returns
// store.ErrNotFound.
func (k *Keeper) Find(ctx context.Context, id string) (Account, error) {
	stored, err := k.Store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return k.shown(ctx, stored), nil
}

// account reads an account of whatever supplier to change it, or to read by it.
func (k *Keeper) account(ctx context.Context, id string) (Account, error) {
	stored, err := k.Store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return Of(stored)
}

// Set changes what a person may set of an account of a supplier. The error is a
// *FaultsError if the wish is wrong, store.ErrStale if version is neither 0 nor the
// account's, and ErrSettings if nobody knows what it is set to.
func (k *Keeper) Set(ctx context.Context, supplier, id string, version uint64, w Wish) (Account, error) {
	if faults := w.Check(); len(faults) > 0 {
		return Account{}, &FaultsError{faults}
	}
	a, err := k.change(ctx, id, func(a *Account) error {
		switch {
		case a.Supplier != supplier:
			return store.ErrNotFound
		case version != 0 && version != a.Version:
			return store.ErrStale
		}
		w.apply(&a.Settings)
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	k.wake(ctx, a)
	return k.shown(ctx, a.Account), nil
}

func (k *Keeper) wake(ctx context.Context, a Account) {
	if k.Wake != nil && a.State == Connected {
		k.Wake(ctx, a.Supplier, a.ID)
	}
}

// maxTries is how often a change is made anew because others changed the account
// meanwhile.
const maxTries = 20

// errAsItIs makes change leave an account as it is.
var errAsItIs = errors.New("nothing to change")

// change changes an account as it is stored: do may be called several times, each
// time with what others have stored meanwhile. If do returns errAsItIs the account
// stays as it is, and that is no error.
func (k *Keeper) change(ctx context.Context, id string, do func(*Account) error) (Account, error) {
	for range maxTries {
		a, err := k.account(ctx, id)
		if err != nil {
			return Account{}, err
		}
		if err := do(&a); errors.Is(err, errAsItIs) {
			return a, nil
		} else if err != nil {
			return Account{}, err
		}
		a, err = k.put(ctx, a)
		if !errors.Is(err, store.ErrStale) {
			return a, err
		}
	}
	return Account{}, ErrBusy
}

// put stores an account, or returns store.ErrStale.
func (k *Keeper) put(ctx context.Context, a Account) (Account, error) {
	a.Changed = k.Now()
	stored, err := a.stored()
	if err != nil {
		return Account{}, err
	}
	if err := k.Store.SetAccount(ctx, stored); err != nil {
		return Account{}, err
	}
	stored.Version++
	a.Account = stored
	return a, nil
}

// open is the secret of an account.
func (k *Keeper) open(a Account) (s secret, err error) {
	if k.Vault == nil {
		return s, errNoKeys
	}
	text, err := k.Vault.Open(a.owner(), a.Secret)
	if err != nil {
		return s, err
	}
	if json.Unmarshal(text, &s) != nil { // whose error could quote it
		return secret{}, fmt.Errorf("%w: the secret of account %s", ErrSettings, a.ID)
	}
	return s, nil
}

// seal is a secret as the settings of an account keep it.
func (k *Keeper) seal(a Account, s secret) (vault.Sealed, error) {
	if k.Vault == nil {
		return vault.Sealed{}, errNoKeys
	}
	text, err := json.Marshal(s)
	if err != nil {
		return vault.Sealed{}, err
	}
	return k.Vault.Seal(a.owner(), text)
}
