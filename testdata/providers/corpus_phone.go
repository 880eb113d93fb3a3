package providers

import "time"

// lines are the accounts at Twilio.
func (f *filling) lines() (all []Telephone) {
	for _, l := range f.places.Twilio {
		all = append(all, f.server.Telephone(l.SID, l.Token, l.Number))
	}
	return all
}

// messages makes text messages with clients.
func (f *filling) messages(n int) {
	lines := f.lines()
	if len(lines) == 0 || len(f.Clients) == 0 {
		return
	}
	for i := range n {
		client, on := f.chosen.IntN(len(f.Clients)), f.chosen.IntN(len(lines))
		m := Message{
			From: f.places.Twilio[on].Number, To: f.Clients[client].Phone, State: "delivered",
			Body: pick(f.chosen, sentences), Sent: f.moment(i, n), Inbound: f.chosen.IntN(2) == 0,
		}
		if m.Inbound {
			m.From, m.To, m.State = m.To, m.From, "received"
			m.Media = max(0, f.chosen.IntN(12)-10)
		}
		if f.chosen.IntN(10) == 0 {
			m.From, m.To = "whatsapp:"+m.From, "whatsapp:"+m.To
		}
		sid := lines[on].Message(m)
		f.Facts = append(f.Facts, Fact{Kind: "sms", ID: sid, Client: client, Accounts: []string{lines[on].sid}, At: m.Sent, Inbound: m.Inbound})
	}
}

// calls makes calls with clients, one in four of them put through to another
// telephone, which is still one call.
func (f *filling) calls(n int) {
	lines := f.lines()
	if len(lines) == 0 || len(f.Clients) == 0 {
		return
	}
	for i := range n {
		client, on := f.chosen.IntN(len(f.Clients)), f.chosen.IntN(len(lines))
		c := Call{
			From: f.places.Twilio[on].Number, To: f.Clients[client].Phone, Inbound: f.chosen.IntN(2) == 0,
			State: "completed", Start: f.moment(i, n), Duration: time.Duration(20+f.chosen.IntN(1500)) * time.Second,
		}
		if f.chosen.IntN(6) == 0 {
			c.State, c.Duration = "no-answer", 0
		}
		if c.Inbound {
			c.From, c.To = c.To, c.From
		}
		sid := lines[on].Call(c)
		if c.Inbound && f.chosen.IntN(2) == 0 {
			lines[on].Call(Call{Parent: sid, From: c.From, To: mobile, State: c.State, Start: c.Start.Add(3 * time.Second), Duration: max(0, c.Duration-3*time.Second)})
		}
		f.Facts = append(f.Facts, Fact{Kind: "call", ID: sid, Client: client, Accounts: []string{lines[on].sid}, At: c.Start, Inbound: c.Inbound})
	}
}

// mobile is the number of the one who owns the studio.
const mobile = "+4916099900001"
