package source_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

func TestPhonesAreComparableWithThoseOfRecords(t *testing.T) {
	for _, c := range []struct{ number, region, want string }{
		{"+49 170 1234567", "", "+491701234567"},
		{"+49 (0)170 / 123-4567", "US", "+491701234567"},
		{"0170 1234567", "DE", "+491701234567"},
		{"0170 1234567", "de", "+491701234567"},
		{"0170 1234567", "", "01701234567"},
		{"(415) 555-2671", "US", "+14155552671"},
		{"(415) 555-2671 ext. 12", "US", "+14155552671"},
		{"0039 06 698 12345", "DE", "+390669812345"},
		{"0039 06 698 12345", "", "+390669812345"},
		{"020 7183 8750", "GB", "+442071838750"},
		{"Anna", "DE", ""},
		{"", "DE", ""},
	} {
		got := source.Phone(c.number, c.region)
		if got != c.want {
			t.Errorf("Phone(%q, %q) = %q, want %q", c.number, c.region, got, c.want)
		}
		if got != store.NormalPhone(got) {
			t.Errorf("Phone(%q, %q) = %q, which is not normal", c.number, c.region, got)
		}
	}
}

func FuzzPhone(f *testing.F) {
	f.Add("+49 170 1234567", "DE")
	f.Add("0170 1234567 ext 5", "")
	f.Add("tel:+1-415-555-2671;ext=1", "US")
	f.Fuzz(func(t *testing.T, number, region string) {
		got := source.Phone(number, region)
		if strings.HasPrefix(got, "+") && got != store.NormalPhone(got) || got == "" != (store.NormalPhone(number) == "") {
			t.Errorf("Phone(%q, %q) = %q", number, region, got)
		}
	})
}

func TestPhonesAreFoundInTexts(t *testing.T) {
	for text, want := range map[string]bool{
		"call +49 30 901820":           true,
		"Tel. 030/901820 (Anna)":       true,
		"Room 12, 3rd floor":           false,
		"2027-06-12 10:00":             false,
		"Unter den Linden 77, 10117 B": false,
	} {
		if got := source.HasPhone(text, "DE"); got != want {
			t.Errorf("HasPhone(%q) = %t", text, got)
		}
	}
}

func TestMailboxesAgreeOnAMailAndItsThread(t *testing.T) {
	anna, ben := source.Account{Address: "anna@studio.example"}, source.Account{Address: "ben@studio.example"}
	key, thread := source.MailKeys("<B2@Mail.Example>", "<A1@mail.example> <x@y>", "<x@y>", anna, "1")
	if other, _ := source.MailKeys("b2@mail.example", "", "", ben, "2"); key == other {
		t.Error("the local part of an id is compared without case")
	}
	if other, same := source.MailKeys(" B2@mail.EXAMPLE ", "<A1@MAIL.example>\r\n\t<z@y>", "", ben, "2"); key != other || thread != same {
		t.Error("two mailboxes disagree")
	}
	if _, root := source.MailKeys("<A1@mail.example>", "", "", anna, "3"); root != thread {
		t.Error("the first mail of a thread is not in it")
	}
	if _, answer := source.MailKeys("", "", "<A1@mail.example>", anna, "4"); answer != thread {
		t.Error("an answer without an id of its own is not in the thread")
	}
	one, none := source.MailKeys("", "", "", anna, "5")
	if another, _ := source.MailKeys("<>", "", "", ben, "5"); one == another || none != [32]byte{} {
		t.Error("mails without an id are one")
	}
}

func TestDirectionFollowsFromWhoBeganIt(t *testing.T) {
	a := source.Account{Address: "Anna@Studio.example", Own: []store.Contact{{Kind: store.EMail, Value: "ben@studio.example"}}}
	anna, ben, client := a.Person("from", "Anna", "anna@studio.example"), a.Person("to", "", "Ben <BEN@studio.example>"), a.Person("to", "Client", "client@mail.example")
	for _, c := range []struct {
		people []store.Participant
		want   store.Direction
	}{
		{[]store.Participant{anna, client}, store.Outbound},
		{[]store.Participant{anna, ben, client}, store.Outbound},
		{[]store.Participant{anna, ben}, store.Internal},
		{[]store.Participant{a.Person("from", "", "client@mail.example"), ben}, store.Inbound},
		{nil, store.Inbound},
	} {
		if got := source.Way(c.people, "from"); got != c.want {
			t.Errorf("%v: %s, want %s", c.people, got, c.want)
		}
	}
}

func TestNobodyIsTwiceInARole(t *testing.T) {
	a := source.Account{}
	people := []store.Participant{
		a.Person("to", "", "x@mail.example"), a.Person("to", "X", "X@mail.example"), a.Person("cc", "", "x@mail.example"),
		a.Person("to", "", ""), a.Person("to", "Nobody knows", "/O=EXCHANGE"), a.Person("to", "x@mail.example", "x@mail.example"),
	}
	for i := range 300 {
		people = append(people, a.Number("callee", "", "+4930900"+strings.Repeat("1", 1+i%5)+strings.Repeat("2", i/60)))
	}
	got := source.Together(people)
	if len(got) > store.MaxParticipants || got[0].Value != "x@mail.example" || got[1].Role != "cc" || got[2].Name != "Nobody knows" || got[3].Role != "callee" {
		t.Errorf("%v", got[:4])
	}
}

func TestDetailStaysWithinItsBound(t *testing.T) {
	d := source.Detail{State: "delivered", HTML: strings.Repeat("<b>", store.MaxItemBytes), Ends: time.Unix(0, 0).UTC(), Attachments: make([]source.Attachment, 1000)}
	data := d.JSON()
	var back source.Detail
	if err := json.Unmarshal(data, &back); err != nil || len(data) > store.MaxItemBytes || back.State != "delivered" || back.HTML != "" || len(back.Attachments) != 100 {
		t.Errorf("%d bytes, %v: %+v", len(data), err, back)
	}
}
