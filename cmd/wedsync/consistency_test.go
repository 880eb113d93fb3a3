package main

import (
	"net/url"
	"strings"
	"testing"
)

// syncStatus is what sync status says of a record.
func syncStatus(a *api, id string) recordStatus {
	a.t.Helper()
	var page listing[recordStatus]
	a.must("GET", "/api/clients/sync-status?client_id="+url.QueryEscape(id), nil, &page)
	if len(page.Items) != 1 {
		a.t.Fatalf("sync status tells of %d records", len(page.Items))
	}
	return page.Items[0]
}

// of is how a user's device stands to the record.
func (r *recordStatus) of(t *testing.T, user string) deviceStatus {
	t.Helper()
	for _, d := range r.Devices {
		if d.User == user {
			return d
		}
	}
	t.Fatalf("no device of %s: %+v", user, r.Devices)
	return deviceStatus{}
}

func TestSyncStatusProvesThatRealClientsShowWhatTheHubAccepted(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	node := startNode(t)
	olga := h.api(owner("olga"))
	for version, repo := range map[int]string{2: "2", 1: "1"} {
		t.Run("automerge-repo "+repo, func(t *testing.T) {
			phone := node.open("phone"+repo, clientOptions{url: h.sync(member("ada" + repo)), version: version, storage: t.TempDir()})
			tab := node.open("tab"+repo, clientOptions{url: h.sync(member("ben" + repo)), version: version})
			id := phone.create(args{
				"name": "Ada & Ben", "guests": 80.5, "wedding_date": "2027-06-12", "seen": args{"$date": "2027-01-01T12:00:00.250Z"},
				"logo": args{"$bytes": "AAH+/w=="}, "visits": args{"$counter": 3}, "venue": args{"city": "Bath", "rooms": []any{1, "two", nil}},
			})
			tab.do("find", args{"id": id})
			tab.do("set", args{"id": id, "field": "wedding_date", "value": "2027-07-03"}) // waits for a decision
			awaitDate(tab, id, "2027-06-12")
			converge(t, h, id, phone, tab)

			status := syncStatus(olga, id)
			if status.Digest == nil || status.Stale || status.Pending != 1 || status.Proposals != 1 {
				t.Fatalf("status %+v", status)
			}
			for _, c := range []*nodeClient{phone, tab} {
				if got := c.do("digest", args{"id": id}).Value; got != *status.Digest {
					t.Errorf("%s has digest %v, the hub %s", c.name, got, *status.Digest)
				}
			}
			if ada, ben := status.of(t, "ada"+repo), status.of(t, "ben"+repo); ada.State != "in_sync" || ben.State != "in_sync" || ben.Proposals != 1 {
				t.Errorf("ada %+v, ben %+v", ada, ben)
			}

			// One client is cut off.
			tab.do("offline", nil)
			phone.do("set", args{"id": id, "field": "notes", "value": "peonies"})
			phone.do("wait", args{"id": id, "acked": true})
			cut := syncStatus(olga, id)
			if *cut.Digest == *status.Digest || tab.do("digest", args{"id": id}).Value != *status.Digest {
				t.Errorf("digest %s, before %s", *cut.Digest, *status.Digest)
			}
			behind := cut.of(t, "ben"+repo)
			if behind.State != "device_behind" || behind.MissingOnDevice != 1 || behind.Connected || behind.LastContact == nil || behind.Action == "" {
				t.Errorf("the one that is cut off: %+v", behind)
			}
			out := mustRun(t, "status", "--url", "http://"+h.address, "--token", h.token(owner("olga")), "--client", id, "--state", "trouble")
			wantParts(t, out, "1 record · 1 pending conflict · 1 open proposal · device_behind 1", "ben"+repo+"/", "The device has yet to", "receive 1", "Connect the device")
			if strings.Contains(out, "in_sync") {
				t.Errorf("tells of devices that are no trouble:\n%s", out)
			}

			// It comes back.
			tab.do("online", nil)
			converge(t, h, id, phone, tab)
			back := syncStatus(olga, id)
			if got := tab.do("digest", args{"id": id}).Value; got != *back.Digest || back.of(t, "ben"+repo).State != "in_sync" {
				t.Errorf("back again: digest %v, the hub %+v", got, back)
			}
		})
	}
}

func TestRepairedDeviceOfARealClientConverges(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h)
	id := phone.create(args{"name": "Ada"})
	tab.do("find", args{"id": id})
	converge(t, h, id, phone, tab)
	olga := h.api(owner("olga"))
	ben := func() deviceStatus {
		status := syncStatus(olga, id)
		return status.of(t, "ben")
	}
	var answer struct {
		Found  []any    `json:"found"`
		Done   []string `json:"done"`
		Device struct {
			Connections int `json:"connections"`
		} `json:"device"`
	}
	olga.must("POST", "/api/clients/"+id+"/repair", map[string]any{"device": ben().User + "/" + ben().Device}, &answer)
	if len(answer.Found) > 0 || answer.Device.Connections != 1 {
		t.Errorf("answer %+v", answer)
	}
	tab.do("wait", args{"peer": true})
	tab.do("set", args{"id": id, "field": "notes", "value": "peonies"})
	converge(t, h, id, phone, tab)
	if st := ben(); st.State != "in_sync" || !st.Connected {
		t.Errorf("afterwards %+v", st)
	}
}
