package demo

import (
	"fmt"
	"strings"
	"time"

	"wedsync/testdata/providers"
)

// A letter is a mail that a couple wrote to the studio, or the studio to them.
type letter struct {
	ago     time.Duration
	key     string // of the couple
	at      string // the studio's address
	ours    bool   // the studio wrote it
	copied  string // another address of the studio's that has it too
	from    *providers.Person
	subject string // with "Re: " it answers what was written about that before
	text    string
	files   []providers.Attachment
}

// letters are all of them, the oldest first.
func letters() []letter {
	// Nobody knows these addresses: people say whose their letters are.
	iain := &providers.Person{Name: "Iain MacLeod", Address: "iain.macleod@clyde-boats.example"}
	priya := &providers.Person{Name: "Priya Raman", Address: "priya.raman@post.example"}
	hanna := &providers.Person{Name: "Hanna Lind", Address: "hanna@lind-catering.example"}
	return []letter{
		{ago: 34 * day, key: "neha", at: studioMail, subject: "Two days at Syon House", text: "Hi Olivia,\n\nwe saw your pictures of Amara's engagement and would love to have you. It will be two days, about 380 guests, and a horse. Is that too much?\n\nNeha"},
		{ago: 33 * day, key: "neha", at: studioMail, ours: true, copied: mayasMail, subject: "Re: Two days at Syon House", text: "Dear Neha,\n\nnothing is too much with a horse in it. Two photographers, two days: the offer is attached. Maya, who would be with me, reads along.\n\nOlivia", files: []providers.Attachment{{Name: "Offer Syon House.pdf", Type: "application/pdf", Size: 184_320}}},
		{ago: 31 * day, key: "neha", at: studioMail, copied: mayasMail, subject: "Re: Two days at Syon House", text: "We are in! Arjun signs tonight. One question: can somebody be at the north gate from ten? The baraat is always early.\n\nNeha"},
		{ago: 24 * day, key: "rosa", at: studioMail, subject: "Family groups", text: "Hello Olivia,\n\nmy mother cannot walk far, so could the family pictures be in the hall? There are stairs to the quay.\n\nThank you!\nRosa"},
		{ago: 23 * day, key: "rosa", at: studioMail, ours: true, subject: "Re: Family groups", text: "Of course, Rosa. The hall has two tall windows to the west, that is the best light in the house anyway.\n\nOlivia"},
		{ago: 12 * day, key: "freya", at: mayasMail, subject: "Radio for the lake", text: "Hej Maya,\n\nwe walk in from both sides of the lake and cannot see each other. Do you have radios, or should we bring ours?\n\nFreya"},
		{ago: 12*day - 3*time.Hour, key: "freya", at: mayasMail, ours: true, subject: "Re: Radio for the lake", text: "Hej Freya, I bring two. Channel 4. Kaffe gets none.\n\nMaya"},
		{ago: 6 * day, key: "amara", at: studioMail, subject: "Timetable, version three", text: "Dear all,\n\nattached is what we hope is the last one. The wine-carrying moves to five.\n\nAmara", files: []providers.Attachment{{Name: "Timetable v3.xlsx", Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Size: 23_552}}},
		{ago: 50 * time.Hour, key: "rosa", at: studioMail, from: hanna, subject: "Re: Family groups", text: "Hello, this is Hanna, I cook for Rosa and Iain. If you take the hall from six, I need it back at seven to lay the tables.\n\nHanna"},
		{ago: 32 * time.Hour, key: "rosa", at: mayasMail, subject: "If it rains", text: "Hi Maya,\n\nthe forecast looks grim already, half a year ahead. Would the hall work for everything?\n\nRosa"},
		{ago: 26 * time.Hour, key: "rosa", at: mayasMail, ours: true, subject: "Re: If it rains", text: "It would, and the doors open to the quay: you get the harbour and stay dry.\n\nMaya"},
		{ago: 20 * time.Hour, key: "iain", at: studioMail, from: iain, subject: "The boat, and a surprise", text: "Hello Olivia,\n\nfrom my office, since Rosa reads the other address: could we leave the quay by boat at nine, and could somebody be on it with a camera?\n\nIain"},
		{ago: 5 * time.Hour, key: "priya", at: studioMail, from: priya, subject: "Is 14 August still free?", text: "Dear Orchard Weddings,\n\nmy cousin Neha speaks of nothing else. We marry on 14 August in Bath, about 90 guests, and still have nobody to photograph it.\n\nPriya Raman"},
		{ago: 50 * time.Minute, key: "rosa", at: studioMail, copied: mayasMail, subject: "Second album for my parents", text: "Hello both,\n\nwhat would a second, smaller album cost? It is a surprise, so please do not mention it on the phone when my mother is with me.\n\nRosa"},
	}
}

