package oracle_test

import (
	"math/rand/v2"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

func str(s string) crdt.Value      { return crdt.Value{Kind: crdt.Str, Str: s} }
func text(s string) crdt.Value     { return crdt.Value{Kind: crdt.Text, Str: s} }
func integer(n int64) crdt.Value   { return crdt.Value{Kind: crdt.Int, Int: n} }
func float(f float64) crdt.Value   { return crdt.Value{Kind: crdt.Float, Float: f} }
func counter(n int64) crdt.Value   { return crdt.Value{Kind: crdt.Counter, Int: n} }
func stamp(t time.Time) crdt.Value { return crdt.Value{Kind: crdt.Timestamp, Int: t.UnixMilli()} }
func unsigned(n uint64) crdt.Value { return crdt.Value{Kind: crdt.Uint, Uint: n} }
func object(city string) crdt.Value {
	return crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"city": str(city)}}
}

func day(d, hour int) time.Time              { return time.Date(2027, 6, d, hour, 30, 0, 0, time.UTC) }
func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

var (
	cleared = []crdt.Value{{}, {Kind: crdt.Null}, text(""), str("")}
	pools   = map[conflicts.Kind][]crdt.Value{
		conflicts.Date: {
			str("2027-06-12"), text("2027-06-12"), stamp(day(12, 10)), stamp(day(11, 23)), // 23:30 UTC is the 12th in Berlin
			str("2027-06-13"), text("2027-06-13"), stamp(day(13, 0)), text("2027-06-20"), stamp(day(20, 8)),
			str(" 2027-06-13 "), str("2027-6-12"), str("2027-02-30"), str("soon"), text("in summer"), integer(5),
		},
		conflicts.Text: {
			str("Barn"), text("Barn"), text("Barn "), str(" Old  Barn"), text("Old Barn"), text("Castle"), str("Castle"),
			text("Café"), text(" "), str("Cafe\u0301"), integer(7), stamp(day(1, 1)),
		},
		conflicts.Money: {
			integer(10), integer(20), integer(30), float(10), float(20.5), unsigned(20), str("10"), str("20.50"), text("30"), text("20"),
			counter(10), counter(30), str(" 10 "), text("1e1"), str("0x10"),
			{Kind: crdt.Bool, Int: 1},
			str("lots"), text("1,000"), object("x"),
		},
	}
)

// anyValue is a value for a field, mostly one that fits.
func anyValue(rng *rand.Rand, k conflicts.Kind) crdt.Value {
	if rng.IntN(10) == 0 {
		return pick(rng, cleared)
	}
	return pick(rng, pools[k])
}
