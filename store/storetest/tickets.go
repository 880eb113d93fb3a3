package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/conflicts"
	"wedsync/store"
)

// ticket makes the n-th ticket of a user, good for 30 seconds from noon.
func ticket(n int, user string) store.Ticket {
	return store.Ticket{
		Hash:      hash("ticket", user, n),
		Principal: conflicts.Principal{Supplier: "rose", User: user, Device: "\x00phone", Role: conflicts.Member},
		Expires:   noon.Add(time.Hour),
		Until:     noon.Add(30 * time.Second),
	}
}

var ticketCases = []testcase{
	{"TicketIsRedeemedOnce", func(b *bench) {
		one, other := ticket(1, "ada"), ticket(2, "ada")
		b.ok("put", b.PutTicket(b.ctx, one, noon))
		b.ok("put", b.PutTicket(b.ctx, other, noon))
		b.restart()
		got, err := b.TakeTicket(b.ctx, one.Hash, noon.Add(time.Second))
		b.ok("take", err)
		b.same("ticket", got, one)
		b.restart()
		_, err = b.TakeTicket(b.ctx, one.Hash, noon.Add(time.Second))
		b.notFound("take again", err)
		_, err = b.TakeTicket(b.ctx, hash("never given"), noon)
		b.notFound("take what was never there", err)
		got, err = b.TakeTicket(b.ctx, other.Hash, noon.Add(30*time.Second-time.Microsecond))
		b.ok("take", err)
		b.same("ticket", got, other)
	}},
	{"OfAllWhoRedeemATicketAtOnceOneGetsIt", func(b *bench) {
		for n := range 20 {
			k := ticket(n, "ada")
			b.ok("put", b.PutTicket(b.ctx, k, noon))
			var g errgroup.Group
			var got atomic.Int32
			for range 4 {
				g.Go(func() error {
					_, err := b.TakeTicket(b.ctx, k.Hash, noon)
					if err == nil {
						got.Add(1)
					}
					if errors.Is(err, store.ErrNotFound) {
						return nil
					}
					return err
				})
			}
			b.ok("take", g.Wait())
			b.same("how often", got.Load(), int32(1))
		}
	}},
	{"TicketIsWorthNothingWhenItsTimeIsOver", func(b *bench) {
		k := ticket(1, "ada")
		b.ok("put", b.PutTicket(b.ctx, k, noon))
		_, err := b.TakeTicket(b.ctx, k.Hash, k.Until)
		b.notFound("take late", err)
		_, err = b.TakeTicket(b.ctx, k.Hash, noon)
		b.notFound("take as if it were early", err)
	}},
	{"TicketsOfAUserAreBoundedAndThoseOfThePastAreSwept", func(b *bench) {
		for n := range store.MaxTickets {
			b.ok("put", b.PutTicket(b.ctx, ticket(n, "ada"), noon))
		}
		if err := b.PutTicket(b.ctx, ticket(-1, "ada"), noon); !errors.Is(err, store.ErrTooMany) {
			b.Errorf("one more: got error %v, want %v", err, store.ErrTooMany)
		}
		foreign := ticket(-2, "ada")
		foreign.Principal.Supplier = "lily"
		b.ok("put another supplier's", b.PutTicket(b.ctx, foreign, noon))
		b.ok("put another user's", b.PutTicket(b.ctx, ticket(1, "ben"), noon))
		_, err := b.TakeTicket(b.ctx, ticket(0, "ada").Hash, noon)
		b.ok("take", err)
		b.ok("put one more", b.PutTicket(b.ctx, ticket(-3, "ada"), noon))
		late := noon.Add(30 * time.Second)
		for n := range store.MaxTickets { // all of before are swept
			k := ticket(1000+n, "ada")
			k.Until = late.Add(30 * time.Second)
			b.ok("put", b.PutTicket(b.ctx, k, late))
		}
		_, err = b.TakeTicket(b.ctx, ticket(1, "ben").Hash, noon)
		b.notFound("take what was swept", err)
	}},
}
