package main

import (
	"slices"
	"sync"
	"time"
)

// Delays collects how long things took. Safe for use by several goroutines.
type delays struct {
	mu  sync.Mutex
	all []int64 // nanoseconds
}

func (d *delays) add(ns int64) {
	d.mu.Lock()
	d.all = append(d.all, ns)
	d.mu.Unlock()
}

func (d *delays) forget() {
	d.mu.Lock()
	d.all = d.all[:0]
	d.mu.Unlock()
}

// percentile is the delay in milliseconds that so many per cent did not exceed.
func (d *delays) percentile(p int) float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) == 0 {
		return 0
	}
	slices.Sort(d.all)
	return float64(d.all[(len(d.all)-1)*p/100]) / float64(time.Millisecond)
}
