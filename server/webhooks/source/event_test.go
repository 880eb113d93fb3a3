package source_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

var now = time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)

func event(src connection.Source, body string, change func(*signature.Request, *connection.Settings)) source.Event {
	r := signature.Request{Header: map[string][]string{}, URL: "https://hub.example.com/x", Body: []byte(body), Now: now}
	s := connection.Settings{Params: connection.Params{Sources: []string{"tave"}}}
	if change != nil {
		change(&r, &s)
	}
	return source.Events(src, s, r, signature.Signed{})[0]
}

func TestRepetitionIsKnownByWhatItsSenderSays(t *testing.T) {
	later := func(r *signature.Request, _ *connection.Settings) { r.Now = now.Add(2 * time.Hour) }
	for _, c := range []struct {
		name        string
		src         connection.Source
		first       string
		second      string
		secondTimes func(*signature.Request, *connection.Settings)
		same        bool
	}{
		{name: "the sender's id", src: connection.ClientIntegrations, first: `{"event_id":"e1","a":1}`, second: `{"event_id":"e1","a":2}`, secondTimes: later, same: true},
		{name: "another id", src: connection.ClientIntegrations, first: `{"event_id":"e1"}`, second: `{"event_id":"e2"}`},
		{
			name: "object and version", src: connection.Zapier, same: true, secondTimes: later,
			first: `{"id":1,"updated_at":"x","n":1}`, second: `{"id":1,"updated_at":"x","n":2}`,
		},
		{name: "another version", src: connection.Zapier, first: `{"id":1,"updated_at":"x"}`, second: `{"id":1,"updated_at":"y"}`},
		{name: "another type of the same version", src: connection.Zapier, first: `{"id":1,"updated_at":"x","type":"a"}`, second: `{"id":1,"updated_at":"x","type":"b"}`},
		{name: "the body within the hour", src: connection.Zapier, first: `{"id":1}`, second: `{"id":1}`, same: true},
		{name: "the body later", src: connection.Zapier, first: `{"id":1}`, second: `{"id":1}`, secondTimes: later},
		{name: "another body", src: connection.Zapier, first: `{"id":1,"a":1}`, second: `{"id":1,"a":2}`},
		{name: "no JSON", src: connection.Zapier, first: `x`, second: `x`, same: true},
		{
			name: "an unsigned id of a version that is signed", src: connection.GitHub, same: true,
			first: `{"id":1,"updated_at":"x"}`, second: `{"id":1,"updated_at":"x"}`,
			secondTimes: func(r *signature.Request, _ *connection.Settings) {
				r.Header["X-Github-Delivery"] = []string{"another"}
			},
		},
		{name: "two states of a message", src: connection.Twilio, first: "MessageSid=S&MessageStatus=sent", second: "MessageSid=S&MessageStatus=delivered"},
		{name: "a state of a call again", src: connection.Twilio, first: "CallSid=S&CallStatus=ringing&x=1", second: "CallSid=S&CallStatus=ringing&x=2", same: true},
	} {
		a, b := event(c.src, c.first, nil), event(c.src, c.second, c.secondTimes)
		if (a.External == b.External) != c.same {
			t.Errorf("%s: %q and %q", c.name, a.External, b.External)
		}
	}
}

func TestPathsOfAConnectionGoBeforeThoseOfItsSource(t *testing.T) {
	body := `{"client":{"uid":"c-9","rev":4,"email":"Ada@Example.com"},"what":"moved"}`
	s := connection.Settings{Params: connection.Params{Paths: connection.Paths{Object: "client.uid", Version: "client.rev", Type: "what", Data: "client"}}}
	e := source.Events(connection.Zapier, s, signature.Request{Body: []byte(body), Now: now}, signature.Signed{})[0]
	if e.Subject != "c-9" || e.Type != "moved" || e.External != `object "moved" "c-9" "4"` {
		t.Errorf("%+v", e)
	}
	o := object(t, connection.Zapier, s, store.InboxEvent{Type: e.Type, Subject: e.Subject, Body: []byte(body)})
	if o.ID != "c-9" || o.Version != "4" || o.Type != "moved" || o.Data["uid"] != "c-9" || len(o.Contacts) != 1 || o.Contacts[0].Value != "ada@example.com" {
		t.Errorf("%+v", o)
	}
}

func TestLongIDsAreKeptAsTheirHash(t *testing.T) {
	e := event(connection.ClientIntegrations, `{"event_id":"`+strings.Repeat("x", 5000)+`","client_data":{"id":"`+strings.Repeat("y", 5000)+`"},"event_type":"`+strings.Repeat("é", 90)+`"}`, nil)
	if len(e.External) > 200 || len(e.Subject) > 200 || len(e.Type) > 100 || e.External == e.Subject || !strings.HasPrefix(e.Type, "é") {
		t.Errorf("%q %q %q", e.External, e.Subject, e.Type)
	}
}

func TestSourceThatNobodySpokeOfIsUnrouted(t *testing.T) {
	for body, want := range map[string]bool{`{"source":"tave"}`: false, `{"source":"honeybook"}`: true, `{}`: true, `{"source":"*"}`: true} {
		if e := event(connection.ClientIntegrations, body, nil); e.Unrouted != want {
			t.Errorf("%s: %v", body, e.Unrouted)
		}
	}
	all := func(_ *signature.Request, s *connection.Settings) { s.Params.Sources = []string{"*"} }
	if e := event(connection.ClientIntegrations, `{"source":"honeybook"}`, all); e.Unrouted {
		t.Error("a connection for all does not take it")
	}
}

