package crdt_test

import (
	"fmt"
	"runtime"
	"testing"

	"wedsync/crdt"
)

// BenchmarkRootsOfARecord tells what the table of a record with twenty texts takes.
func BenchmarkRootsOfARecord(b *testing.B) {
	device := &chain{actor: "0123456789abcdef"}
	var ops []crdt.Op
	for i := range 20 {
		ops = append(ops, crdt.Op{Key: fmt.Sprint("field number ", i), Action: crdt.MakeText})
	}
	made := device.next(ops...)
	g := grown(b, []*crdt.Change{made})
	kept := make([]*crdt.Roots, b.N)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		kept[i] = crdt.NewRoots(g)
		kept[i].Apply(0, made)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/record")
	runtime.KeepAlive(kept)
}
