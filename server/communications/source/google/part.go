package google

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"wedsync/server/communications/source"
)

// Bounds of a mail's parts. What is beyond is left out.
const (
	maxDepth = 20
	maxParts = 500
	maxText  = 1 << 20 // bytes of each of plain text and markup
)

// A part is one of a mail's MIME tree.
type part struct {
	Type    string `json:"mimeType"`
	Name    string `json:"filename"`
	Headers []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"headers"`
	Body struct {
		Attachment string `json:"attachmentId"`
		Size       int    `json:"size"`
		Data       string `json:"data"` // base64url
	} `json:"body"`
	Parts []part `json:"parts"`
}

// header is the first header of a name, empty if there is none.
func (p *part) header(name string) string {
	for _, h := range p.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// contents are what a mail says, and the files that came with it.
func (p *part) contents() (source.Text, []source.Attachment) {
	var c contents
	c.collect(p, maxDepth)
	return source.TextOf(c.plain.String(), c.markup.String()), c.files
}

// contents are what was found in a MIME tree.
type contents struct {
	plain, markup strings.Builder
	files         []source.Attachment
	parts         int
}

func (c *contents) collect(p *part, depth int) {
	if c.parts++; c.parts > maxParts || depth == 0 {
		return
	}
	kind := strings.ToLower(p.Type)
	switch {
	case p.Name != "", kind == "message/rfc822":
		name := source.Line(decoded(p.Name), maxFileName)
		if name == "" {
			name = "message.eml"
		}
		c.files = append(c.files, source.Attachment{Name: name, Type: source.Line(kind, maxFileName), Size: p.Body.Size})
	case kind == "text/plain":
		p.write(&c.plain)
	case kind == "text/html":
		p.write(&c.markup)
	default:
		for i := range p.Parts {
			c.collect(&p.Parts[i], depth-1)
		}
	}
}

// maxFileName bounds the name of a file, in bytes.
const maxFileName = 255

// write writes the text of a part after what is there.
func (p *part) write(to *strings.Builder) {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(p.Body.Data, "="))
	if err != nil || len(data) == 0 || to.Len() >= maxText {
		return
	}
	if to.Len() > 0 {
		to.WriteByte('\n')
	}
	to.WriteString(source.Clip(p.text(data), maxText))
}

// text is the text of a part's bytes, which are UTF-8 or in the character set that
// the part says.
func (p *part) text(data []byte) string {
	_, params, err := mime.ParseMediaType(p.header("Content-Type"))
	label := strings.ToLower(params["charset"])
	if err != nil || label == "" || utf8.Valid(data) && !strings.HasPrefix(label, "iso-2022") {
		return string(data)
	}
	r, err := charset.NewReaderLabel(label, bytes.NewReader(data))
	if err != nil {
		return string(data) // what is no UTF-8 is left out of texts
	}
	text, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return string(data)
	}
	return string(text)
}
