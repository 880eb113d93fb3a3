package google_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/server/outbound"
	"wedsync/store"
)

// answering answers requests whose URL contains some text.
type answering func(r source.Request) (string, error)

func (f answering) Call(_ context.Context, r source.Request) (source.Answer, error) {
	body, err := f(r)
	return source.Answer{Status: 200, Body: []byte(body)}, err
}

func refusing(status int, body string) source.Caller {
	return answering(func(r source.Request) (string, error) { return "", r.Judge(status, nil, []byte(body)) })
}

// mailbox is one with a single message.
func mailbox(message func(r source.Request) (string, error)) answering {
	return func(r source.Request) (string, error) {
		switch {
		case strings.Contains(r.URL, "/profile"):
			return `{"historyId":"7","messagesTotal":1}`, nil
		case strings.Contains(r.URL, "/messages/"):
			return message(r)
		}
		return `{"messages":[{"id":"m1"}]}`, nil
	}
}

// pulled is what is found in a mailbox with one message.
func pulled(message func(r source.Request) (string, error)) ([]store.Item, error) {
	a := source.Account{Address: anna, Level: store.LevelEverything, Now: now, Caller: mailbox(message)}
	step, err := google.Source{}.Pull(context.Background(), a, "mail", source.Place{})
	return step.Found, err
}

// message is one as Gmail gives it, with headers ("Name: value") and a payload.
func message(labels string, headers []string, rest string) string {
	var all []map[string]string
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		all = append(all, map[string]string{"name": name, "value": value})
	}
	data, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"id":"m1","labelIds":[%s],"internalDate":"%d","payload":{"headers":%s,%s}}`, labels, now.UnixMilli(), data, rest)
}

func item(t *testing.T, labels string, headers []string, rest string) store.Item {
	t.Helper()
	found, err := pulled(func(source.Request) (string, error) { return message(labels, headers, rest), nil })
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

func b64(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) }

func TestHeadersAreReadHoweverTheyAreWritten(t *testing.T) {
	got := item(t, `"INBOX"`, []string{
		"from: =?iso-8859-1?Q?J=F6rg_M=FCller?= <Joerg@Mail.Example>",
		"To: undisclosed-recipients:;",
		`Cc: anna@studio.example, "Broken, name <kim@mail.example>, =?utf-8?q?Chlo=C3=A9?= <chloe@mail.example>`,
		"SUBJECT: =?utf-8?B?w4RuZGVydW5n?= der =?windows-1252?Q?G=E4ste?=",
		"Message-Id: <A.1@Mail.Example>", "In-Reply-To: <root@mail.example>", "Date: Mon, 1 Mar 2027 09:58:00 +0100",
	}, `"mimeType":"text/plain","body":{"data":"`+b64("Hello")+`"}`)
	names := map[string]string{}
	for _, p := range got.Participants {
		names[p.Value] = p.Name
	}
	if got.Subject != "Änderung der Gäste" || names["joerg@mail.example"] != "Jörg Müller" || names["chloe@mail.example"] != "Chloé" {
		t.Errorf("%q, %v", got.Subject, names)
	}
	if _, ok := names["kim@mail.example"]; !ok || got.Direction != store.Inbound || !got.At.Equal(time.Date(2027, 3, 1, 8, 58, 0, 0, time.UTC)) {
		t.Errorf("%v %s %s", names, got.Direction, got.At)
	}
	key, thread := source.MailKeys("<A.1@mail.example>", "", "<root@mail.example>", source.Account{}, "")
	if got.Key != key || got.Thread != thread {
		t.Error("another key or thread")
	}
}

func TestDateThatCannotBeIsNotBelieved(t *testing.T) {
	got := item(t, `"INBOX"`, []string{"From: a@mail.example", "Date: Mon, 1 Mar 1999 09:58:00 +0100"}, `"mimeType":"text/plain"`)
	if !got.At.Equal(now) {
		t.Errorf("%s, want %s, when it came", got.At, now)
	}
}

