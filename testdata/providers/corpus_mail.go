package providers

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// A mailAccount is a mailbox of the corpus.
type mailAccount struct {
	provider Provider
	address  string
}

// mailboxes are those of all providers.
func (f *filling) mailboxes() (all []mailAccount) {
	for _, address := range f.places.Google {
		all = append(all, mailAccount{Google, address})
	}
	for _, address := range f.places.Microsoft {
		all = append(all, mailAccount{Microsoft, address})
	}
	return all
}

// deliver puts a mail into a mailbox.
func (f *filling) deliver(to mailAccount, m Mail) {
	if to.provider == Google {
		f.server.Gmail(to.address).Add(m)
	} else {
		f.server.Outlook(to.address).Add(m)
	}
}

// A conversation is what was written about one thing so far.
type conversation struct {
	client  int
	with    mailAccount
	subject string
	ids     []string // Message-IDs, the first one first
}

// mails makes mails, in order of time: conversations of a few mails with a client,
// of which one in ten is in two mailboxes.
func (f *filling) mails(n int) {
	boxes := f.mailboxes()
	if len(boxes) == 0 || len(f.Clients) == 0 {
		return
	}
	var open []conversation
	for i := range n {
		at := -1
		if len(open) > 0 && f.chosen.IntN(3) > 0 {
			at = f.chosen.IntN(len(open))
		}
		if at < 0 {
			about := pick(f.chosen, topics)
			open = append(open, conversation{client: f.chosen.IntN(len(f.Clients)), with: pick(f.chosen, boxes), subject: about})
			at = len(open) - 1
		}
		f.mail(&open[at], boxes, i, f.moment(i, n))
		if len(open[at].ids) > 6 || len(open) > 50 {
			open = slices.Delete(open, at, at+1)
		}
	}
}

// mail makes the next mail of a conversation.
func (f *filling) mail(c *conversation, boxes []mailAccount, i int, at time.Time) {
	client := f.Clients[c.client]
	them, us := Person{client.Name, client.EMail}, Person{"Studio Lindenhof", c.with.address}
	inbound := (len(c.ids)+c.client)%2 == 0
	m := Mail{
		MessageID: fmt.Sprintf("<%d.%d.%x@%s>", f.seed, i, f.chosen.Uint32(), strings.SplitN(client.EMail, "@", 2)[1]),
		From:      us, To: []Person{them}, Subject: c.subject, Date: at,
		References: slices.Clone(c.ids),
	}
	if inbound {
		m.From, m.To = them, []Person{us}
	}
	if len(c.ids) > 0 {
		m.Subject, m.InReplyTo = "Re: "+c.subject, c.ids[len(c.ids)-1]
	}
	text := fmt.Sprintf("%s,\n\n%s\n%s\n\n%s\n", pick(f.chosen, greetings), pick(f.chosen, sentences), pick(f.chosen, sentences), m.From.Name)
	switch f.chosen.IntN(4) {
	case 0:
		m.Text = text
	case 1:
		m.HTML = asHTML(text)
	default:
		m.Text, m.HTML = text, asHTML(text)
	}
	if f.chosen.IntN(12) == 0 {
		m.Attached = []Attachment{{Name: pick(f.chosen, []string{"Angebot.pdf", "seating plan.xlsx", "mood-board.jpg"}), Type: "application/octet-stream", Size: 1000 + f.chosen.IntN(2_000_000)}}
	}
	in := []mailAccount{c.with}
	if other := pick(f.chosen, boxes); other != c.with && f.chosen.IntN(10) < 2 {
		in = append(in, other)
		m.Cc = append(m.Cc, Person{Address: other.address})
	}
	fact := Fact{Kind: "email", ID: m.MessageID, Client: c.client, At: at, Inbound: inbound}
	for _, box := range in {
		f.deliver(box, m)
		fact.Accounts = append(fact.Accounts, box.address)
	}
	f.Facts = append(f.Facts, fact)
	c.ids = append(c.ids, m.MessageID)
}

// asHTML is a text as mail programs write it, with what no timeline may show.
func asHTML(text string) string {
	lines := strings.Split(html.EscapeString(text), "\n")
	return `<html><head><style>p{margin:0}</style></head><body><p>` + strings.Join(lines, "</p>\n<p>") +
		`</p><img src="https://pixel.example/open.gif" width="1" height="1"><script>void 0</script></body></html>`
}

var (
	topics    = []string{"Our wedding in June", "Flowers for the tables", "Änderung der Gästezahl", "Contract and deposit", "Music after midnight", "Menu tasting", "Sitzordnung", "Where do we park?", "Timeline of the day", "Photos in the garden"}
	greetings = []string{"Hello", "Dear all", "Hallo zusammen", "Hi"}
	sentences = []string{
		"We would like to add four guests to table seven.",
		"Könnten Sie uns das Angebot noch einmal schicken?",
		"The ceremony begins at half past two, rain or shine.",
		"Please find the signed contract attached.",
		"My mother is allergic to nuts, is that a problem?",
		"We have decided for white roses and eucalyptus.",
		"The deposit was transferred this morning.",
		"Could we talk by phone on Thursday?",
		"Das Zelt sollte bis Freitagmittag stehen.",
		"The band needs two sockets beside the stage.",
	}
)
