package main

import "testing"

func TestClientsFindAndUseTheValueOfAnOrdinaryFieldThatLost(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada & Ben", "notes": "to be asked"})
	tab.do("find", args{"id": id})
	phone.do("offline", nil)
	tab.do("offline", nil)
	phone.do("set", args{"id": id, "field": "notes", "value": "likes peonies"})
	tab.do("set", args{"id": id, "field": "notes", "value": "likes lilies"})
	phone.do("splice", args{"id": id, "field": "name", "index": 0, "insert": "Dr. "})
	tab.do("splice", args{"id": id, "field": "name", "index": 9, "insert": " Miller"})
	phone.do("online", nil)
	tab.do("online", nil)
	converge(t, h, id, phone, tab)

	ada := h.api(member("ada"))
	record := ada.get(id)
	var page struct {
		Items []remoteMerged `json:"items"`
	}
	ada.must("GET", "/api/merged?status=open&client_id="+record.ClientID, nil, &page)
	if len(page.Items) != 1 || page.Items[0].Field != "notes" || len(page.Items[0].Values) != 2 {
		t.Fatalf("entries %+v", page.Items)
	}
	entry := page.Items[0]
	shown, other := entry.Values[0], entry.Values[1]
	if shownValue(shown.Value) != phone.value(id, "notes") || shownValue(shown.Value) != record.Fields["notes"] {
		t.Errorf("shows %s, the entry says %s", phone.value(id, "notes"), shown)
	}
	wrote := map[string]string{"ada": "likes peonies", "ben": "likes lilies"}
	for _, v := range entry.Values {
		if shownValue(v.Value) != wrote[v.Author.User] || v.Author.Device != v.Author.User+"-device" {
			t.Errorf("value %s by %s", v, v.Author)
		}
	}

	var closed remoteMerged
	ada.must("POST", "/api/merged/"+entry.ID+"/use", map[string]string{"value_of": other.Change}, &closed)
	if closed.Status != "used_other" || closed.ClosedBy.User != "ada" {
		t.Errorf("closed as %+v", closed)
	}
	for _, c := range []*nodeClient{phone, tab} {
		c.awaitValue(id, "notes", shownValue(other.Value))
		c.awaitValue(id, "name", "Dr. Ada & Ben Miller")
	}
	converge(t, h, id, phone, tab)

	h.stop()
	wantParts(t, mustRun(t, "doctor", "--data", h.data), "nothing is wrong")
	reopened := tamper(t, h.data, `UPDATE merged SET status = 'open', body = replace(body, 'used_other', 'open')`)
	out, err := wedsync(t, "doctor", "--data", reopened)
	if err == nil {
		t.Error("nothing is found")
	}
	wantParts(t, out, "merged entry "+entry.ID+" of notes is open, the ledger does not know it")
}
