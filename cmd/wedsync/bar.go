package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"wedsync/store/transfer"
)

const (
	barCells   = 20
	usualWidth = 80 // of a terminal that does not tell its own
	barRefresh = 100 * time.Millisecond
)

// A bar shows how far a copy is: as a line that changes on a terminal, and else
// as a line now and then.
type bar struct {
	pacer
	width     int // of the terminal, 0 if there is none
	began     time.Time
	shown     time.Time
	verifying bool
}

func newBar(out io.Writer) *bar {
	b := &bar{pacer: pacer{out: out}, began: time.Now()}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.width = usualWidth
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			b.width = width
		}
	}
	return b
}

// show shows it, unless it was shown a moment ago.
func (b *bar) show(p transfer.Progress) {
	now := time.Now()
	if p.Verifying != b.verifying {
		b.verifying, b.began, b.shown, b.told = p.Verifying, now, time.Time{}, time.Time{}
	}
	line := progressLine(p, now.Sub(b.began))
	if b.width == 0 {
		b.tell("%s", line)
		return
	}
	if now.Sub(b.shown) < barRefresh {
		return
	}
	b.shown = now
	if cells := []rune(line); len(cells) >= b.width {
		line = string(cells[:b.width-1])
	}
	_, _ = fmt.Fprintf(b.out, "\r\x1b[K%s", line) // what a terminal does not show is no fault of the copy
}

// clear makes room for another line.
func (b *bar) clear() {
	if b.width > 0 {
		_, _ = fmt.Fprint(b.out, "\r\x1b[K")
		b.shown = time.Time{}
	}
}

// progressLine is how far a copy is after some time.
func progressLine(p transfer.Progress, took time.Duration) string {
	done, all := uint64(p.Records)+p.Entries, uint64(p.AllRecords)+p.AllEntries
	now := done - uint64(p.FoundRecords) - p.FoundEntries
	share := 1.0
	if all > 0 {
		share = float64(done) / float64(all)
	}
	what, cells := "copying", int(share*barCells)
	if p.Verifying {
		what = "verifying"
	}
	line := fmt.Sprintf("%s [%s%s] %3.0f%%, records %d/%d, suppliers %d/%d", what, strings.Repeat("#", cells), strings.Repeat(".", barCells-cells),
		100*share, p.Records, p.AllRecords, p.Suppliers, p.AllSuppliers)
	if seconds := took.Seconds(); now > 0 && seconds > 0 {
		rate := float64(now) / seconds
		left := time.Duration(float64(all-done) / rate * float64(time.Second))
		line += fmt.Sprintf(", %.0f rows/s, %s left", rate, left.Round(time.Second))
	}
	return line
}
