package providers

import (
	"encoding/base64"
	"fmt"
	"html"
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// snippetLength is how much of a mail Gmail shows in lists, in bytes.
const snippetLength = 200

// A gmailPart is a part of a mail's MIME tree.
type gmailPart struct {
	PartID   string        `json:"partId"`
	MIMEType string        `json:"mimeType"`
	Filename string        `json:"filename"`
	Headers  []gmailHeader `json:"headers"`
	Body     *gmailBody    `json:"body,omitempty"`
	Parts    []gmailPart   `json:"parts,omitempty"`
}

type gmailHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type gmailBody struct {
	AttachmentID string `json:"attachmentId,omitempty"`
	Size         int    `json:"size"`
	Data         string `json:"data,omitempty"` // base64url
}

// payload is a mail's MIME tree, or its headers alone if it is not asked for in
// full: those that are named, or all.
func payload(m Mail, full bool, named []string) gmailPart {
	var alternatives []gmailPart
	if m.Text != "" {
		alternatives = append(alternatives, textPart("text/plain", m.Text))
	}
	if m.HTML != "" {
		alternatives = append(alternatives, textPart("text/html", m.HTML))
	}
	var top gmailPart
	switch len(alternatives) {
	case 0:
		top = textPart("text/plain", "")
	case 1:
		top = alternatives[0]
	default:
		top = multipart("multipart/alternative", alternatives)
	}
	if len(m.Attached) > 0 {
		parts := []gmailPart{top}
		for i, a := range m.Attached {
			parts = append(parts, gmailPart{
				MIMEType: a.Type, Filename: a.Name,
				Headers: []gmailHeader{{"Content-Type", a.Type}, {"Content-Disposition", "attachment"}},
				Body:    &gmailBody{AttachmentID: fmt.Sprintf("ANGjdJ-%d", i), Size: a.Size},
			})
		}
		top = multipart("multipart/mixed", parts)
	}
	top.numbered("")
	top.Headers = append(headers(m), top.Headers...)
	if !full {
		top.Body, top.Parts = nil, nil
		if len(named) > 0 {
			top.Headers = slices.DeleteFunc(top.Headers, func(h gmailHeader) bool {
				return !slices.ContainsFunc(named, func(name string) bool { return strings.EqualFold(name, h.Name) })
			})
		}
	}
	return top
}

// numbered gives a part and all below it their ids.
func (p *gmailPart) numbered(id string) {
	p.PartID = id
	for i := range p.Parts {
		p.Parts[i].numbered(strings.TrimPrefix(fmt.Sprintf("%s.%d", id, i), "."))
	}
}

func textPart(kind, text string) gmailPart {
	return gmailPart{
		MIMEType: kind,
		Headers:  []gmailHeader{{"Content-Type", kind + `; charset="UTF-8"`}},
		Body:     &gmailBody{Size: len(text), Data: base64.URLEncoding.EncodeToString([]byte(text))},
	}
}

func multipart(kind string, parts []gmailPart) gmailPart {
	return gmailPart{
		MIMEType: kind, Parts: parts, Body: &gmailBody{},
		Headers: []gmailHeader{{"Content-Type", kind + `; boundary="000000000000abcdef"`}},
	}
}

// headers are those of a mail, with words encoded as RFC 2047 wants it.
func headers(m Mail) []gmailHeader {
	all := []gmailHeader{
		{"MIME-Version", "1.0"},
		{"Date", m.Date.Format(time.RFC1123Z)},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"From", addresses(m.From)},
	}
	for _, h := range []gmailHeader{
		{"Message-ID", m.MessageID},
		{"In-Reply-To", m.InReplyTo},
		{"References", strings.Join(m.References, " ")},
		{"To", addresses(m.To...)},
		{"Cc", addresses(m.Cc...)},
		{"Bcc", addresses(m.Bcc...)},
	} {
		if h.Value != "" {
			all = append(all, h)
		}
	}
	return all
}

func addresses(people ...Person) string {
	var all []string
	for _, p := range people {
		if p.Name == "" {
			all = append(all, p.Address)
			continue
		}
		all = append(all, (&mail.Address{Name: p.Name, Address: p.Address}).String())
	}
	return strings.Join(all, ", ")
}

// markup is what is between < and >.
var markup = regexp.MustCompile(`<[^>]*>`)

// gmailSnippet is the beginning of a mail's text, as HTML.
func gmailSnippet(m Mail) string {
	text := m.Text
	if text == "" {
		text = html.UnescapeString(markup.ReplaceAllString(m.HTML, " "))
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > snippetLength {
		text = strings.ToValidUTF8(text[:snippetLength], "")
	}
	return html.EscapeString(text)
}
