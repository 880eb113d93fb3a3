package source

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"wedsync/store"
)

// SafeHTML is HTML that can be shown to anybody: it runs nothing, and loads nothing,
// no pictures either, so that nobody learns that it was read. It is empty for what
// is too long.
func SafeHTML(markup string) string {
	if len(markup) > maxMarkup || strings.TrimSpace(markup) == "" {
		return ""
	}
	safe := strings.TrimSpace(strings.Map(visible, policy.Sanitize(strings.ToValidUTF8(markup, ""))))
	if len(safe) > store.MaxItemBytes {
		return ""
	}
	return safe
}

// policy is bluemonday's policy for what users write, without pictures, forms and
// names that other elements could be mistaken for.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[a-zA-Z-]{2,20}$`)).Globally()
	p.AllowElements("article", "aside", "figure", "section", "h1", "h2", "h3", "h4", "h5", "h6", "hgroup",
		"blockquote", "br", "div", "hr", "p", "span", "wbr",
		"abbr", "acronym", "cite", "code", "dfn", "em", "figcaption", "mark", "s", "samp", "strong", "sub", "sup", "var", "q",
		"b", "i", "pre", "small", "strike", "tt", "u", "rp", "rt", "ruby", "del", "ins")
	p.AllowLists()
	p.AllowTables()
	p.AllowURLSchemes("mailto", "http", "https", "tel")
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}()

// PlainOf is the text of HTML, as Plain gives it: with lines where blocks are, and
// ">" before what is quoted.
func PlainOf(markup string) string {
	t := texts{tokens: html.NewTokenizer(strings.NewReader(Clip(markup, maxMarkup)))}
	t.tokens.SetMaxBuf(maxMarkup)
	for t.next() && t.out.Len() < 2*store.MaxItemBytes {
	}
	return Plain(t.out.String())
}

// texts writes the text of HTML down.
type texts struct {
	tokens *html.Tokenizer
	out    strings.Builder
	breaks int  // lines that are ended before more is written
	blank  bool // whether a blank is due before more is written
	silent bool // what comes next is nobody's text: a script
	quoted int  // how deep
	fixed  int  // how deep in what keeps its blanks
}

// maxQuoted is how deep quotations are marked.
const maxQuoted = 8

// next reads a token and reports whether there was one.
func (t *texts) next() bool {
	kind := t.tokens.Next()
	silent := t.silent
	t.silent = false
	switch kind {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if !silent {
			t.text(string(t.tokens.Text()))
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		name, _ := t.tokens.TagName()
		t.begin(atom.Lookup(name), kind == html.StartTagToken)
	case html.EndTagToken:
		name, _ := t.tokens.TagName()
		t.end(atom.Lookup(name))
	}
	return true
}

func (t *texts) begin(element atom.Atom, open bool) {
	switch element {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp:
		t.silent = open // the tokenizer gives what is in them as one text
	case atom.Br:
		t.breaks = min(t.breaks+1, 2)
	case atom.Blockquote:
		t.block(1)
		if open {
			t.quoted++
		}
	case atom.Pre:
		t.block(1)
		if open {
			t.fixed++
		}
	case atom.Li:
		t.block(1)
		t.text("- ")
	case atom.Td, atom.Th:
		t.blank = true
	default:
		t.block(lines(element))
	}
}

func (t *texts) end(element atom.Atom) {
	switch element {
	case atom.Blockquote:
		t.quoted = max(0, t.quoted-1)
		t.block(1)
	case atom.Pre:
		t.fixed = max(0, t.fixed-1)
		t.block(1)
	default:
		t.block(lines(element))
	}
}

// lines are how many lines end where an element begins or ends.
func lines(element atom.Atom) int {
	switch element {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table, atom.Hr:
		return 2
	case atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center, atom.Body, atom.Head:
		return 1
	}
	return 0
}

// block makes at least n lines end before more is written.
func (t *texts) block(n int) { t.breaks = max(t.breaks, n) }

// text writes text, whose runs of blanks are one each.
func (t *texts) text(text string) {
	if t.fixed > 0 {
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				t.breaks = min(t.breaks+1, 2)
			}
			if line != "" {
				t.write(line)
			}
		}
		return
	}
	words := strings.FieldsFunc(text, blank)
	if len(words) == 0 {
		t.blank = t.blank || text != ""
		return
	}
	t.blank = t.blank || blank(rune(text[0]))
	t.write(strings.Join(words, " "))
	t.blank = blank(rune(text[len(text)-1]))
}

func blank(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }

// write writes words, after the lines and blanks that are due.
func (t *texts) write(words string) {
	switch {
	case t.out.Len() == 0:
		t.mark()
	case t.breaks > 0:
		for range t.breaks {
			t.out.WriteByte('\n')
			t.mark()
		}
	case t.blank:
		t.out.WriteByte(' ')
	}
	t.breaks, t.blank = 0, false
	t.out.WriteString(words)
}

// mark marks the beginning of a line that is quoted.
func (t *texts) mark() {
	for range min(t.quoted, maxQuoted) {
		t.out.WriteString("> ")
	}
}
