package openapi

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// typeOf says in a few words what a schema is, with links to those that have a name.
func typeOf(s *huma.Schema) template.HTML {
	var says template.HTML
	switch more, _ := s.AdditionalProperties.(*huma.Schema); {
	case s.Ref != "":
		name := template.HTMLEscapeString(s.Ref[strings.LastIndex(s.Ref, "/")+1:])
		return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`)
	case s.Type == huma.TypeArray:
		says = "list of " + typeOf(s.Items)
	case more != nil:
		says = "object of " + typeOf(more)
	case s.Type == "":
		return "any JSON"
	default:
		says = template.HTML(template.HTMLEscapeString(s.Type))
	}
	if s.Format == "date-time" {
		says = "RFC 3339 time"
	}
	var words []string
	for _, word := range s.Enum {
		words = append(words, "<code>"+template.HTMLEscapeString(fmt.Sprint(word))+"</code>")
	}
	if len(words) > 0 {
		says = template.HTML(strings.Join(words, " "))
	}
	if s.Nullable {
		says += " or null"
	}
	return says
}

// paragraphs are the paragraphs of a text.
func paragraphs(text string) (all []template.HTML) {
	for one := range strings.SplitSeq(text, "\n\n") {
		if one != "" {
			all = append(all, inline(one))
		}
	}
	return all
}

var (
	strong = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	code   = regexp.MustCompile("`([^`]+)`")
)

// inline is a text of which **this** is strong and `that` is code.
func inline(text string) template.HTML {
	text = strong.ReplaceAllString(template.HTMLEscapeString(text), "<strong>$1</strong>")
	return template.HTML(code.ReplaceAllString(text, "<code>$1</code>"))
}
