package account

import (
	"context"
	"time"

	"wedsync/server/communications/vault"
	"wedsync/store"
)

// Rotating says how keys are changed over.
type Rotating struct {
	Alone    bool // whether nobody else has the store open
	Progress func(Resealing)
}

// A Rotation is what became of it.
type Rotation struct {
	Key      string   // which is in use now
	Resumed  bool     // whether an earlier rotation had put it into use
	Resealed int      // secrets that were sealed with an older key
	Retired  []string // keys that are gone
}

// Rotate puts a new key into use, seals the secrets of all accounts with it, and
// retires the keys before. Hubs may run meanwhile. If it breaks off, more keys than
// one are left: it then goes on with the newest of these.
func Rotate(ctx context.Context, s store.Accounts, v *vault.Vault, o Rotating) (done Rotation, err error) {
	older, err := v.Keys()
	if err != nil {
		return done, err
	}
	if last := len(older) - 1; last > 0 {
		done.Key, done.Resumed, older = older[last].ID, true, older[:last]
	} else if done.Key, err = v.Add(time.Now()); err != nil {
		return done, err
	}
	if err := resealAll(ctx, s, v, o, &done); err != nil {
		return done, err
	}
	retired := make(map[string]bool, len(older))
	for _, k := range older {
		retired[k.ID] = true
	}
	// A key that another rotation has added since is none of these.
	done.Retired, err = v.Retire(func(id string) bool { return !retired[id] })
	return done, err
}

// resealAll seals until no secret is left, or can still come, that was sealed with
// an older key.
func resealAll(ctx context.Context, s store.Accounts, v *vault.Vault, o Rotating, done *Rotation) error {
	settled := time.Now()
	if !o.Alone {
		settled = settled.Add(StoredWithin)
	}
	for {
		wait := time.Until(settled)
		pass, _, err := Reseal(ctx, s, v, time.Now, func(r Resealing) {
			r.Resealed += done.Resealed
			o.Progress(r)
		})
		if err != nil {
			return err
		}
		done.Resealed += pass.Resealed
		if wait > 0 {
			o.Progress(Resealing{Accounts: pass.Accounts, Resealed: done.Resealed, Waiting: true})
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Until(settled)):
			}
			continue
		}
		if pass.Resealed == 0 {
			return nil
		}
	}
}
