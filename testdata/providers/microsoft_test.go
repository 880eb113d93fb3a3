package providers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

// graph asks Graph with a body, and with what is preferred.
func graph(s *providers.Server, method, target, token string, body any, prefer ...string) (int, map[string]any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(string(data)))
	r.Header["Prefer"] = prefer
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var said map[string]any
	if json.Unmarshal(w.Body.Bytes(), &said) != nil {
		said = nil
	}
	return w.Code, said
}

// ids are those in a list, with a minus before those that are gone.
func ids(said map[string]any) (all []string) {
	for _, one := range said["value"].([]any) {
		one := one.(map[string]any)
		id := one["id"].(string)
		if one["@removed"] != nil {
			id = "-" + id
		}
		all = append(all, id)
	}
	return all
}

const inbox = "/microsoft/v1.0/me/mailFolders/inbox/messages/delta"

func outlook(t *testing.T) (*providers.Server, providers.Outlook, string) {
	t.Helper()
	s := providers.New(providers.Options{Clock: func() time.Time { return began }})
	return s, s.Outlook(owner), s.Grant(providers.Microsoft, owner).Access
}

func letter(i int) providers.Mail {
	return providers.Mail{MessageID: fmt.Sprintf("<%d@mail.example>", i), From: providers.Person{Address: "x@mail.example"}, Date: began}
}

func TestFolderTellsItsChangesByPages(t *testing.T) {
	const immutable = `IdType="ImmutableId"`
	s, box, token := outlook(t)
	var there []string
	for i := range 5 {
		there = append(there, box.Add(letter(i)))
	}
	var got []string
	next := inbox + "?$select=subject"
	for {
		status, said := graph(s, "GET", next, token, nil, "odata.maxpagesize=2", immutable)
		if status != 200 {
			t.Fatal(status, said)
		}
		got = append(got, ids(said)...)
		link, more := said["@odata.nextLink"].(string)
		if !more {
			next = said["@odata.deltaLink"].(string)
			break
		}
		next = link
	}
	if strings.Join(got, " ") != strings.Join(there, " ") {
		t.Errorf("%v, want %v", got, there)
	}
	box.Delete(there[0])
	box.Move(there[1], "archive")
	box.Read(there[2])
	_, said := graph(s, "GET", next, token, nil, immutable)
	if got := strings.Join(ids(said), " "); got != "-"+there[0]+" -"+there[1]+" "+there[2] {
		t.Error(got)
	}
	box.Forget()
	if status, said := graph(s, "GET", next, token, nil, immutable); status != http.StatusGone {
		t.Errorf("%d %v", status, said)
	}
}

func TestIDChangesWithTheFolderUnlessAnImmutableOneIsPreferred(t *testing.T) {
	s, box, token := outlook(t)
	id := box.Add(letter(1))
	_, before := graph(s, "GET", inbox, token, nil)
	box.Move(id, "archive")
	_, after := graph(s, "GET", strings.Replace(inbox, "inbox", "archive", 1), token, nil)
	if ids(before)[0] == ids(after)[0] {
		t.Error("the id stayed")
	}
	if status, _ := graph(s, "GET", "/microsoft/v1.0/me/messages/"+url.PathEscape(id), token, nil, `IdType="ImmutableId"`); status != 200 {
		t.Error(status)
	}
}

func TestFilteredFolderEndsAtItsLimit(t *testing.T) {
	s, box, token := outlook(t)
	for i := range 5200 {
		box.Add(letter(i))
	}
	told, next := 0, inbox+"?$select=isRead&$filter="+url.QueryEscape("receivedDateTime ge 2020-01-01T00:00:00Z")
	for more := true; more; {
		_, said := graph(s, "GET", next, token, nil, "odata.maxpagesize=1000")
		told += len(said["value"].([]any))
		next, more = said["@odata.nextLink"].(string)
	}
	if told != 5000 {
		t.Errorf("%d mails", told)
	}
}

