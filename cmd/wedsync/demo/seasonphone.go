package demo

import (
	"time"

	"wedsync/testdata/providers"
)

// A text is a message from a couple's phone, or from the studio to it.
type text struct {
	ago  time.Duration
	key  string // of the couple
	ours bool   // the studio sent it
	body string
}

func texts() []text {
	return []text{
		{9*day + 2*time.Hour, "neha", false, "Running ten minutes late, traffic at Gunnersbury. Which gate?"},
		{9*day + 2*time.Hour - 2*time.Minute, "neha", true, "North gate. No rush, the light gets better."},
		{5 * day, "kate", false, "Boarding passes for Wrocław are in your mail. Bring a coat!"},
		{31 * time.Hour, "hugo", false, "Code at Rue de Tolbiac has changed: 52C9. Same door."},
		{31*time.Hour - 5*time.Minute, "hugo", true, "Noted, thank you. See you at nine."},
		{46 * time.Minute, "neha", false, "Moti the horse has been replaced by Raju the horse. Raju is calmer."},
	}
}

// message is a text as the telephone has it.
func (t text) message(now time.Time) providers.Message {
	_, number := theirs(t.key)
	m := providers.Message{From: number, To: studioNumber, Body: t.body, Inbound: true, State: "received", Sent: now.Add(-t.ago)}
	if t.ours {
		m.From, m.To, m.Inbound, m.State = studioNumber, number, false, "delivered"
	}
	return m
}

// A ring is a call from a couple, or to them.
type ring struct {
	ago  time.Duration
	key  string // of the couple
	ours bool   // the studio called
	took time.Duration
}

func rings() []ring {
	return []ring{
		{32 * day, "neha", true, 23 * time.Minute},
		{8 * day, "amara", false, 6*time.Minute + 20*time.Second},
		{3*day + 4*time.Hour, "kate", false, 11 * time.Minute},
		{2*day + 3*time.Hour, "neha", false, 0},
		{2*day + 2*time.Hour, "neha", true, 4*time.Minute + 10*time.Second},
	}
}

// call is a ring as the telephone has it.
func (r ring) call(now time.Time) providers.Call {
	_, number := theirs(r.key)
	c := providers.Call{From: number, To: studioNumber, Inbound: true, State: "completed", Start: now.Add(-r.ago), Duration: r.took}
	if r.ours {
		c.From, c.To, c.Inbound = studioNumber, number, false
	}
	if r.took == 0 {
		c.State = "no-answer"
	}
	return c
}
