package main

import (
	"context"
	"errors"

	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
)

// keys checks the file that accounts' tokens are decrypted with, if it is here.
func (d *checkup) keys(v *vault.Vault) {
	if v == nil {
		return
	}
	if _, err := v.Keys(); errors.Is(err, vault.ErrFile) {
		d.find("the file of keys", err.Error(), "make it readable to its owner alone, or bring it back from where you keep it", false)
	}
}

// accountsOf checks that a supplier's accounts can be read by what is stored of them.
func (d *checkup) accountsOf(ctx context.Context, supplier string) error {
	all, err := d.store.Accounts(ctx, supplier)
	if err != nil {
		return err
	}
	for _, a := range all {
		_, err := d.accounts.Examine(a)
		if lost := (*account.LostError)(nil); errors.As(err, &lost) {
			d.find("the account "+a.ID+" ("+a.Provider+") of "+supplier, err.Error(), lost.Todo, false)
		} else if err != nil {
			d.untried++
		}
	}
	return nil
}
