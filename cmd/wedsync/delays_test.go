package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// delays are how long things took. Any goroutine may note one.
type delays struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *delays) note(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, took)
}

func (d *delays) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}

// slow is how long one in a hundred took at least, and the slowest.
func (d *delays) slow() (p99, worst time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(d.all))
	return sorted[(len(sorted)-1)*99/100], sorted[len(sorted)-1]
}

func (d *delays) String() string {
	p99, worst := d.slow()
	return fmt.Sprintf("p99 %s, slowest %s", p99.Round(time.Millisecond), worst.Round(time.Millisecond))
}
