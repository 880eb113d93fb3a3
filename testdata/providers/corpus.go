package providers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Sizes say how much a corpus has.
type Sizes struct {
	Clients  int
	Mails    int
	Events   int
	Messages int // text messages
	Calls    int
}

// Places are the accounts that a corpus is put into.
type Places struct {
	Google    []string // addresses
	Microsoft []string
	Twilio    []Line
}

// A Line is an account at Twilio with one phone number.
type Line struct {
	SID, Token string
	Number     string // E.164
}

// A Client is one whom the supplier wrote with.
type Client struct {
	Name  string
	EMail string
	Phone string // E.164
}

// A Fact is one communication that took place, which a timeline has once.
type Fact struct {
	Kind     string // email, meeting, scheduled_call, sms, call
	ID       string // Message-ID, iCalUID, sid
	Client   int    // whose it is
	Accounts []string
	At       time.Time
	Inbound  bool
}

// A Corpus is what is true of a server that was filled.
type Corpus struct {
	Clients []Client
	Facts   []Fact
}

// Of are the facts of a client.
func (c Corpus) Of(client int) (facts []Fact) {
	for _, f := range c.Facts {
		if f.Client == client {
			facts = append(facts, f)
		}
	}
	return facts
}

// filling is a corpus that is being made.
type filling struct {
	*Corpus
	server *Server
	chosen *rand.Rand
	seed   uint64
	until  time.Time
	places Places
}

// Fill puts a corpus into accounts, which are made if they are new: what a wedding
// supplier and so many clients told each other in the year before the server's
// time. Equal seeds, sizes and times give equal corpora.
func (s *Server) Fill(seed uint64, sizes Sizes, places Places) Corpus {
	var c Corpus
	f := filling{
		Corpus: &c, server: s, seed: seed, places: places, until: s.options.Clock().UTC().Truncate(time.Second),
		chosen: rand.New(rand.NewPCG(seed, 0x77656473796e63)), //nolint:gosec // letters are no secret
	}
	for i := range sizes.Clients {
		c.Clients = append(c.Clients, f.client(i))
	}
	f.mails(sizes.Mails)
	f.events(sizes.Events)
	f.messages(sizes.Messages)
	f.calls(sizes.Calls)
	return c
}

// client makes a client, whose address and number nobody else has.
func (f *filling) client(i int) Client {
	first, last := pick(f.chosen, firstNames), pick(f.chosen, lastNames)
	return Client{
		Name:  first + " " + last,
		EMail: fmt.Sprintf("%s.%s%d@%s", plain(first), plain(last), i, pick(f.chosen, []string{"mail.example", "post.example", "family.example"})),
		Phone: fmt.Sprintf("+4915%09d", 110000000+i*7),
	}
}

// plain is a name as addresses have it.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("é", "e", "ü", "ue", "ö", "oe", "ñ", "n", "ø", "o").Replace(name))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// moment is one in the year before the end, the i-th of n, in order.
func (f *filling) moment(i, n int) time.Time {
	const year = 365 * 24 * time.Hour
	step := year / time.Duration(n+1)
	return f.until.Add(-year + step*time.Duration(i+1) + time.Duration(f.chosen.Int64N(int64(step)/2+1))).Truncate(time.Second)
}

var (
	firstNames = []string{"Ada", "Ben", "Chloé", "Dario", "Elif", "Finn", "Greta", "Hana", "Iñes", "Jonas", "Kira", "Luca", "Mara", "Nils", "Oya", "Paula", "Quinn", "Rosa", "Søren", "Tilda"}
	lastNames  = []string{"Abel", "Brandt", "Costa", "Demir", "Ebert", "Fischer", "Günther", "Huber", "Ivanov", "Jansen", "König", "Lopez", "Meyer", "Novak", "Otto", "Peters", "Reuter", "Silva", "Thoma", "Weber"}
)
