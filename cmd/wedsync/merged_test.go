package main

import (
	"fmt"
	"strings"
	"testing"
)

const openMerged = `{"id":"m","client_id":"c","field":"notes","status":"open","version":1,"opened_at":"2027-01-01T00:00:00Z","values":[
	{"value":"likes lilies","cut":false,"shows":true,"change":"aa","author":{"user":"ben","device":"phone"},"source":"device","edited_at":"2027-01-01T00:00:00Z","received_at":null},
	{"value":"likes peonies","cut":true,"shows":false,"change":"bb","author":{"user":"ada"},"source":"api","edited_at":null,"received_at":null}]}`

// usedMerged is openMerged as somebody closed it.
var usedMerged = strings.Replace(openMerged, `"open"`, `"used_other","used":"bb","closed_by":{"user":"olga"}`, 1)

func TestFieldsThatWereSetApartAreListedWithAllValues(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/merged": `{"items":[` + openMerged + `],"next":null}`})
	wantParts(t, mustRun(t, "merged", "list", "--client", "c"), "likes lilies", "(shows)", "likes peonies …", "ben on phone", "ada", "of client c", "bb")
	if want := "GET /api/merged?client_id=c&limit=200&status=open"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	newStubHub(t, map[string]string{"GET /api/merged": `{"items":[],"next":null}`})
	wantParts(t, mustRun(t, "merged", "list", "--status", "all"), "No fields were set apart.")
}

func TestTheOtherValueIsUsedWithoutSayingWhich(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/merged/m": openMerged, "POST /api/merged/m/use": usedMerged})
	wantParts(t, mustRun(t, "merged", "use", "m"), "notes of client c is likes peonies … now.")
	if got := s.requests[1]; got != `POST /api/merged/m/use {"value_of":"bb"}` {
		t.Errorf("sent %s", got)
	}
	mustRun(t, "merged", "use", "m", "--value-of", "aa")
	if got := s.requests[2]; got != `POST /api/merged/m/use {"value_of":"aa"}` {
		t.Errorf("sent %s", got)
	}
	third := strings.Replace(openMerged, `"values":[`, `"values":[{"value":1,"change":"cc","author":{}},`, 1)
	newStubHub(t, map[string]string{"GET /api/merged/m": third})
	_, err := wedsync(t, "merged", "use", "m")
	wantParts(t, fmt.Sprint(err), "the entry has 3 values: say with --value-of which")
}

func TestMergedEntryIsDismissedOrExplained(t *testing.T) {
	newStubHub(t, map[string]string{"POST /api/merged/m/dismiss": strings.Replace(openMerged, `"open"`, `"dismissed"`, 1)})
	wantParts(t, mustRun(t, "merged", "dismiss", "m"), "notes of client c stays as it shows.")
	newStubHub(t, map[string]string{"POST /api/merged/m/dismiss": `{"type":"x","title":"The entry is closed","status":409,"merged":` + usedMerged + `}`})
	_, err := wedsync(t, "merged", "dismiss", "m")
	wantParts(t, fmt.Sprint(err), "nothing was changed: the entry is closed (used_other, by olga)")
}
