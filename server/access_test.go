package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

// syncs connects a device, which is then known.
func (s *realSite) syncs(who conflicts.Principal, storage string) *hub.Device {
	s.t.Helper()
	d, err := s.real.Join(s.t.Context(), who, syncproto.Joined{PeerID: "peer-" + storage, StorageID: storage})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(d.Leave)
	return d
}

// on is a principal whose token names a device.
func on(p conflicts.Principal, device string) conflicts.Principal {
	p.Device = device
	return p
}

func keyOf(p conflicts.Principal) string {
	return hub.DeviceKey(store.DeviceID{User: p.User, Device: p.Device})
}

// listed reads all pages of a list.
func (s *realSite) listed(who conflicts.Principal, path string) (items []map[string]any) {
	s.t.Helper()
	for cursor := ""; ; {
		got := s.want(200, s.do(who, "GET", path+"?limit=2&cursor="+url.QueryEscape(cursor), ""))
		for _, item := range got.at("items").([]any) {
			items = append(items, item.(map[string]any))
		}
		if got.at("next") == nil {
			return items
		}
		cursor = got.text("next")
	}
}

func TestOwnersSeeAllDevicesAndOthersTheirOwn(t *testing.T) {
	s := newRealSite(t)
	s.syncs(on(mia, "phone"), "s1")
	s.syncs(on(mia, "tablet"), "s2")
	s.syncs(vera, "s3")
	s.syncs(on(rival, "phone"), "s4")
	all := s.listed(olga, "/api/devices")
	if len(all) != 3 {
		t.Fatalf("an owner sees %v", all)
	}
	for i, want := range []string{"mia/phone/false/member", "mia/tablet/false/member", "vera/s3/true/viewer"} {
		d := all[i]
		if got := fmt.Sprintf("%v/%v/%v/%v", d["user"], d["device"], d["by_storage"], d["role"]); got != want || d["connected"] != true || d["revoked_at"] != nil || d["first_contact"] == nil || d["last_contact"] == nil {
			t.Errorf("device %d is %v, want %s", i, d, want)
		}
	}
	if own := s.listed(mia, "/api/devices"); len(own) != 2 || own[0]["id"] != keyOf(on(mia, "phone")) {
		t.Errorf("a member sees %v", own)
	}
	if own := s.listed(vera, "/api/devices"); len(own) != 1 {
		t.Errorf("a viewer sees %v", own)
	}
	if other := s.listed(rival, "/api/devices"); len(other) != 1 {
		t.Errorf("another supplier's owner sees %v", other)
	}
	for _, who := range []conflicts.Principal{vera, rival} {
		s.want(404, s.do(who, "PATCH", "/api/devices/"+keyOf(on(mia, "phone")), `{"name":"x"}`))
	}
}

