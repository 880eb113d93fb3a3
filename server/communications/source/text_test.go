package source_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"wedsync/server/communications/source"
	"wedsync/store"
)

func TestMailBodiesAreReadAsText(t *testing.T) {
	for name, c := range map[string]struct{ plain, markup, body string }{
		"plain text":             {"Hello,\r\n\r\n\r\n\r\nwe come.  \r\n", "", "Hello,\n\nwe come."},
		"plain before markup":    {"plain", "<p>markup</p>", "plain"},
		"markup":                 {" \n", "<head><title>No</title><style>p{}</style></head><p>Hello <b>Ada</b>,</p><div>a&nbsp;&amp;\n b<br>c</div><script>var x='no'</script>", "Hello Ada,\n\na & b\nc"},
		"lists and tables":       {"", "<ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "- one\n- two\n\na b\nc"},
		"quoted at the end":      {"Yes.\n\nOn Monday, Ada wrote:\n> Do you come?\n>\n> Ada\n", "", "Yes."},
		"a wrapped introduction": {"Yes.\nOn Mon, 1 Mar 2027, Ada\n<ada@mail.example> wrote:\n\n> Do you come?", "", "Yes."},
		"quoted in between":      {"> Do you come?\nYes.\n> With whom?\nAlone.", "", "> Do you come?\nYes.\n> With whom?\nAlone."},
		"nothing but quoted":     {"> Do you come?", "", "> Do you come?"},
		"quoted as markup":       {"", `<div>Yes.</div><div class="gmail_quote"><div>Am Montag schrieb Ada:<br></div><blockquote>Do you come?<br>Ada</blockquote></div>`, "Yes."},
		"forwarded":              {"", `<div>See below</div><div class="gmail_quote">---------- Forwarded message<br>The offer</div>`, "See below\n---------- Forwarded message\nThe offer"},
		"kept blanks":            {"", "<pre>a\n  b</pre>c", "a\n  b\nc"},
		"what nobody sees":       {"a\x00b\u200bc\xff\ufeff", "", "abc"},
		"an open script":         {"", "x<script>alert(1)", "x"},
		"nothing":                {"", "", ""},
	} {
		if got := source.TextOf(c.plain, c.markup); got.Body != c.body {
			t.Errorf("%s: %q, want %q", name, got.Body, c.body)
		}
	}
}

func TestSnippetIsTheBeginningInOneLine(t *testing.T) {
	got := source.TextOf("Liebe Ada,\n\n"+strings.Repeat("schöne   Grüße ", 50), "").Snippet
	if !strings.HasPrefix(got, "Liebe Ada, schöne Grüße schöne") || len(got) > 200 || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}

func TestMarkupThatIsKeptRunsAndLoadsNothing(t *testing.T) {
	for markup, want := range map[string]string{
		`<p onclick="x()">a<img src="https://pixel.example/1.gif"><script>x()</script></p>`: `<p>a</p>`,
		`<a href="javascript:x()">a</a>`:                                                                                 `a`,
		`<a href="https://venue.example">v</a>`:                                                                          `<a href="https://venue.example" rel="nofollow noreferrer noopener" target="_blank">v</a>`,
		`<p style="background:url(https://pixel.example/1.gif)" id="root">a</p>`:                                         `<p>a</p>`,
		`<table background="https://pixel.example/1.gif"><tr><td>a</td></tr></table>`:                                    `<table><tr><td>a</td></tr></table>`,
		`<svg><image href="https://pixel.example/1.gif"/></svg><form action="https://x.example"><input name="a"></form>`: ``,
		`<link rel="stylesheet" href="https://x.example"><iframe src="https://x.example"></iframe>`:                      ``,
	} {
		if got := source.SafeHTML(markup); got != want {
			t.Errorf("%s: %s, want %s", markup, got, want)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	long := strings.Repeat("ü ", 3*store.MaxItemBytes)
	for _, got := range []source.Text{source.TextOf(long, ""), source.TextOf("", "<p>"+long), source.TextOf("", strings.Repeat("<blockquote>a", 100_000))} {
		if len(got.Body) > store.MaxItemBytes || got.Body == "" || len(got.HTML) > store.MaxItemBytes || !utf8.ValidString(got.Body) {
			t.Errorf("%d bytes, %d of markup", len(got.Body), len(got.HTML))
		}
	}
}

func FuzzTextOf(f *testing.F) {
	f.Add("Yes.\n\nOn Monday, Ada wrote:\n> Do you come?", "<p>a<blockquote>b</p><li>c<pre> d\n e")
	f.Add("\r\n\x00\xff", "<script><style><svg><math><table><td>&#0;&nbsp;<!--<br>")
	f.Add(":", "<a href=//x><img src=x onerror=y>")
	f.Fuzz(func(t *testing.T, plain, markup string) {
		got := source.TextOf(plain, markup)
		for name, text := range map[string]string{"body": got.Body, "snippet": got.Snippet, "HTML": got.HTML} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > store.MaxItemBytes {
				t.Errorf("%s of %q and %q: %q", name, plain, markup, text)
			}
		}
		if strings.ContainsAny(got.Snippet, "\n\r") {
			t.Errorf("snippet of more than a line: %q", got.Snippet)
		}
		low := strings.ToLower(got.HTML)
		for _, bad := range []string{"<script", "<img", "<style", "<iframe", "<svg", "<object", "<input"} {
			if strings.Contains(low, bad) {
				t.Errorf("%s in %q, from %q", bad, got.HTML, markup)
			}
		}
		if again := source.Plain(got.Body); again != got.Body {
			t.Errorf("text of a text: %q of %q", again, got.Body)
		}
	})
}
