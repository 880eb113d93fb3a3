package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// templates has esbuild read the app's scripts with smaller html`…` and css`…`
// than they were written: to it these are texts, of which it takes nothing away.
var templates = api.Plugin{
	Name: "templates",
	Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `[/\\]src[/\\].*\.ts$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			source, err := os.ReadFile(args.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			text, err := smallerTemplates(string(source))
			if err != nil {
				return api.OnLoadResult{}, fmt.Errorf("%s: %w", filepath.Base(args.Path), err)
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderTS, ResolveDir: filepath.Dir(args.Path)}, nil
		})
	},
}

// smallerTemplates is a script whose html`…` and css`…` show the same with less.
func smallerTemplates(source string) (string, error) {
	s := scanner{source: source}
	if err := s.code(false); err != nil {
		return "", fmt.Errorf("line %d: %w", 1+strings.Count(source[:s.at], "\n"), err)
	}
	return s.out.String(), nil
}

// A scanner goes through a script as far as it must to tell templates from what
// looks like them: it knows comments, texts, regular expressions and braces.
type scanner struct {
	source string
	at     int
	out    strings.Builder
}

// code copies code, with smaller templates, to the end of the script or, within
// a template, behind the brace that ends a value in it.
func (s *scanner) code(within bool) error {
	depth := 0
	for s.at < len(s.source) {
		rest := s.source[s.at:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "//"):
			s.copy(through(rest, "\n"))
		case strings.HasPrefix(rest, "/*"):
			s.copy(through(rest, "*/"))
		case c == '/' && s.beginsExpression():
			n := regularExpression.FindString(rest)
			if n == "" {
				return fmt.Errorf("a regular expression does not end: %.40s", rest)
			}
			s.copy(len(n))
		case c == '"' || c == '\'':
			n := quoted.FindString(rest)
			if n == "" {
				return fmt.Errorf("a text does not end: %.40s", rest)
			}
			s.copy(len(n))
		case c == '`':
			if err := s.template(); err != nil {
				return err
			}
		case within && c == '}' && depth == 0:
			s.copy(1)
			return nil
		default:
			switch c {
			case '{':
				depth++
			case '}':
				depth--
			}
			s.copy(1)
		}
	}
	if within {
		return fmt.Errorf("a value in a template does not end")
	}
	return nil
}

var (
	quoted            = regexp.MustCompile(`^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`)
	regularExpression = regexp.MustCompile(`^/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/`)
	keyword           = regexp.MustCompile(`\b(?:return|typeof|case|in|of|void|await)$`)
)

// beginsExpression reports whether a slash here begins a regular expression: it
// does not divide what stands before it.
func (s *scanner) beginsExpression() bool {
	before := strings.TrimRight(s.source[:s.at], " \t\n")
	return before == "" || strings.ContainsRune("(,=:[!&|?{};+<>", rune(before[len(before)-1])) || keyword.MatchString(before)
}

// template copies a template, smaller if it is tagged as one of markup or style.
func (s *scanner) template() error {
	smaller := func(text string, _, _ bool) (string, error) { return text, nil }
	switch before := s.source[:s.at]; {
	case strings.HasSuffix(before, "html"):
		smaller = smallerMarkup
	case strings.HasSuffix(before, "css"):
		smaller = smallerStyle
	}
	s.copy(1)
	for first := true; ; first = false {
		from := s.at
		for s.at < len(s.source) && s.source[s.at] != '`' && !strings.HasPrefix(s.source[s.at:], "${") {
			if s.source[s.at] == '\\' {
				s.at++
			}
			s.at++
		}
		if s.at >= len(s.source) {
			s.at = from
			return fmt.Errorf("a template does not end")
		}
		last := s.source[s.at] == '`'
		text, err := smaller(s.source[from:s.at], first, last)
		if err != nil {
			return err
		}
		s.out.WriteString(text)
		if last {
			s.copy(1)
			return nil
		}
		s.copy(2)
		if err := s.code(true); err != nil {
			return err
		}
	}
}

// copy copies n bytes.
func (s *scanner) copy(n int) {
	s.out.WriteString(s.source[s.at : s.at+n])
	s.at += n
}

// through is how long a text is up to the end of what ends it, all of it if nothing does.
func through(text, end string) int {
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

var lineBreak = regexp.MustCompile(`\s*\n\s*`)

// smallerMarkup takes lines together, with a space, which shows as much as a line
// break does: except where markup says that it is to show as it is written.
func smallerMarkup(text string, _, _ bool) (string, error) {
	if strings.Contains(text, "<pre") || strings.Contains(text, "<textarea") {
		return text, nil
	}
	return lineBreak.ReplaceAllString(text, " "), nil
}

// smallerStyle is a style without spaces and comments. One that values are put
// into, or that has escapes, stays as it is.
func smallerStyle(text string, first, last bool) (string, error) {
	if !first || !last || strings.Contains(text, `\`) {
		return text, nil
	}
	r := api.Transform(text, api.TransformOptions{Loader: api.LoaderCSS, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone})
	if problems := append(r.Errors, r.Warnings...); len(problems) > 0 {
		return "", fmt.Errorf("style: %s", problems[0].Text)
	}
	return strings.TrimSpace(string(r.Code)), nil
}
