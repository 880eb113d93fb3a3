package google

import (
	"mime"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// A message is a mail as Gmail has it.
type message struct {
	ID      string   `json:"id"`
	Labels  []string `json:"labelIds"`
	Date    string   `json:"internalDate"` // when it came, in milliseconds
	Payload part     `json:"payload"`
}

// sentWithin is how long a mail may have been under way for what it says of when it
// was sent to be believed.
const sentWithin = 48 * time.Hour

// at is when the message was sent, the same in all mailboxes, or when it came if
// what it says of that cannot be.
func (m *message) at() time.Time {
	ms, _ := strconv.ParseInt(m.Date, 10, 64) // 0 if Gmail does not know
	came := time.UnixMilli(ms).UTC()
	sent, err := mail.ParseDate(m.Payload.header("Date"))
	if err != nil || ms > 0 && came.Sub(sent).Abs() > sentWithin {
		return came
	}
	return sent.UTC()
}

// item is the message as the store has it.
func (m *message) item(a source.Account) store.Item {
	p := &m.Payload
	var people []store.Participant
	for _, role := range []string{"from", "to", "cc", "bcc"} {
		for _, one := range addresses(p.header(role)) {
			person := a.Person(role, one.Name, one.Address)
			person.Own = person.Own || role == "from" && slices.Contains(m.Labels, "SENT") // under another of one's addresses
			people = append(people, person)
		}
	}
	people = source.Together(people)
	text, files := p.contents()
	item := store.Item{
		Kind: "email", At: m.at(), Direction: source.Way(people, "from"),
		Subject: source.Line(decoded(p.header("Subject")), maxSubject),
		Snippet: text.Snippet, Body: text.Body,
		Detail:       source.Detail{HTML: text.HTML, Attachments: files}.JSON(),
		Participants: people, Occurrences: []store.Occurrence{{Provider: m.ID}},
	}
	item.Key, item.Thread = source.MailKeys(p.header("Message-ID"), p.header("References"), p.header("In-Reply-To"), a, m.ID)
	narrow(&item, a.Level)
	return item
}

// maxSubject bounds a subject, in bytes. RFC 5322 allows lines of 998.
const maxSubject = 4 << 10

// words decodes the encoded words of RFC 2047, in whatever character set.
var words = mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// decoded is a header's text, as it came if it cannot be decoded.
func decoded(text string) string {
	plain, err := words.DecodeHeader(text)
	if err != nil {
		return text
	}
	return plain
}

// addresses are those of a header. Of one that is written wrongly those are found
// that stand between commas.
func addresses(header string) []*mail.Address {
	if strings.TrimSpace(header) == "" {
		return nil
	}
	parser := mail.AddressParser{WordDecoder: &words}
	if all, err := parser.ParseList(header); err == nil {
		return all
	}
	var all []*mail.Address
	for one := range strings.FieldsFuncSeq(header, func(r rune) bool { return r == ',' || r == ';' }) {
		if a, err := parser.Parse(one); err == nil {
			all = append(all, a)
			continue
		}
		name, address, ok := strings.Cut(one, "<")
		if !ok {
			name, address = "", one
		}
		address, _, _ = strings.Cut(address, ">")
		all = append(all, &mail.Address{Name: strings.Trim(strings.TrimSpace(decoded(name)), `"`), Address: strings.TrimSpace(address)})
	}
	return all
}
