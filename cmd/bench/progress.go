package main

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// Progress tells what goes on: one line per step, and on a terminal a last line
// that changes. Safe for use by several goroutines.
type progress struct {
	mu    sync.Mutex
	out   *os.File
	live  bool // out is a terminal
	noted bool // the last line is a note
}

func newProgress(out *os.File) *progress {
	return &progress{out: out, live: term.IsTerminal(int(out.Fd()))}
}

func (p *progress) step(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
	fmt.Fprintf(p.out, "· "+format+"\n", args...)
}

func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live {
		return
	}
	p.wipe()
	fmt.Fprintf(p.out, "    "+format, args...)
	p.noted = true
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
}

func (p *progress) wipe() {
	if p.noted {
		fmt.Fprint(p.out, "\r\033[K")
		p.noted = false
	}
}