func TestTwilioTellsOfTheClientsNumber(t *testing.T) {
	for body, want := range map[string]string{
		"MessageSid=SM1&SmsStatus=received&From=%2B49151&To=%2B4930111":                                            "",
		"MessageSid=SM1&SmsStatus=received&From=%2B491511234567&To=%2B4930111222":                                  "+491511234567",
		"MessageSid=SM1&MessageStatus=delivered&SmsStatus=delivered&From=%2B4930111222&To=%2B491511234567":         "+491511234567",
		"CallSid=CA1&CallStatus=completed&Direction=inbound&From=%2B491511234567&To=%2B4930111222":                 "+491511234567",
		"CallSid=CA1&CallStatus=completed&Direction=outbound-api&From=%2B4930111222&To=%2B491511234567":            "+491511234567",
		"MessageSid=SM1&SmsStatus=received&From=whatsapp%3A%2B491511234567&To=whatsapp%3A%2B4930111222&Body=hello": "+491511234567",
	} {
		o := object(t, connection.Twilio, connection.Settings{}, store.InboxEvent{Body: []byte(body)})
		got := ""
		if len(o.Contacts) > 0 {
			got = o.Contacts[0].Value
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestGmailTellsWhichMailboxHasChanged(t *testing.T) {
	// The message of Google's guide on push notifications of Gmail.
	data := "eyJlbWFpbEFkZHJlc3MiOiAidXNlckBleGFtcGxlLmNvbSIsICJoaXN0b3J5SWQiOiAiMTIzNDU2Nzg5MCJ9"
	body := `{"message":{"data":"` + data + `","messageId":"2070443601311540","publishTime":"2021-02-26T19:13:55.749Z"},"subscription":"projects/myproject/subscriptions/mysubscription"}`
	if e := event(connection.Gmail, body, nil); e.Subject != "user@example.com" || e.External != "event projects/myproject/subscriptions/mysubscription 2070443601311540" {
		t.Errorf("%+v", e)
	}
	o := object(t, connection.Gmail, connection.Settings{}, store.InboxEvent{Body: []byte(body)})
	if o.ID != "user@example.com" || o.Version != "1234567890" || o.Contacts != nil {
		t.Errorf("%+v", o)
	}
	for name, encoding := range map[string]*base64.Encoding{"URL": base64.URLEncoding, "raw": base64.RawURLEncoding, "standard": base64.StdEncoding} {
		body := strings.Replace(body, data, encoding.EncodeToString([]byte(`{"emailAddress":"a?>b@example.com","historyId":7}`)), 1)
		if o := object(t, connection.Gmail, connection.Settings{}, store.InboxEvent{Body: []byte(body)}); o.Version != "7" || o.ID != "a?>b@example.com" {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestWhatCannotBeReadSaysSo(t *testing.T) {
	for _, src := range connection.Sources {
		for _, body := range []string{"", "x", "[]", "null", `{"a":1} x`, "%zz"} {
			_, err := read(t, src, connection.Settings{}, store.InboxEvent{Body: []byte(body)})
			if !errors.Is(err, source.ErrUnreadable) {
				t.Errorf("%s, %q: %v", src, body, err)
			}
		}
	}
}

func object(t *testing.T, src connection.Source, s connection.Settings, e store.InboxEvent) source.Object {
	t.Helper()
	o, err := read(t, src, s, e)
	if err != nil {
		t.Fatalf("%s, %s: %v", src, e.Body, err)
	}
	return o
}

func read(t *testing.T, src connection.Source, s connection.Settings, e store.InboxEvent) (source.Object, error) {
	t.Helper()
	settings, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return source.NewReader(nil, nil).Object(t.Context(), store.Connection{Source: string(src), Settings: settings}, e)
}

// FuzzEvents reads whatever may come as events of every source and their objects.
func FuzzEvents(f *testing.F) {
	f.Add(uint8(0), `{"source":"tave","event_type":"a","client_data":{"id":"1"}}`, "https://h/?event=job.created")
	f.Add(uint8(4), "MessageSid=SM1&SmsStatus=received", "")
	f.Add(uint8(5), `{"message":{"data":"e30","messageId":"1"}}`, "")
	f.Add(uint8(6), `{"value":[{"subscriptionId":"s","resource":"r","clientState":"x"}]}`, "")
	f.Add(uint8(7), `{"id":"01h","links":{"self":{"href":"https://tave.io/v2/job/01h"}}}`, "")
	f.Fuzz(func(t *testing.T, which uint8, body, url string) {
		src := connection.Sources[int(which)%len(connection.Sources)]
		r := signature.Request{URL: url, Body: []byte(body), Now: now}
		all := source.Events(src, connection.Settings{}, r, signature.Signed{})
		if len(all) == 0 {
			t.Fatal("no event")
		}
		for _, e := range all {
			if e.External == "" || e.Subject == "" || len(e.External) > 250 || len(e.Subject) > 250 || strings.ToValidUTF8(e.External+e.Subject+e.Type, "") != e.External+e.Subject+e.Type {
				t.Errorf("%s: %+v", src, e)
			}
			if src != connection.VSCO {
				_, _ = read(t, src, connection.Settings{}, store.InboxEvent{Type: e.Type, Subject: e.Subject, Body: e.Body})
			}
		}
	})
}
