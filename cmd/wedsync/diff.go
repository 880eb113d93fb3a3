package main

import (
	"encoding/json"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// marks are how differences are marked: what a value has lost against another,
// and what it has gained.
type marks struct{ lost, gained [2]string }

var (
	plainMarks  = marks{lost: [2]string{"[-", "-]"}, gained: [2]string{"{+", "+}"}}
	colourMarks = marks{lost: [2]string{"\x1b[9;31m", "\x1b[0m"}, gained: [2]string{"\x1b[4;32m", "\x1b[0m"}}
)

// marksFor are colours on a terminal that wants them, else brackets.
func marksFor(t terminal) marks {
	f, ok := t.Out.(*os.File)
	if ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		return colourMarks
	}
	return plainMarks
}

// maxDiff bounds the characters that are compared, of one text times the other;
// beyond, what differs is marked as a whole.
const maxDiff = 1 << 20

// marked is a value with its differences from another marked: those of texts by
// the character, any other as a whole.
func (m marks) marked(from, to json.RawMessage) string {
	var a, b *string
	shown := shownValue(to)
	if json.Unmarshal(from, &a) != nil || json.Unmarshal(to, &b) != nil || a == nil || b == nil {
		if shownValue(from) == shown {
			return shown
		}
		return m.gained[0] + shown + m.gained[1]
	}
	return m.text(characters(printable(*a)), characters(printable(*b)))
}

// text marks what it takes to make a text another.
func (m marks) text(from, to []string) string {
	var head, tail []string
	for len(from) > 0 && len(to) > 0 && from[0] == to[0] {
		head, from, to = append(head, to[0]), from[1:], to[1:]
	}
	for len(from) > 0 && len(to) > 0 && from[len(from)-1] == to[len(to)-1] {
		tail, from, to = append(tail, to[len(to)-1]), from[:len(from)-1], to[:len(to)-1]
	}
	var b strings.Builder
	b.WriteString(strings.Join(head, ""))
	m.middle(&b, from, to, len(head)+len(tail))
	for i := len(tail) - 1; i >= 0; i-- {
		b.WriteString(tail[i])
	}
	return b.String()
}

// middle marks what lies between what both texts begin and end with.
func (m marks) middle(b *strings.Builder, from, to []string, common int) {
	var steps []step
	if len(from)*len(to) <= maxDiff {
		steps = compare(from, to)
	}
	kept := common
	for _, s := range steps {
		if !s.lost && !s.gained {
			kept++
		}
	}
	// Texts that have little in common read better side by side.
	if 2*kept < common+max(len(from), len(to)) || steps == nil {
		steps = nil
		for _, c := range from {
			steps = append(steps, step{text: c, lost: true})
		}
		for _, c := range to {
			steps = append(steps, step{text: c, gained: true})
		}
	}
	for i := 0; i < len(steps); {
		j := i
		for j < len(steps) && steps[j].lost == steps[i].lost && steps[j].gained == steps[i].gained {
			j++
		}
		around := [2]string{}
		switch {
		case steps[i].lost:
			around = m.lost
		case steps[i].gained:
			around = m.gained
		}
		b.WriteString(around[0])
		for _, s := range steps[i:j] {
			b.WriteString(s.text)
		}
		b.WriteString(around[1])
		i = j
	}
}

// A step is one character on the way from a text to another.
type step struct {
	text         string
	lost, gained bool
}

// compare is the way with the most characters kept.
func compare(from, to []string) []step {
	width := len(to) + 1
	best := make([]int32, (len(from)+1)*width) // kept from here on
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if from[i] == to[j] {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	steps := make([]step, 0, len(from)+len(to))
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		switch {
		case i < len(from) && j < len(to) && from[i] == to[j]:
			steps = append(steps, step{text: to[j]})
			i, j = i+1, j+1
		case j == len(to) || i < len(from) && best[(i+1)*width+j] >= best[i*width+j+1]:
			steps = append(steps, step{text: from[i], lost: true})
			i++
		default:
			steps = append(steps, step{text: to[j], gained: true})
			j++
		}
	}
	return steps
}

// characters takes a text apart, accents with their letters.
func characters(s string) []string {
	var all []string
	for _, r := range s {
		if len(all) > 0 && unicode.Is(unicode.M, r) {
			all[len(all)-1] += string(r)
			continue
		}
		all = append(all, string(r))
	}
	return all
}
