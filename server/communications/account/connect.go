package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/oauth2"

	"wedsync/conflicts"
	"wedsync/server/communications/vault"
	"wedsync/store"
)

// Begin begins to connect an account of somebody's supplier. The person is to open
// url, where the provider asks them; it sends their browser to redirect with a
// state and a code. The browser that began is to have the text as a cookie by
// then. The error is a *SetupError if the hub does not know the provider, and a
// *FaultsError if the wish is wrong.
func (k *Keeper) Begin(ctx context.Context, who conflicts.Principal, p Provider, w Wish, redirect string) (url, browser string, err error) {
	if faults := w.Check(); len(faults) > 0 {
		return "", "", &FaultsError{faults}
	}
	if k.Apps[p].ID == "" || k.Apps[p].Secret == "" {
		return "", "", &SetupError{fmt.Sprintf("the hub is not registered with %s: run it with --%[1]s-client-id and --%[1]s-client-secret, and register %s as its redirect URL there", p, redirect)}
	}
	if err := k.ready(ctx); err != nil {
		return "", "", err
	}
	c := Connecting{
		Who: who, Provider: p, Wish: w, Redirect: redirect,
		Browser: rand.Text(), Verifier: oauth2.GenerateVerifier(), Until: k.Now().Add(ConnectWithin),
	}
	state, err := k.states.seal(c)
	if err != nil {
		return "", "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(c.Verifier), oauth2.AccessTypeOffline}
	switch p {
	case Google: // which gives a refresh token the first time only, unless it asks again
		options = append(options, oauth2.ApprovalForce)
	case Microsoft:
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	return k.oauth(p, redirect).AuthCodeURL(state, options...), c.Browser, nil
}

// Begun is the connection that a state is of, or ErrState.
func (k *Keeper) Begun(state string) (Connecting, error) { return k.states.open(state, k.Now()) }

// By reports whether the browser with a cookie began the connection.
func (c Connecting) By(cookie string) bool {
	return subtle.ConstantTimeCompare([]byte(c.Browser), []byte(cookie)) == 1
}

// Finish connects an account with the code that the provider gave. Whoever calls
// it has made sure that the person who began the connection ends it. An account
// that is connected already is connected anew. Errors are those of source, or a
// *SetupError.
func (k *Keeper) Finish(ctx context.Context, c Connecting, code string) (Account, error) {
	if err := k.ready(ctx); err != nil {
		return Account{}, err
	}
	token, err := k.oauth(c.Provider, c.Redirect).Exchange(k.sending(ctx), code, oauth2.VerifierOption(c.Verifier))
	if err != nil {
		return Account{}, k.grantError(c.Provider, err)
	}
	if token.RefreshToken == "" {
		return Account{}, &RefusedError{c.Provider, "it gave no permission that lasts"}
	}
	address, err := k.profile(ctx, c.Provider, token.AccessToken)
	if err != nil {
		return Account{}, err
	}
	return k.save(ctx, c.Who, c.Provider, address, c.Wish, k.secretOf(token, ""))
}

// sending has oauth2 send as the keeper does.
func (k *Keeper) sending(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, k.http)
}

// save stores what an account is read with, and a new account if there is none of
// that address.
func (k *Keeper) save(ctx context.Context, who conflicts.Principal, p Provider, address string, w Wish, s secret) (Account, error) {
	for range maxTries {
		all, err := k.Accounts(ctx, who.Supplier)
		if err != nil {
			return Account{}, err
		}
		a, err := k.newAccount(who.Supplier, p, address)
		if err != nil {
			return Account{}, err
		}
		if i := slices.IndexFunc(all, a.same); i >= 0 {
			a = all[i]
		}
		fresh := a.Version == 0
		if fresh && w.Own == nil {
			w.Own = &[]string{} // beside the address
		}
		a, err = k.store(ctx, a, s, func(a *Account, sealed vault.Sealed) {
			a.connect(sealed, who.User)
			w.apply(&a.Settings)
		})
		if errors.Is(err, store.ErrStale) {
			continue
		}
		if err != nil {
			return Account{}, err
		}
		if fresh {
			first, err := k.onlyFirst(ctx, a)
			if err != nil {
				return Account{}, err
			}
			if !first {
				continue // with that which is there
			}
		}
		k.Log.InfoContext(ctx, "account connected", "supplier", a.Supplier, "account", a.ID, "provider", string(p), "new", fresh)
		k.wake(ctx, a)
		return a, nil
	}
	return Account{}, ErrBusy
}

// onlyFirst deletes all accounts of an address but the first, should several have
// been made at once, and reports whether a is the first.
func (k *Keeper) onlyFirst(ctx context.Context, a Account) (bool, error) {
	all, err := k.Accounts(ctx, a.Supplier)
	if err != nil {
		return false, err
	}
	first := ""
	for _, other := range all {
		switch {
		case !a.same(other):
		case first == "":
			first = other.ID
		default:
			if err := k.remove(ctx, other); err != nil && !errors.Is(err, store.ErrNotFound) {
				return false, err
			}
		}
	}
	return first == a.ID, nil
}

// same reports whether other is of the same address.
func (a Account) same(other Account) bool {
	return other.Provider == a.Provider && strings.EqualFold(other.Address, a.Address)
}

func (k *Keeper) newAccount(supplier string, p Provider, address string) (Account, error) {
	now := k.Now()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return Account{}, err
	}
	return Account{
		Account:  store.Account{Supplier: supplier, ID: id.String(), Provider: string(p), Created: now},
		Settings: Settings{Address: address, Level: store.LevelEverything, State: Connected},
	}, nil
}

// secretOf is what an account is read with from now on. A provider that keeps the
// refresh token says none.
func (k *Keeper) secretOf(t *oauth2.Token, refresh string) secret {
	life := time.Duration(t.ExpiresIn) * time.Second
	if life <= 0 {
		life = unsaidLife
	}
	if t.RefreshToken != "" {
		refresh = t.RefreshToken
	}
	return secret{Access: t.AccessToken, Until: k.Now().Add(life - min(life/10, early)), Refresh: refresh}
}

const (
	unsaidLife = 30 * time.Minute // of an access token whose provider does not say how long it is good
	early      = time.Minute      // before the end of its life it is not used any more
)
