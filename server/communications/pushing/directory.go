package pushing

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"wedsync/server/communications/account"
	"wedsync/store"
)

const (
	maxMailboxes = 100_000          // that a directory knows
	pageOf       = 100              // accounts that are read at once
	staleAfter   = 10 * time.Minute // for who has a mailbox in another account, too
	unknownRest  = time.Minute      // after a reading before an unknown mailbox leads to another
)

// A directory knows the accounts that are mailboxes at Gmail, by their addresses.
// It is read when it is first needed, and again now and then: an account that is
// new is known a minute later.
type directory struct {
	accounts Accounts
	now      func() time.Time
	log      *slog.Logger

	turn chan struct{} // holds one for whoever may use what is below
	read time.Time     // zero for never
	ids  map[string][]string
}

func newDirectory(accounts Accounts, now func() time.Time, log *slog.Logger) *directory {
	return &directory{accounts: accounts, now: now, log: log, turn: make(chan struct{}, 1)}
}

// of are the accounts that are a mailbox, of whatever supplier.
func (d *directory) of(ctx context.Context, address string) ([]string, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ids, known := d.ids[strings.ToLower(address)]
	if age := d.now().Sub(d.read); age < unknownRest || known && age < staleAfter {
		return ids, nil
	}
	if err := d.refresh(ctx); err != nil {
		return ids, err
	}
	return d.ids[strings.ToLower(address)], nil
}

// refresh reads the directory.
func (d *directory) refresh(ctx context.Context) error {
	ids, known := make(map[string][]string), 0
	for after := ""; ; {
		page, err := d.accounts.AllAccounts(ctx, after, pageOf)
		if err != nil {
			return err
		}
		for _, stored := range page {
			after = stored.ID
			if stored.Provider != string(account.Google) {
				continue
			}
			a, err := account.Of(stored)
			if err != nil {
				d.log.WarnContext(ctx, "an account hears of changes only when it is read", "account", stored.ID, "supplier", stored.Supplier, "err", err)
				continue
			}
			address := strings.ToLower(a.Address)
			ids[address] = append(ids[address], a.ID)
			known++
		}
		if known >= maxMailboxes {
			d.log.WarnContext(ctx, "there are more mailboxes than hear of changes at once", "most", maxMailboxes)
			break
		}
		if len(page) < pageOf {
			break
		}
	}
	d.ids, d.read = ids, d.now()
	return nil
}

// Accounts are those of all suppliers. It is part of [store.Accounts].
type Accounts interface {
	AllAccounts(ctx context.Context, after string, limit int) ([]store.Account, error)
}
