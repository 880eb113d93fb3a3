package transfer

import (
	"context"

	"wedsync/store"
)

func (d *digesting) accounts(ctx context.Context) error {
	accounts, err := d.store.Accounts(ctx, d.supplier)
	if err != nil {
		return err
	}
	p := &d.parts[accountsPart]
	for _, a := range accounts {
		p.texts(a.ID, a.Provider)
		p.number(a.Version)
		p.bytes(a.Settings)
		p.number(uint64(a.Created.UnixMicro()))
		p.number(uint64(a.Changed.UnixMicro()))
		cursors, err := d.store.Cursors(ctx, d.supplier, a.ID)
		if err != nil {
			return err
		}
		for _, c := range cursors {
			p.texts(c.Scope)
			p.number(c.Version)
			p.number(uint64(c.Due.UnixMicro()))
			p.bytes(c.State)
		}
	}
	return nil
}

func (d *digesting) items(ctx context.Context) error {
	return eachPage(ctx, itemPages(d.store, d.supplier), func(page []store.KeptItem) {
		for i := range page {
			d.item(&page[i])
		}
	})
}

func (d *digesting) item(k *store.KeptItem) {
	p := &d.parts[itemsPart]
	p.texts(k.ID, k.Kind, string(k.Direction), k.Subject, k.Snippet, k.Body)
	for _, b := range [][]byte{k.Key[:], k.Thread[:], k.Detail, k.Forgotten, store.EncodeParticipants(k.Participants)} {
		p.bytes(b)
	}
	for _, n := range []uint64{uint64(k.At.UnixMicro()), k.Version, flag(k.Told), flag(k.Erased), uint64(len(k.Occurrences)), uint64(len(k.Links))} {
		p.number(n)
	}
	for i, o := range k.Occurrences {
		p.texts(o.Account, o.Provider)
		p.number(uint64(o.Level))
		p.number(flag(o.Removed))
		p.bytes(store.EncodeParticipants(k.Shown[i]))
	}
	for _, l := range k.Links {
		p.bytes(l.Record[:])
		p.texts(string(l.State), l.By)
		p.number(uint64(l.At.UnixMicro()))
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
