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

// A bar shows how far something is: as a line that changes on a terminal, and
// else as a line now and then.
type bar struct {
	pacer
	width int // of the terminal, 0 if there is none
	phase string
	began time.Time // the phase
	shown time.Time
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

// show shows how far a copy is.
func (b *bar) show(p transfer.Progress) {
	phase := "copying"
	if p.Verifying {
		phase = "verifying"
	}
	b.draw(phase, func(took time.Duration) string { return progressLine(p, took) })
}

// draw shows the line of a phase that has taken some time, unless one was shown a
// moment ago.
func (b *bar) draw(phase string, of func(took time.Duration) string) {
	now := time.Now()
	if phase != b.phase {
		b.phase, b.began, b.shown, b.told = phase, now, time.Time{}, time.Time{}
	}
	line := of(now.Sub(b.began))
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
	_, _ = fmt.Fprintf(b.out, "\r\x1b[K%s", line) // what a terminal does not show is no fault of the work
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
	what := "copying"
	if p.Verifying {
		what = "verifying"
	}
	line := fmt.Sprintf("%s %s, records %d/%d, suppliers %d/%d", what, cells(share), p.Records, p.AllRecords, p.Suppliers, p.AllSuppliers)
	if seconds := took.Seconds(); now > 0 && seconds > 0 {
		rate := float64(now) / seconds
		left := time.Duration(float64(all-done) / rate * float64(time.Second))
		line += fmt.Sprintf(", %.0f rows/s, %s left", rate, left.Round(time.Second))
	}
	return line
}

// cells are a share as a row of cells and in percent.
func cells(share float64) string {
	full := int(share * barCells)
	return fmt.Sprintf("[%s%s] %3.0f%%", strings.Repeat("#", full), strings.Repeat(".", barCells-full), 100*share)
}