func TestRevokedDeviceIsRefusedWhereverItsTokenComes(t *testing.T) {
	s := newRealSite(t)
	phone := on(mia, "phone")
	live := s.syncs(phone, "s1")
	client := s.create(`{"name":"Ada"}`)
	s.want(200, s.do(phone, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"x"}}`))
	url := "/api/devices/" + keyOf(phone)
	for _, who := range []conflicts.Principal{mia, vera, rival} {
		if got := s.do(who, "DELETE", url, ""); got.status != 403 && got.status != 404 {
			t.Errorf("%s revokes: %d", who.User, got.status)
		}
	}
	for range 2 {
		got := s.want(200, s.do(olga, "DELETE", url, ""))
		if got.at("revoked_at") == nil || got.at("connected") != false && live.Code() == 0 {
			t.Errorf("revoked is %s", got.raw)
		}
	}
	if code := live.Code(); code != hub.Revoked {
		t.Errorf("its connection has code %d", code)
	}
	for _, request := range [][3]string{
		{"GET", "/api/clients", ""},
		{"GET", "/api/devices", ""},
		{"PATCH", "/api/clients/" + client, `{"fields":{"notes":"y"}}`},
		{"PATCH", url, `{"name":"y"}`},
	} {
		got := s.want(403, s.do(phone, request[0], request[1], request[2]))
		if got.text("type") != "urn:wedsync:problem:revoked" {
			t.Errorf("%s %s: %s", request[0], request[1], got.raw)
		}
	}
	s.want(200, s.do(on(mia, "tablet"), "GET", "/api/clients", ""))
	s.want(200, s.do(conflicts.Principal{Supplier: "mill", User: "mia", Device: "phone", Role: conflicts.Member}, "GET", "/api/clients", ""))
	if got := s.want(200, s.do(olga, "POST", url+"/readmit", "")); got.at("revoked_at") != nil {
		t.Errorf("readmitted is %s", got.raw)
	}
	s.want(200, s.do(phone, "GET", "/api/clients", ""))
}

func TestReadmittedDeviceThatTheHubForgotIsShownOnceMore(t *testing.T) {
	s := newRealSite(t)
	lost := store.DeviceID{User: "mia", Device: "lost"}
	if err := s.real.Revoke(t.Context(), olga, lost); err != nil {
		t.Fatal(err)
	}
	url := "/api/devices/" + hub.DeviceKey(lost)
	if got := s.want(200, s.do(olga, "POST", url+"/readmit", "")); got.text("device") != "lost" || got.at("revoked_at") != nil {
		t.Errorf("readmitted is %s", got.raw)
	}
	s.want(404, s.do(olga, "POST", url+"/readmit", ""))
}

func TestDeviceIsNamedByItsUserAndByOwners(t *testing.T) {
	s := newRealSite(t)
	phone := on(mia, "phone")
	s.syncs(phone, "s1")
	url := "/api/devices/" + keyOf(phone)
	for _, c := range []struct {
		who        conflicts.Principal
		body, name string
	}{
		{mia, `{"name":"Mia's phone"}`, "Mia's phone"},
		{olga, `{"name":"  Work ☎ "}`, "Work ☎"},
		{phone, `{"name":""}`, ""},
	} {
		if got := s.want(200, s.do(c.who, "PATCH", url, c.body)); got.text("name") != c.name {
			t.Errorf("%s: named %s", c.body, got.raw)
		}
	}
	for body, status := range map[string]int{
		`{}`: 422, `{"name":null}`: 422, `{"name":7}`: 422, `{"name":"x","role":"owner"}`: 422,
		`{"name":"` + strings.Repeat("é", 101) + `"}`: 422, `{"name":"a\u0007"}`: 422, `[]`: 400,
	} {
		s.want(status, s.do(mia, "PATCH", url, body))
	}
	s.want(200, s.do(mia, "PATCH", url, `{"name":"`+strings.Repeat("é", 100)+`"}`))
	s.want(404, s.do(olga, "PATCH", "/api/devices/nosuchdevice", `{"name":"x"}`))
}

func TestRoleThatWasSetLimitsWhatATokenGives(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada"}`)
	edit := func(status int) {
		t.Helper()
		s.want(status, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"x"}}`))
	}
	set := func(role string) {
		t.Helper()
		got := s.want(200, s.do(olga, "PUT", "/api/users/mia", `{"role":`+role+`}`))
		if want := strings.Trim(role, `"`); fmt.Sprint(got.at("role")) != strings.Replace(want, "null", "<nil>", 1) || got.text("user") != "mia" {
			t.Errorf("set to %s: %s", role, got.raw)
		}
	}
	edit(200)
	set(`"viewer"`)
	edit(403)
	s.want(200, s.do(mia, "GET", "/api/clients", ""))
	set(`"none"`)
	got := s.want(403, s.do(mia, "GET", "/api/clients", ""))
	if got.text("type") != "urn:wedsync:problem:revoked" {
		t.Errorf("without access: %s", got.raw)
	}
	set(`"owner"`)
	s.want(403, s.do(mia, "GET", "/api/users", "")) // no more than the token says
	edit(200)
	set(`null`)
	edit(200)
	s.want(200, s.do(rival, "PUT", "/api/users/mia", `{"role":"none"}`))
	edit(200)
}

