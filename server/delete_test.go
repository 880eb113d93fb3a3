package server_test

import "testing"

func TestOwnersDeleteAndRestoreRecords(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	path := "/api/clients/" + client
	s.want(403, s.do(mia, "DELETE", path, ""))
	s.want(404, s.do(rival, "DELETE", path, ""))
	s.want(404, s.do(olga, "POST", path+"/restore", ""))
	s.want(204, s.do(olga, "DELETE", path, ""))
	s.want(404, s.do(olga, "DELETE", path, ""))
	s.want(404, s.do(olga, "GET", path, ""))
	if got := s.do(olga, "GET", "/api/conflicts/"+conflict, ""); got.text("status") != "record_deleted" {
		t.Errorf("conflict %s", got.raw)
	}
	if got := s.want(409, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`)); got.text("conflict", "status") != "record_deleted" {
		t.Errorf("decided though the record is deleted: %s", got.raw)
	}
	s.want(403, s.do(mia, "POST", path+"/restore", ""))
	if got := s.want(200, s.do(olga, "POST", path+"/restore", "")); got.text("pending", "budget") != conflict {
		t.Errorf("restored %s", got.raw)
	}
	if got := s.do(olga, "GET", "/api/conflicts/"+conflict, ""); got.text("status") != "pending" || got.at("version") != "3" {
		t.Errorf("conflict %s", got.raw)
	}
}

func TestOwnersEraseRecordsForGood(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	path := "/api/clients/" + client
	s.want(403, s.do(mia, "POST", path+"/erase", ""))
	s.want(404, s.do(rival, "POST", path+"/erase", ""))
	s.want(204, s.do(olga, "POST", path+"/erase", ""))
	for _, again := range []string{path + "/erase", path + "/restore"} {
		s.want(404, s.do(olga, "POST", again, ""))
	}
	s.want(404, s.do(olga, "GET", path, ""))
	if got := s.do(olga, "GET", "/api/conflicts/"+conflict, ""); got.text("status") != "erased" || got.at("current", "value") != nil || got.at("proposals", 0, "value") != nil {
		t.Errorf("conflict %s", got.raw)
	}
	if got := s.want(409, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`)); got.text("conflict", "status") != "erased" {
		t.Errorf("decided though the record is erased: %s", got.raw)
	}
}
