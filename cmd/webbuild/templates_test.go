package main

import "testing"

func TestTemplatesAreSmallerAndNothingElseIs(t *testing.T) {
	for _, test := range []struct{ what, source, want string }{
		{"lines of markup are taken together", "html`\n  <p>a\n    b</p>`", "html` <p>a b</p>`"},
		{"spaces within a line stay", "html`a  b`", "html`a  b`"},
		{"values are code", "html`\n ${x ? html`\n <b>` : {a: `\n `}}\n`", "html` ${x ? html` <b>` : {a: `\n `}} `"},
		{"what shows as it is written stays", "html`<pre>\n  a\n</pre>`", "html`<pre>\n  a\n</pre>`"},
		{"styles lose spaces and comments", "css`\n  /* why */\n  :host { color: red; }\n  a > b { margin: 0 auto; }\n`", "css`:host{color:red}a>b{margin:0 auto}`"},
		{"styles with values stay", "css`\n  a { width: ${w}; }`", "css`\n  a { width: ${w}; }`"},
		{"styles with escapes stay", "css`\n  a::before { content: \"\\\\2014\"; }`", "css`\n  a::before { content: \"\\\\2014\"; }`"},
		{"other templates stay", "x`\n `, `\n `", "x`\n `, `\n `"},
		{"comments, texts and expressions stay", "// html`\n/* css`\n*/ '`\\'' \"`\" f(/[/`]`/) a / b / c `\n`", "// html`\n/* css`\n*/ '`\\'' \"`\" f(/[/`]`/) a / b / c `\n`"},
		{"escapes in markup are no ends", "html`\\`\n \\${`", "html`\\` \\${`"},
	} {
		got, err := smallerTemplates(test.source)
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.what, got, err, test.want)
		}
	}
	for _, source := range []string{"html`<p>", "html`${a", "'a", "x = /a"} {
		if got, err := smallerTemplates(source); err == nil {
			t.Errorf("%q does not end: %q, want an error", source, got)
		}
	}
}
