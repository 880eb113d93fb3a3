package source

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wedsync/store"
)

const (
	maxMarkup  = 1 << 20 // bytes of HTML that are looked at
	maxSnippet = 200     // bytes
)

// A Text is what a mail or event says, as an item has it.
type Text struct {
	Body    string // plain text without what it quotes at its end
	Snippet string // its beginning, in one line
	HTML    string // safe to show; empty if it came as plain text alone
}

// TextOf is the text of what came as plain text, as HTML, or as both. All of it is
// bounded, whatever came.
func TextOf(plain, markup string) Text {
	t := Text{Body: Plain(plain), HTML: SafeHTML(markup)}
	if t.Body == "" {
		t.Body = PlainOf(markup)
	}
	t.Body = unquoted(t.Body)
	t.Snippet = Line(t.Body, maxSnippet)
	return t
}

// Plain is a text with line feeds as its only control characters, tabs aside,
// without blanks at the ends of lines and more than one empty line, in valid UTF-8,
// of at most store.MaxItemBytes.
func Plain(text string) string {
	text = Clip(text, 2*store.MaxItemBytes) // what is cleaned away may be as much again
	var out strings.Builder
	empty := 0
	for line := range strings.Lines(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")) {
		line = strings.TrimRightFunc(strings.Map(visible, line), unicode.IsSpace)
		if line == "" {
			empty++
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n\n"[:1+min(empty, 1)])
		}
		empty = 0
		out.WriteString(line)
	}
	return strings.TrimRightFunc(Clip(out.String(), store.MaxItemBytes), unicode.IsSpace)
}

// Line is a text in one line of at most so many bytes.
func Line(text string, most int) string {
	text = strings.Map(visible, Clip(text, 4*most)) // runs of blanks become one
	return strings.TrimSpace(Clip(strings.Join(strings.Fields(text), " "), most))
}

// visible drops what nobody sees: control characters, and blanks without a width,
// with which senders fill what is shown in lists. What was no UTF-8 goes too.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == '\u00a0' || r == '\u2007' || r == '\u202f':
		return ' '
	case r == '\u200b', r == '\u200c', r == '\u2060', r == '\ufeff', r == '\u00ad', r == '\u034f', r == utf8.RuneError, unicode.IsControl(r):
		return -1
	}
	return r
}

// maxIntroduction bounds the lines that introduce a quotation: "On … Ada wrote:".
const maxIntroduction = 3

// unquoted is a text without the quotation at its end and what introduces that. A
// text that answers between the lines, or only quotes, stays as it is.
func unquoted(text string) string {
	lines := strings.Split(text, "\n")
	end := len(lines)
	for end > 0 && (lines[end-1] == "" || strings.HasPrefix(lines[end-1], ">")) {
		end--
	}
	if end == len(lines) {
		return text
	}
	if end > 0 && strings.HasSuffix(lines[end-1], ":") {
		end--
		for range maxIntroduction - 1 { // a line that was wrapped goes on small: "<ada@mail.example> wrote:"
			first, _ := utf8.DecodeRuneInString(lines[end])
			if end == 0 || first != '<' && !unicode.IsLower(first) {
				break
			}
			end--
		}
	}
	kept := strings.TrimSpace(strings.Join(lines[:end], "\n"))
	if kept == "" {
		return text
	}
	return kept
}