func TestMailSentUnderAnotherAddressIsOutbound(t *testing.T) {
	got := item(t, `"SENT"`, []string{"From: hello@studio.example", "To: ada@mail.example"}, `"mimeType":"text/plain"`)
	if got.Direction != store.Outbound || !got.Participants[0].Own {
		t.Errorf("%s %+v", got.Direction, got.Participants)
	}
}

func TestPartsOfAMailAreToldApart(t *testing.T) {
	got := item(t, `"INBOX"`, []string{"From: a@mail.example"}, `"mimeType":"multipart/mixed","parts":[
		{"mimeType":"multipart/alternative","parts":[
			{"mimeType":"text/plain","headers":[{"name":"Content-Type","value":"text/plain; charset=iso-8859-15"}],"body":{"data":"`+b64("Gr\xfc\xdfe f\xfcr 5 \xa4")+`"}},
			{"mimeType":"text/html","body":{"data":"`+b64(`<p>Gruß</p><img src="https://pixel.example">`)+`"}}]},
		{"mimeType":"message/rfc822","filename":"","body":{"attachmentId":"x","size":5},"parts":[{"mimeType":"text/plain","body":{"data":"`+b64("not this")+`"}}]},
		{"mimeType":"application/pdf","filename":"=?utf-8?q?Men=C3=BC.pdf?=","body":{"attachmentId":"x","size":1234}}]`)
	var d source.Detail
	if err := json.Unmarshal(got.Detail, &d); err != nil {
		t.Fatal(err)
	}
	want := []source.Attachment{{Name: "message.eml", Type: "message/rfc822", Size: 5}, {Name: "Menü.pdf", Type: "application/pdf", Size: 1234}}
	if got.Body != "Grüße für 5 €" || d.HTML != "<p>Gruß</p>" || fmt.Sprint(d.Attachments) != fmt.Sprint(want) {
		t.Errorf("%q %q %v", got.Body, d.HTML, d.Attachments)
	}
}

func TestOfAMailThatIsTooLongItsHeadersAreRead(t *testing.T) {
	found, err := pulled(func(r source.Request) (string, error) {
		if strings.Contains(r.URL, "format=full") {
			return "", fmt.Errorf("%w: %w", source.ErrUnreadable, outbound.ErrTooLong)
		}
		return message(`"INBOX"`, []string{"From: a@mail.example", "Subject: huge"}, `"mimeType":"text/plain"`), nil
	})
	if err != nil || len(found) != 1 || found[0].Subject != "huge" {
		t.Errorf("%v %v", found, err)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("A <a@mail.example>, b", "=?utf-8?q?x?=", "Mon, 1 Mar 2027 09:58:00 +0100", "text/html", "text/html; charset=iso-2022-jp", []byte("<p>x"))
	f.Add("\"<<", "=?x?b?!?=", "", "multipart/mixed", "", []byte{0xff, 0})
	f.Fuzz(func(t *testing.T, people, subject, date, kind, contentType string, body []byte) {
		k, err := json.Marshal(strings.ToValidUTF8(kind, ""))
		if err != nil {
			t.Fatal(err)
		}
		headers := []string{"From: " + people, "To: " + people, "Subject: " + subject, "Date: " + date, "Message-ID: " + people, "Content-Type: " + contentType}
		for i, h := range headers {
			headers[i] = strings.ToValidUTF8(h, "")
		}
		got := item(t, `"INBOX"`, headers, `"mimeType":`+string(k)+`,"body":{"data":"`+base64.RawURLEncoding.EncodeToString(body)+`"}`)
		for _, text := range []string{got.Subject, got.Snippet, got.Body, string(got.Detail)} {
			if strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text || len(text) > store.MaxItemBytes {
				t.Errorf("%q", text)
			}
		}
		if len(got.Participants) > store.MaxParticipants {
			t.Errorf("%d participants", len(got.Participants))
		}
		for _, p := range got.Participants {
			if strings.ContainsRune(p.Name+p.Value, 0) || strings.ToValidUTF8(p.Name+p.Value, "") != p.Name+p.Value {
				t.Errorf("%+v", p)
			}
		}
	})
}
