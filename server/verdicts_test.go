package server_test

import (
	"testing"

	"wedsync/conflicts"
)

func TestAuthorWithdrawsAProposal(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	id := s.do(mia, "GET", "/api/conflicts/"+conflict, "").text("proposals", 0, "id")
	path := "/api/conflicts/" + conflict + "/proposals/" + id + "/withdraw"
	max := conflicts.Principal{Supplier: "barn", User: "max", Role: conflicts.Member}
	s.want(403, s.do(max, "POST", path, ""))
	s.want(404, s.do(rival, "POST", path, ""))
	s.want(404, s.do(mia, "POST", "/api/conflicts/"+conflict+"/proposals/x/withdraw", ""))
	got := s.want(200, s.do(mia, "POST", path, "", "Idempotency-Key", "k"))
	if got.text("status") != "withdrawn" || got.text("proposals", 0, "state") != "withdrawn" {
		t.Errorf("conflict %s", got.raw)
	}
	if again := s.want(200, s.do(mia, "POST", path, "", "Idempotency-Key", "k")); again.raw != got.raw {
		t.Errorf("the same command again: %s", again.raw)
	}
	if again := s.want(409, s.do(mia, "POST", path, "")); again.text("conflict", "status") != "withdrawn" {
		t.Errorf("withdrawn already: %s", again.raw)
	}
}

func TestVerdictIsShownToEachDeviceUntilThatAcknowledgesIt(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep","note":"booked"}`))
	got := s.want(200, s.do(mia, "GET", "/api/verdicts?device=phone", ""))
	if got.text("items", 0, "outcome") != "rejected" || got.at("items", 0, "proposed") != "13000" ||
		got.at("items", 0, "decision", "value") != "12500" || got.text("items", 0, "decision", "by", "user") != "olga" ||
		got.text("items", 0, "decision", "note") != "booked" || got.text("items", 0, "conflict_id") != conflict {
		t.Fatalf("verdicts %s", got.raw)
	}
	ack := "/api/verdicts/" + got.text("items", 0, "id") + "/ack"
	s.want(404, s.do(olga, "POST", ack+"?device=phone", ""))
	s.want(204, s.do(mia, "POST", ack+"?device=phone", ""))
	for device, want := range map[string]int{"phone": 0, "tablet": 1} {
		got := s.want(200, s.do(mia, "GET", "/api/verdicts?device="+device, ""))
		if items, _ := got.at("items").([]any); len(items) != want {
			t.Errorf("%s: %s", device, got.raw)
		}
	}
}

func TestDeviceOfATokenSpeaksForItselfAlone(t *testing.T) {
	s := newSite(t)
	phone := mia
	phone.Device = "phone"
	s.want(200, s.do(phone, "GET", "/api/verdicts", ""))
	s.want(200, s.do(phone, "GET", "/api/verdicts?device=phone", ""))
	s.want(400, s.do(phone, "GET", "/api/verdicts?device=tablet", ""))
	s.want(400, s.do(mia, "GET", "/api/verdicts", ""))
}
