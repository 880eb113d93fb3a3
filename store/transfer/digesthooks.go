package transfer

import (
	"cmp"
	"context"
	"slices"

	"wedsync/store"
)

func (d *digesting) connections(ctx context.Context) error {
	connections, err := d.store.Connections(ctx, d.supplier)
	p := &d.parts[connectionsPart]
	for _, c := range connections {
		p.texts(c.ID, c.Source)
		p.number(c.Version)
		p.bytes(c.Settings)
		p.number(uint64(c.Created.UnixMicro()))
		p.number(uint64(c.Changed.UnixMicro()))
	}
	return err
}

// objects go in by their own order: stores may differ in how they sort them.
func (d *digesting) objects(ctx context.Context) error {
	var all []store.ObjectID
	err := eachPage(ctx, objectPages(d.store, d.supplier), func(page []store.ObjectID) { all = append(all, page...) })
	slices.SortFunc(all, func(a, b store.ObjectID) int {
		return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.External, b.External))
	})
	p := &d.parts[objectsPart]
	for _, o := range all {
		p.texts(o.Connection, o.External)
		p.bytes(o.Record[:])
	}
	return err
}

func (d *digesting) events(ctx context.Context) error {
	p := &d.parts[eventsPart]
	return eachPage(ctx, eventPages(d.store, d.supplier), func(page []store.InboxEvent) {
		for i := range page {
			e := &page[i]
			p.texts(e.Connection, e.ID, e.External, e.Subject, e.Type, string(e.State), e.Error)
			for _, content := range [][]byte{e.Header, e.Body, e.Outcome, e.Record[:]} {
				p.bytes(content)
			}
			p.number(uint64(len(e.Candidates)))
			for _, id := range e.Candidates {
				p.bytes(id[:])
			}
			for _, n := range []int64{e.Number, int64(e.Version), int64(e.Attempts), e.Received.UnixMicro(), e.Due.UnixMicro()} {
				p.number(uint64(n))
			}
		}
	})
}

func (d *digesting) endpoints(ctx context.Context) error {
	endpoints, err := d.store.Endpoints(ctx, d.supplier)
	p := &d.parts[endpointsPart]
	for _, e := range endpoints {
		p.texts(e.ID)
		p.number(e.Version)
		p.number(e.Cursor)
		p.bytes(e.Settings)
		p.number(uint64(e.Created.UnixMicro()))
		p.number(uint64(e.Changed.UnixMicro()))
	}
	return err
}

func (d *digesting) deliveries(ctx context.Context) error {
	p := &d.parts[deliveriesPart]
	return eachPage(ctx, deliveryPages(d.store, d.supplier), func(page []store.Delivery) {
		for i := range page {
			e := &page[i]
			p.texts(e.Endpoint, e.ID, e.Type, string(e.State))
			for _, content := range [][]byte{e.Body, e.Log, e.Record[:]} {
				p.bytes(content)
			}
			for _, n := range []int64{e.Seq, int64(e.Number), int64(e.Version), int64(e.Attempts), e.Due.UnixMicro(), e.Created.UnixMicro()} {
				p.number(uint64(n))
			}
		}
	})
}

// eachPage calls f for page after page until an empty one.
func eachPage[T any](ctx context.Context, read func(context.Context) ([]T, error), f func([]T)) error {
	for {
		page, err := read(ctx)
		if err != nil || len(page) == 0 {
			return err
		}
		f(page)
	}
}
