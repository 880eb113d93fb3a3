package transfer_test

import (
	"context"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

func (c *changed) Wholes(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Whole, error) {
	found, err := c.Store.Wholes(ctx, supplier, after, limit)
	if len(found) > 0 && supplier == "rose" && c.whole != nil {
		c.whole(&found[0])
	}
	return found, err
}

func (c *changed) Journal(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	found, err := c.Store.Journal(ctx, supplier, after, limit)
	for i := range found {
		if supplier == "rose" && c.entry != nil && len(found[i].Batches) > 0 {
			c.entry(&found[i])
			break
		}
	}
	return found, err
}

func (c *changed) PolicyVersions(ctx context.Context, supplier string) ([]*conflicts.Policy, error) {
	found, err := c.Store.PolicyVersions(ctx, supplier)
	if len(found) > 0 && c.policy != nil {
		c.policy(found[0])
	}
	return found, err
}

func (c *changed) DevicesOf(ctx context.Context, supplier string) ([]store.Device, error) {
	found, err := c.Store.DevicesOf(ctx, supplier)
	if supplier == "rose" && c.devices != nil {
		found = c.devices(found)
	}
	return found, err
}

func (c *changed) AccessOf(ctx context.Context, supplier string) (store.Access, error) {
	found, err := c.Store.AccessOf(ctx, supplier)
	if supplier == "rose" && c.access != nil {
		c.access(&found)
	}
	return found, err
}

func (c *changed) RestoreHooks(ctx context.Context, supplier string, h store.Hooks) error {
	if c.hooks != nil {
		c.hooks(&h)
	}
	return c.Store.RestoreHooks(ctx, supplier, h)
}

func (c *changed) RestoreTalks(ctx context.Context, supplier string, t store.Talks) error {
	if c.talks != nil {
		c.talks(&t)
	}
	return c.Store.RestoreTalks(ctx, supplier, t)
}
