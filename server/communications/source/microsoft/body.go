package microsoft

import (
	"strings"

	"wedsync/server/communications/source"
)

// A body is what a mail or event says.
type body struct {
	Type    string `json:"contentType"` // html or text
	Content string `json:"content"`
}

func (b body) text() source.Text {
	if strings.EqualFold(b.Type, "html") {
		return source.TextOf("", b.Content)
	}
	return source.TextOf(b.Content, "")
}