func TestUsersAreKnownByTheirDevicesAndTheirRoles(t *testing.T) {
	s := newRealSite(t)
	s.syncs(on(mia, "phone"), "s1")
	s.syncs(on(mia, "tablet"), "s2").Leave()
	odd := "o/é?%"
	s.want(200, s.do(olga, "PUT", "/api/users/"+url.PathEscape(odd), `{"role":"viewer"}`))
	s.want(200, s.do(olga, "PUT", "/api/users/zoe", `{"role":"none"}`))
	users := s.listed(olga, "/api/users")
	if len(users) != 3 {
		t.Fatalf("users are %v", users)
	}
	if u := users[0]; u["user"] != "mia" || fmt.Sprintf("%v %v", u["devices"], u["connected"]) != "2 1" || u["role"] != nil || u["last_contact"] == nil {
		t.Errorf("mia is %v", u)
	}
	if u := users[1]; u["user"] != odd || u["role"] != "viewer" || u["last_contact"] != nil {
		t.Errorf("the odd one is %v", u)
	}
	if u := users[2]; u["user"] != "zoe" || u["role"] != "none" {
		t.Errorf("zoe is %v", u)
	}
	if users := s.listed(rival, "/api/users"); len(users) != 0 {
		t.Errorf("another supplier's owner sees %v", users)
	}
}

func TestNobodyTakesTheirOwnAccessAway(t *testing.T) {
	s := newRealSite(t)
	desk := on(olga, "desk")
	s.syncs(desk, "s1")
	for _, request := range [][3]string{
		{"PUT", "/api/users/olga", `{"role":"member"}`},
		{"PUT", "/api/users/olga", `{"role":"none"}`},
		{"DELETE", "/api/devices/" + keyOf(desk), ""},
	} {
		got := s.want(409, s.do(desk, request[0], request[1], request[2]))
		if got.text("type") != "urn:wedsync:problem:oneself" {
			t.Errorf("%s %s: %s", request[0], request[1], got.raw)
		}
	}
	s.want(200, s.do(desk, "GET", "/api/users", ""))
	s.want(200, s.do(on(olga, "other"), "DELETE", "/api/devices/"+keyOf(desk), ""))
}

func TestOwnersAloneSetRoles(t *testing.T) {
	s := newRealSite(t)
	for _, who := range []conflicts.Principal{mia, vera} {
		s.want(403, s.do(who, "GET", "/api/users", ""))
		s.want(403, s.do(who, "PUT", "/api/users/vera", `{"role":"owner"}`))
	}
	for body, status := range map[string]int{
		`{}`: 422, `{"role":"king"}`: 422, `{"role":""}`: 422, `{"role":7}`: 422, `{"role":"owner","x":1}`: 422, `x`: 400,
	} {
		s.want(status, s.do(olga, "PUT", "/api/users/mia", body))
	}
	for _, name := range []string{strings.Repeat("m", 257), "mia%0a", "%00", "%ff"} {
		s.want(400, s.do(olga, "PUT", "/api/users/"+name, `{"role":"none"}`))
	}
	for _, path := range []string{"/api/devices", "/api/users"} {
		s.want(400, s.do(olga, "GET", path+"?cursor=%21", ""))
		s.want(400, s.do(olga, "GET", path+"?limit=0", ""))
	}
}

func TestTokenOfRoleNoneStaysRefused(t *testing.T) {
	s := newRealSite(t)
	if token, err := s.tokens.Mint(conflicts.Principal{Supplier: "barn", User: "mia", Role: conflicts.NoRole}, 1e9); err == nil {
		t.Errorf("minted %s", token)
	}
}

func TestDeviceBeyondThoseThatCanBeRevokedIsRefused(t *testing.T) {
	s := newRealSite(t)
	s.syncs(on(mia, "phone"), "s1")
	full := store.Access{Version: 1, Revoked: make(map[store.DeviceID]time.Time)}
	for n := range store.MaxRevoked {
		full.Revoked[store.DeviceID{User: fmt.Sprint(n), Device: "phone"}] = s.now()
	}
	if err := s.store.RestoreAccess(t.Context(), "barn", full); err != nil {
		t.Fatal(err)
	}
	if got := s.want(422, s.do(olga, "DELETE", "/api/devices/"+keyOf(on(mia, "phone")), "")); got.text("type") != "urn:wedsync:problem:too-many" {
		t.Errorf("%s", got.raw)
	}
}
