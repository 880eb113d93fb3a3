package providers_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"wedsync/server/webhooks/signature"
	"wedsync/testdata/providers"
)

const line = "AC00000000000000000000000000000001"

func twilio(s *providers.Server, target, password string) (int, map[string]any) {
	r := httptest.NewRequest("GET", "/twilio"+target, nil)
	r.SetBasicAuth(line, password)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var said map[string]any
	if json.Unmarshal(w.Body.Bytes(), &said) != nil {
		said = nil
	}
	return w.Code, said
}

func TestMessagesAreListedFromADayOnTheNewestFirst(t *testing.T) {
	s := providers.New(providers.Options{Clock: func() time.Time { return began }})
	phone := s.Telephone(line, "secret", "+4930901820")
	for day := range 10 {
		phone.Message(providers.Message{From: "+4930901820", To: "+491701234567", State: "sent", Sent: began.AddDate(0, 0, -day)})
	}
	if status, said := twilio(s, "/2010-04-01/Accounts/"+line+".json", "wrong"); status != 401 || said["code"] != 20003.0 {
		t.Errorf("%d %v", status, said)
	}
	if status, _ := twilio(s, "/2010-04-01/Accounts/AC2/Messages.json", "secret"); status != 404 {
		t.Errorf("another account: %d", status)
	}
	var dates []string
	for next := "/2010-04-01/Accounts/" + line + "/Messages.json?PageSize=3&" + url.QueryEscape("DateSent>") + "=2027-02-24"; next != ""; {
		status, said := twilio(s, next, "secret")
		if status != 200 {
			t.Fatal(status, said)
		}
		for _, m := range said["messages"].([]any) {
			dates = append(dates, m.(map[string]any)["date_sent"].(string))
		}
		if len(dates) == 3 { // one that comes meanwhile moves nothing
			phone.Message(providers.Message{State: "received", Inbound: true, Sent: began.Add(time.Minute)})
		}
		next, _ = said["next_page_uri"].(string)
	}
	if len(dates) != 6 || dates[0] != "Mon, 01 Mar 2027 09:00:00 +0000" || dates[5] != "Wed, 24 Feb 2027 09:00:00 +0000" {
		t.Errorf("%v", dates)
	}
}

func TestCallbacksAreSignedAsTwilioSignsThem(t *testing.T) {
	s := providers.New(providers.Options{Clock: func() time.Time { return began }})
	phone := s.Telephone(line, "secret", "+4930901820")
	var pushes []providers.Push
	s.OnPush(func(p providers.Push) { pushes = append(pushes, p) })
	phone.Callback("https://hub.test/hook?a=b")
	phone.Message(providers.Message{From: "+491701234567", To: "+4930901820", Body: "Grüße & mehr", Media: 1, Inbound: true, State: "received", Sent: began})
	call := phone.Call(providers.Call{From: "+4930901820", To: "+491701234567", State: "ringing", Start: began})
	phone.State(call, "completed", time.Minute)
	if len(pushes) != 3 {
		t.Fatalf("%d", len(pushes))
	}
	for _, p := range pushes {
		r := signature.Request{URL: p.URL, Header: p.Header, Body: p.Body}
		if _, err := signature.Twilio(r, []string{"secret"}); err != nil {
			t.Errorf("%v: %s", err, p.Body)
		}
		if _, err := signature.Twilio(r, []string{"another"}); err == nil {
			t.Error("signed with whatever token")
		}
	}
	form, err := url.ParseQuery(string(pushes[2].Body))
	if err != nil || form.Get("CallSid") != call || form.Get("CallStatus") != "completed" || form.Get("CallDuration") != "60" || form.Get("SequenceNumber") != "1" {
		t.Errorf("%v %v", form, err)
	}
}
