package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type communicationsCommand struct {
	Accounts   communicationsAccountsCommand   `cmd:"" help:"List accounts that communication is read from, and change them."`
	Connect    communicationsConnectCommand    `cmd:"" help:"Connect an account."`
	Disconnect communicationsDisconnectCommand `cmd:"" help:"Disconnect an account."`
	Sync       communicationsSyncCommand       `cmd:"" help:"Read what is new, and show how far every source is."`
	List       communicationsListCommand       `cmd:"" help:"List a client's communication."`
	Unmatched  communicationsUnmatchedCommand  `cmd:"" help:"List what is in no client's timeline, and whose it may be."`
	Link       communicationsLinkCommand       `cmd:"" help:"Say whether something is about a client."`
}

// A remoteCommunication is a mail, a call or the like as a list of the API has it.
type remoteCommunication struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	Direction    string    `json:"direction"`
	At           time.Time `json:"occurred_at"`
	Participants []struct {
		Role    string `json:"role"`
		Name    string `json:"name"`
		Address string `json:"address"`
		Own     bool   `json:"own"`
	} `json:"participants"`
	Subject     string `json:"subject"`
	Snippet     string `json:"snippet"`
	Source      string `json:"source"`
	Occurrences []struct {
		Source  string `json:"source"`
		Account string `json:"account_id"`
		Level   string `json:"level"`
	} `json:"occurrences"`
}

// with is who took part, but for the supplier's own if there are others.
func (c *remoteCommunication) with() string {
	var own, others []string
	for _, p := range c.Participants {
		name := p.Name
		if name == "" {
			name = p.Address
		}
		if p.Own {
			own = append(own, printable(name))
		} else {
			others = append(others, printable(name))
		}
	}
	if len(others) == 0 {
		others = own
	}
	return strings.Join(others, ", ")
}

// says is how it begins.
func (c *remoteCommunication) says() string {
	return strings.TrimSpace(printable(c.Subject) + "\n" + printable(c.Snippet))
}

// what is of which kind it is, and who began it.
func (c *remoteCommunication) what() string {
	return strings.ReplaceAll(c.Kind, "_", " ") + "\n" + c.Direction
}

// communicationFilter says which communications are asked for.
type communicationFilter struct {
	Kind      []string `help:"Only of these kinds: email, sms, call, scheduled_call, meeting, message, note." placeholder:"KIND"`
	Direction string   `help:"Only those that this side began: ${enum}." enum:"inbound,outbound,internal," default:"" placeholder:"SIDE"`
	Search    string   `short:"q" help:"Only those with all of these words, or their beginnings." placeholder:"WORDS"`
	From      string   `help:"Only of then or later, such as 2027-06-12T00:00:00Z." placeholder:"TIME"`
	To        string   `help:"Only of before." placeholder:"TIME"`
	Account   string   `help:"Only what this account has." placeholder:"ID"`
	Limit     int      `help:"How many to show at most (default ${default})." default:"50" placeholder:"N"`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// Validate is called by kong.
func (f *communicationFilter) Validate() error { return validLimit(f.Limit) }

func (f *communicationFilter) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"kind": strings.Join(f.Kind, ","), "direction": f.Direction, "q": f.Search, "from": f.From, "to": f.To, "account": f.Account,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

type communicationsListCommand struct {
	remoteHub
	communicationFilter
	Client string `help:"The client: its id or document id." required:"" placeholder:"ID"`
}

func (communicationsListCommand) Help() string {
	return `
What was found so far, the newest first, each once in however many accounts it is. To
have what is new read first: wedsync communications sync

Examples:

    wedsync communications list --client 01J9ZDB7C8D9E0F1G2H3J4K5M6
    wedsync communications list --client 01J9ZDB7C8D9E0F1G2H3J4K5M6 --kind email,sms -q peonies
    wedsync communications list --client 01J9ZDB7C8D9E0F1G2H3J4K5M6 --json | jq -r '.items[].subject'`
}

// Run prints communications.
func (c *communicationsListCommand) Run(ctx context.Context, t terminal) error {
	all, err := list[remoteCommunication](ctx, &c.remoteHub, "/api/clients/"+url.PathEscape(c.Client)+"/communications", c.query(), c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, all)
	}
	if len(all.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "Nothing was found so far.")
		return err
	}
	g := newGrid("when", "what", "with", "says", "source", "item")
	for i := range all.Items {
		it := &all.Items[i]
		g.add(shownTime(&it.At), it.what(), it.with(), it.says(), it.Source, it.ID)
	}
	if err := g.print(t.Out); err != nil {
		return err
	}
	return printMore(t.Out, all.Next)
}

type remoteUnmatched struct {
	remoteCommunication
	Suggestions []struct {
		Client string `json:"client_id"`
		Name   string `json:"name"`
		Reason string `json:"reason"`
	} `json:"suggestions"`
}

type communicationsUnmatchedCommand struct {
	remoteHub
	communicationFilter
}

func (communicationsUnmatchedCommand) Help() string {
	return `
Nothing is a client's by a guess: say whose it is with wedsync communications link. Why
a client is suggested:

    contact  several clients have the address or number
    thread   others of the conversation are this client's
    number   the number is the client's but for the code of its country
    name     the client's record names somebody who took part

Examples:

    wedsync communications unmatched
    wedsync communications unmatched --kind email --from 2027-06-01T00:00:00Z`
}

// Run prints what is nobody's.
func (c *communicationsUnmatchedCommand) Run(ctx context.Context, t terminal) error {
	all, err := list[remoteUnmatched](ctx, &c.remoteHub, "/api/communications/unmatched", c.query(), c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, all)
	}
	if len(all.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "All is some client's.")
		return err
	}
	g := newGrid("when", "what", "with", "says", "item", "may be")
	g.Style().Options.SeparateRows = true
	for i := range all.Items {
		it := &all.Items[i]
		may := make([]string, len(it.Suggestions))
		for j, s := range it.Suggestions {
			may[j] = fmt.Sprintf("%s (%s)\n%s", printable(s.Name), s.Reason, s.Client)
		}
		g.add(shownTime(&it.At), it.what(), it.with(), it.says(), it.ID, strings.Join(may, "\n"))
	}
	if err := g.print(t.Out); err != nil {
		return err
	}
	return printMore(t.Out, all.Next)
}

type communicationsLinkCommand struct {
	remoteHub
	Item   string `arg:"" help:"What it is about; list and unmatched show items."`
	Client string `help:"The client: its id or document id." required:"" placeholder:"ID"`
	Not    bool   `help:"It is not about this client."`
}

func (communicationsLinkCommand) Help() string {
	return `
It stays so, whatever is read later.

Examples:

    wedsync communications link 01JD8Z7Q3KX0V5M2N4B6C8D0EF --client 01J9ZDB7C8D9E0F1G2H3J4K5M6
    wedsync communications link 01JD8Z7Q3KX0V5M2N4B6C8D0EF --client 01J9ZDB7C8D9E0F1G2H3J4K5M6 --not`
}

// Run links an item, or unlinks it.
func (c *communicationsLinkCommand) Run(ctx context.Context, t terminal) error {
	state, said := "linked", "is about"
	if c.Not {
		state, said = "unlinked", "is not about"
	}
	path := "/api/clients/" + url.PathEscape(c.Client) + "/communications/" + url.PathEscape(c.Item) + "/link"
	if err := c.do(ctx, http.MethodPut, path, map[string]string{"state": state}, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%s %s %s.\n", printable(c.Item), said, printable(c.Client))
	return err
}
