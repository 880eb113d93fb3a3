package engine

import (
	"context"
	"fmt"
	"testing"
)

func BenchmarkMaterialise(b *testing.B) {
	for _, n := range []int{1, 50, 500, 5000} {
		b.Run(fmt.Sprintf("%d changes", n), func(b *testing.B) {
			e := start(b, Options{RecycleAfter: 1 << 30})
			chunks := chain(b, 0xaa, n)
			for b.Loop() {
				if _, err := e.Materialise(context.Background(), record, chunks); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStartWorker(b *testing.B) {
	e := start(b, Options{RecycleAfter: 1})
	for b.Loop() {
		if _, err := e.Materialise(context.Background(), record, nil); err != nil {
			b.Fatal(err)
		}
	}
}