// hears is a receiver of notifications that answers handshakes.
func hears(t *testing.T, answer func(token string) string) string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(answer(r.URL.Query().Get("validationToken"))))
	}))
	t.Cleanup(web.Close)
	return web.URL + "/hook?c=1"
}

func echo(token string) string { return token }

func TestSubscriptionNeedsAReceiverThatAnswers(t *testing.T) {
	s, _, token := outlook(t)
	asked := map[string]any{"changeType": "created,updated", "resource": "me/messages", "expirationDateTime": began.Add(time.Hour), "clientState": "secret"}
	for to, want := range map[string]int{
		hears(t, echo): http.StatusCreated,
		hears(t, func(string) string { return "something else" }): http.StatusBadRequest,
		"http://127.0.0.1:1/nobody":                               http.StatusBadRequest,
	} {
		asked["notificationUrl"] = to
		if status, said := graph(s, "POST", "/microsoft/v1.0/subscriptions", token, asked); status != want {
			t.Errorf("%d %v, want %d", status, said, want)
		}
	}
	asked["expirationDateTime"] = began.Add(8 * 24 * time.Hour)
	if status, _ := graph(s, "POST", "/microsoft/v1.0/subscriptions", token, asked); status != http.StatusBadRequest {
		t.Errorf("a life of eight days: %d", status)
	}
}

func TestSubscriptionIsToldOfChangesAndOfItsLife(t *testing.T) {
	s, box, token := outlook(t)
	var pushes []providers.Push
	s.OnPush(func(p providers.Push) { pushes = append(pushes, p) })
	to := hears(t, echo)
	_, made := graph(s, "POST", "/microsoft/v1.0/subscriptions", token, map[string]any{
		"changeType": "created", "resource": "me/messages", "notificationUrl": to, "lifecycleNotificationUrl": to + "&life",
		"expirationDateTime": began.Add(time.Minute), "clientState": "secret",
	})
	if made["expirationDateTime"] != "2027-03-01T09:45:00Z" || made["clientState"] != nil {
		t.Errorf("%v", made)
	}
	at := "/microsoft/v1.0/subscriptions/" + made["id"].(string)
	last := func() map[string]any {
		var said struct {
			Value []map[string]any `json:"value"`
		}
		if len(pushes) == 0 || json.Unmarshal(pushes[len(pushes)-1].Body, &said) != nil || len(said.Value) != 1 {
			t.Fatalf("%v", pushes)
		}
		return said.Value[0]
	}
	id := box.Add(letter(1))
	if n := last(); n["clientState"] != "secret" || n["changeType"] != "created" || n["subscriptionId"] != made["id"] || !strings.HasSuffix(n["resource"].(string), "/Messages/"+id) || pushes[0].URL != to {
		t.Errorf("%v", n)
	}
	box.Read(id)
	s.OutlookCalendar(owner, "Calendar", true).Add(providers.Event{UID: "u", Start: began, End: began})
	if len(pushes) != 1 {
		t.Errorf("told of what was not subscribed to: %d", len(pushes))
	}

	s.Lifecycle(owner, providers.ReauthorizationRequired)
	if n := last(); n["lifecycleEvent"] != "reauthorizationRequired" || pushes[1].URL != to+"&life" {
		t.Errorf("%v", n)
	}
	box.Add(letter(2))
	if len(pushes) != 2 {
		t.Error("told before it was authorized again")
	}
	if status, _ := graph(s, "POST", at+"/reauthorize", token, nil); status != http.StatusNoContent {
		t.Error(status)
	}
	box.Add(letter(3))
	if len(pushes) != 3 {
		t.Error("not told after it was authorized again")
	}
	if status, said := graph(s, "PATCH", at, token, map[string]any{"expirationDateTime": began.Add(time.Hour)}); status != 200 || said["expirationDateTime"] != "2027-03-01T10:00:00Z" {
		t.Errorf("%d %v", status, said)
	}
	s.Lifecycle(owner, providers.SubscriptionRemoved)
	if status, _ := graph(s, "DELETE", at, token, nil); status != http.StatusNotFound {
		t.Errorf("it is still there: %d", status)
	}
}