// deliver puts a letter into the mailboxes that have it.
func (a *apps) deliver(l letter, now time.Time) {
	couple, _ := theirs(l.key)
	studio := providers.Person{Name: studioName, Address: l.at}
	thread := strings.NewReplacer(" ", "-", ",", "").Replace(l.key + "-" + strings.TrimPrefix(l.subject, "Re: "))
	m := providers.Mail{
		MessageID: fmt.Sprintf("<%s-%d@example.org>", thread, int(l.ago.Minutes())), From: couple, To: []providers.Person{studio},
		Subject: l.subject, Text: l.text, Date: now.Add(-l.ago), Attached: l.files,
	}
	switch {
	case l.ours:
		m.From, m.To = studio, []providers.Person{couple}
	case l.from != nil:
		m.From = *l.from
	}
	if first := a.threads[thread]; first != "" {
		m.InReplyTo, m.References = first, []string{first}
	} else {
		a.threads[thread] = m.MessageID
	}
	if l.copied != "" {
		m.Cc = []providers.Person{{Address: l.copied}}
	}
	for _, address := range []string{l.at, l.copied} {
		switch address {
		case studioMail:
			a.providers.Gmail(address).Add(m)
		case mayasMail:
			a.providers.Outlook(address).Add(m)
		}
	}
}

// schedule puts into the studio's calendars when it meets couples and calls them.
func (a *apps) schedule(now time.Time) {
	noon := now.UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	studio, maya := providers.Person{Name: studioName, Address: studioMail}, providers.Person{Name: "Maya", Address: mayasMail}
	neha, _ := theirs("neha")
	rosa, _ := theirs("rosa")
	freya, _ := theirs("freya")
	office := a.providers.GoogleCalendar(studioMail, studioMail, studioName, "")
	office.Add(providers.Event{
		UID: "syon-walk@google.com", Start: noon.Add(-9 * day), End: noon.Add(-9*day + 2*time.Hour), Summary: "Walk through Syon House with Neha and Arjun", Location: "North gate, Syon House",
		Organiser: studio, Attendees: []providers.Person{studio, neha},
	})
	office.Add(providers.Event{
		UID: "rosa-albums@google.com", Start: noon.Add(2 * day), End: noon.Add(2*day + time.Hour), Summary: "Rosa: albums, and the hall", Conference: "https://meet.example/rosa-albums",
		Organiser: studio, Attendees: []providers.Person{studio, rosa},
	})
	mine := a.providers.OutlookCalendar(mayasMail, "Calendar", true)
	mine.Add(providers.Event{
		UID: "freya-lake@outlook.example", Start: noon.Add(-11 * day), End: noon.Add(-11*day + 30*time.Minute), Summary: "Freya and Ines: who walks where", Conference: "https://meet.example/lake",
		Organiser: freya, Attendees: []providers.Person{freya, maya},
	})
	mine.Add(providers.Event{
		UID: "neha-family@outlook.example", Start: noon.Add(5 * day), End: noon.Add(5*day + time.Hour), Summary: "Neha: list of the family groups", Conference: "https://meet.example/groups",
		Organiser: maya, Attendees: []providers.Person{maya, neha},
	})
}
