package transfer

import (
	"context"

	"wedsync/store"
)

// talks moves a supplier's communications. What has arrived is written once more.
func (t *transfer) talks(ctx context.Context, s *supplier) error {
	accounts, err := t.From.Accounts(ctx, s.name)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		cursors, err := t.From.Cursors(ctx, s.name, a.ID)
		if err == nil {
			err = t.To.RestoreTalks(ctx, s.name, store.Talks{Accounts: []store.Account{a}, Cursors: cursors})
		}
		if err != nil {
			return err
		}
	}
	return pages(ctx, itemPages(t.From, s.name), func(page []store.KeptItem) error {
		return t.To.RestoreTalks(ctx, s.name, store.Talks{Items: page})
	})
}

// itemPages reads page after page of a supplier's items.
func itemPages(s store.Store, supplier string) func(context.Context) ([]store.KeptItem, error) {
	last := ""
	return func(ctx context.Context) ([]store.KeptItem, error) {
		page, err := s.KeptItems(ctx, supplier, last, pageItems)
		if len(page) > 0 {
			last = page[len(page)-1].ID
		}
		return page, err
	}
}
