package storetest

import (
	"fmt"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
)

// How much the benched timeline has, and all of its supplier's together.
const (
	benchTimeline = 10_000
	benchItems    = 20_000
)

// talker stores clients of "rose" and an account.
func talker(tb testing.TB, s store.Store) (a store.Account, record crdt.RecordID) {
	tb.Helper()
	a, record = account("rose", 1), recordID(1)
	if _, err := s.Append(tb.Context(), []store.Commit{commit("rose", record, 0)}); err != nil {
		tb.Fatal(err)
	}
	if err := s.Project(tb.Context(), store.Projection{Record: record, Heads: []crdt.Hash{hash(1)}, Fields: []byte(`{"email":"ada@x.test"}`)}); err != nil {
		tb.Fatal(err)
	}
	if err := s.SetAccount(tb.Context(), a); err != nil {
		tb.Fatal(err)
	}
	return a, record
}

// benchPull is the n-th pull of so many e-mails of about 1,500 bytes, the first of
// them from the benched client.
func benchPull(a store.Account, n, items int, clients func(n int) string) store.Pull {
	p := store.Pull{Supplier: a.Supplier, Account: a.ID}
	for i := range items {
		it := between(mail(n*items+i), from(clients(n*items+i), "Ada Lovelace"), own("rose@hall.test"))
		for w := range 200 {
			it.Body += fmt.Sprint(" word", (n*items+i)*w%5000)
		}
		p.Items = append(p.Items, it)
	}
	return p
}

// BenchPull stores pulls of 500 new e-mails.
func BenchPull(b *testing.B, s store.Store) {
	a, _ := talker(b, s)
	n := 0
	before := CPU()
	for b.Loop() {
		got, err := s.StorePull(b.Context(), benchPull(a, n, 500, func(n int) string { return fmt.Sprintf("client%d@x.test", n%200) }))
		if err != nil || got.Fresh != 500 {
			b.Fatalf("%d fresh, %v", got.Fresh, err)
		}
		n++
	}
	b.ReportMetric(float64(n)*500/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64((CPU()-before).Microseconds())/float64(n)/500, "cpu-us/item")
}

// BenchTimeline reads pages of 50 of a client with 10,000 items, from anywhere in
// the timeline, by what q asks.
func BenchTimeline(b *testing.B, s store.Store, q store.TimelineQuery) {
	a, record := talker(b, s)
	every := benchItems / benchTimeline
	for n := range benchItems / 500 {
		_, err := s.StorePull(b.Context(), benchPull(a, n, 500, func(n int) string {
			if n%every == 0 {
				return "ada@x.test"
			}
			return fmt.Sprintf("client%d@x.test", n)
		}))
		if err != nil {
			b.Fatal(err)
		}
	}
	q.Record, q.Limit, q.Brief = record, 50, true
	at, pages, before := 0, 0, CPU()
	for b.Loop() {
		pages++
		page := q
		if at > 0 {
			it := mail(at)
			page.Before = store.TimelinePosition{At: it.At, ID: it.ID}
		}
		found, err := s.Timeline(b.Context(), "rose", page)
		if err != nil || len(found) == 0 {
			b.Fatalf("%d items, %v", len(found), err)
		}
		at = 1000 + (at+7919)%(benchItems-1000)
	}
	b.ReportMetric(float64((CPU()-before).Microseconds())/float64(pages), "cpu-us/page")
}
