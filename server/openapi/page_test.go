package openapi_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// A tree is what a page holds, in order.
type tree struct {
	ids, links []string
	text       string
}

// void elements have no end.
var void = []string{"meta", "input", "link", "br"}

// parse reads a page, of which every element must end where it should.
func parse(t *testing.T, html string) (read tree) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.Entity = false, xml.HTMLEntity // attributes without a value, and entities
	var open []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains(void, e.Name.Local) {
				open = append(open, e.Name.Local)
			}
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "id":
					read.ids = append(read.ids, a.Value)
				case "href":
					read.links = append(read.links, a.Value)
				}
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("line %d: </%s> ends %v", line(html, d.InputOffset()), e.Name.Local, open)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			read.text += string(e)
		}
	}
	if len(open) > 0 {
		t.Fatalf("%v never ends", open)
	}
	return read
}

func line(text string, offset int64) int { return 1 + strings.Count(text[:offset], "\n") }

func TestPageLeadsToEveryOperationAndSchema(t *testing.T) {
	page := parse(t, get(t, "/docs").Body.String())
	for _, id := range []string{"getTable", "putTable", "openapi", "docs", "schema-Table", "schema-Problem", "schema-Fault"} {
		if !slices.Contains(page.ids, id) || !slices.Contains(page.links, "#"+id) {
			t.Errorf("%s is not on the page, or nothing leads to it", id)
		}
	}
	if slices.Sort(page.ids); len(slices.Compact(page.ids)) != len(page.ids) {
		t.Errorf("ids stand twice: %v", page.ids)
	}
	for _, link := range page.links {
		if id, inside := strings.CutPrefix(link, "#"); inside && !slices.Contains(page.ids, id) {
			t.Errorf("%s leads nowhere", link)
		}
	}
}

func TestPageTellsWhatACallerMustKnow(t *testing.T) {
	html := get(t, "/docs").Body.String()
	text := strings.Join(strings.Fields(parse(t, html).text), " ")
	for _, want := range []string{
		"Read <one> table", "Who sits <b>where</b>.", "Is never null.",
		`curl -s "$WEDSYNC_URL/api/tables/{id}" \ -H "Authorization: Bearer $WEDSYNC_TOKEN"`,
		`curl -s -X PUT "$WEDSYNC_URL/api/tables/{id}" \ -H "Authorization: Bearer $WEDSYNC_TOKEN" \ -H "Idempotency-Key: $(uuidgen)" \ -H "Content-Type: application/json" \ -d '{"seats": ["Ada"]}'`,
		"For owner Parameters", "For owner member integration viewer", "For everybody; no token is needed.",
		"unknown-revision: The record does not have that revision.", "list of string", "round long",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(html, "<b>") {
		t.Error("a description became part of the page's own HTML")
	}
}
