package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const (
	annasPhone = `{"id":"mzxw","user":"anna","device":"s-1","name":"Anna's phone","by_storage":true,"role":"member","connected":true,
		"first_contact":"2027-01-01T00:00:00Z","last_contact":"2027-01-02T00:00:00Z","revoked_at":null}`
	lostTablet = `{"id":"nb2w","user":"ben\u001b[2J","device":"tablet","name":"","by_storage":false,"connected":false,
		"first_contact":null,"last_contact":null,"revoked_at":"2027-01-03T00:00:00Z"}`
)

func TestDevicesAreListedWithWhatTheyMayDo(t *testing.T) {
	newStubHub(t, map[string]string{"GET /api/devices": `{"items":[` + annasPhone + `,` + lostTablet + `],"next":null}`})
	out := mustRun(t, "devices")
	wantParts(t, out, "mzxw", "anna", "Anna's phone", "member", "connected", "nb2w", "tablet", "revoked 2027-01-0", "never")
	if strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	var got listing[remoteDevice]
	if err := json.Unmarshal([]byte(mustRun(t, "devices", "--json")), &got); err != nil || len(got.Items) != 2 || got.Items[0].Name != "Anna's phone" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDeviceCommandsSayWhatTheyDid(t *testing.T) {
	revoked := strings.Replace(annasPhone, `"revoked_at":null`, `"revoked_at":"2027-01-03T00:00:00Z"`, 1)
	s := newStubHub(t, map[string]string{
		"DELETE /api/devices/mzxw": revoked, "POST /api/devices/mzxw/readmit": annasPhone, "PATCH /api/devices/mzxw": annasPhone,
		"DELETE /api/devices/nb2w": lostTablet,
	})
	wantParts(t, mustRun(t, "devices", "revoke", "mzxw"), "Anna's phone (s-1, of anna) is shut out since 2027-01-0", "wedsync users role anna none")
	if out := mustRun(t, "devices", "revoke", "nb2w"); strings.Contains(out, "users role") || strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	wantParts(t, mustRun(t, "devices", "readmit", "mzxw"), "Anna's phone (s-1, of anna) may come again.")
	wantParts(t, mustRun(t, "devices", "name", "mzxw", "Anna's phone"), "s-1 of anna is called Anna's phone now.")
	wantParts(t, mustRun(t, "devices", "name", "mzxw", "x", "--json"), `"id": "mzxw"`)
	if got, want := s.requests[3], `PATCH /api/devices/mzxw {"name":"Anna's phone"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if out, err := wedsync(t, "devices", "name", "mzxw"); err == nil {
		t.Errorf("named nothing: %s", out)
	}
}

func TestUsersAreListedAndTheirRolesSet(t *testing.T) {
	user := func(role string) string {
		return `{"user":"ben/o","role":` + role + `,"devices":2,"connected":1,"last_contact":"2027-01-02T00:00:00Z"}`
	}
	s := newStubHub(t, map[string]string{"GET /api/users": `{"items":[` + user("null") + `,` + user(`"none"`) + `],"next":null}`})
	wantParts(t, mustRun(t, "users"), "ben/o", "as tokens say", "none", "2", "1")
	for role, c := range map[string][2]string{
		"viewer": {`{"role":"viewer"}`, "ben/o is viewer at most."},
		"none":   {`{"role":"none"}`, "ben/o is shut out."},
		"token":  {`{"role":null}`, "ben/o may do what tokens say."},
	} {
		stored := `"` + role + `"`
		if role == "token" {
			stored = "null"
		}
		s.answers["PUT /api/users/ben%2Fo"] = user(stored)
		wantParts(t, mustRun(t, "users", "role", "ben/o", role), c[1])
		if got, want := s.requests[len(s.requests)-1], "PUT /api/users/ben%2Fo "+c[0]; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
	if out, err := wedsync(t, "users", "role", "ben", "king"); err == nil {
		t.Errorf("set: %s", out)
	}
	s.answers["PUT /api/users/olga"] = `{"type":"x","title":"Nobody takes their own access away","status":409,"detail":"Nothing was changed. Ask another owner."}`
	_, err := wedsync(t, "users", "role", "olga", "member")
	wantParts(t, fmt.Sprint(err), "Nobody takes their own access away. Nothing was changed. Ask another owner.")
}
