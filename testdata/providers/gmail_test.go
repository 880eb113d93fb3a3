package providers_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

const owner = "anna@studio.example"

// filled is a server with an owner's mailbox and a token for it.
func filled(mails int) (*providers.Server, providers.Gmail, string) {
	s := providers.New(providers.Options{Clock: func() time.Time { return began }})
	s.Fill(1, providers.Sizes{Clients: 5, Mails: mails}, providers.Places{Google: []string{owner}})
	return s, s.Gmail(owner), s.Grant(providers.Google, owner).Access
}

func TestMailboxIsListedByPages(t *testing.T) {
	s, box, token := filled(25)
	var ids []string
	for page := ""; ; {
		status, _, body := ask(s, "GET", "/google/gmail/v1/users/me/messages?maxResults=10&q=-in:drafts&pageToken="+page, token, nil)
		if status != 200 {
			t.Fatal(status, body)
		}
		for _, m := range body["messages"].([]any) {
			ids = append(ids, m.(map[string]any)["id"].(string))
		}
		if page, _ = body["nextPageToken"].(string); page == "" {
			break
		}
	}
	slices.Reverse(ids)
	if !slices.Equal(ids, box.IDs()) {
		t.Errorf("%d of %d", len(ids), len(box.IDs()))
	}
}

func TestHistoryTellsWhatChangedUntilItIsForgotten(t *testing.T) {
	s, box, token := filled(3)
	_, _, profile := ask(s, "GET", "/google/gmail/v1/users/me/profile", token, nil)
	from := "/google/gmail/v1/users/me/history?startHistoryId=" + profile["historyId"].(string)
	if _, _, body := ask(s, "GET", from, token, nil); body["history"] != nil || body["historyId"] != profile["historyId"] {
		t.Errorf("nothing changed: %v", body)
	}
	box.Trash(box.IDs()[0])
	box.Delete(box.IDs()[0])
	box.Add(providers.Mail{From: providers.Person{Address: "x@mail.example"}, Date: began})
	_, _, body := ask(s, "GET", from+"&historyTypes=messageDeleted&historyTypes=labelAdded", token, nil)
	if len(body["history"].([]any)) != 2 {
		t.Errorf("%v", body)
	}
	box.ForgetHistory()
	if status, _, body := ask(s, "GET", from, token, nil); status != 404 {
		t.Errorf("%d %v", status, body)
	}
}

func TestWatchedMailboxPushes(t *testing.T) {
	s, box, token := filled(1)
	var pushes []providers.Push
	s.OnPush(func(p providers.Push) { pushes = append(pushes, p) })
	box.Trash(box.IDs()[0])
	if status, _, body := ask(s, "POST", "/google/gmail/v1/users/me/watch", token, nil); status != 400 {
		t.Errorf("without a topic: %d %v", status, body)
	}
	if len(pushes) != 0 {
		t.Errorf("nobody watches: %v", pushes)
	}
	box.Watch()
	box.Add(providers.Mail{From: providers.Person{Address: "x@mail.example"}, Date: began})
	if len(pushes) != 1 || pushes[0].Address != owner || !strings.Contains(string(pushes[0].Body), `"subscription"`) {
		t.Errorf("%v", pushes)
	}
}

func TestQuotaIsKept(t *testing.T) {
	s, _, token := filled(1)
	s.SetQuota(providers.Google, 10)
	for i, want := range []int{200, 200, 429} {
		if status, h, _ := ask(s, "GET", "/google/gmail/v1/users/me/messages", token, url.Values{}); status != want || (want == 429) != (h.Get("Retry-After") != "") {
			t.Errorf("request %d: %d", i, status)
		}
	}
	if c := s.Total("/messages"); c != (providers.Count{Asked: 3, Served: 2, Limited: 1, Units: 10}) {
		t.Errorf("%+v", c)
	}
}
