package server_test

import (
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

func TestQueueIsFilteredSortedAndCounted(t *testing.T) {
	s := newSite(t)
	s.divert()
	got := s.want(200, s.do(mia, "GET", "/api/conflicts?author=mia&source=api&sort=newest&older_than=72h&status=pending", ""))
	asked := s.hub.asked
	if age := time.Since(asked.OpenedBefore); age < 72*time.Hour || age > 73*time.Hour {
		t.Errorf("opened before %s", asked.OpenedBefore)
	}
	asked.OpenedBefore = time.Time{}
	if want := (store.ConflictQuery{Author: "mia", Source: conflicts.FromAPI, Order: store.ByNewest, Status: conflicts.Pending, Limit: 51}); asked != want {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
	if got.at("counts", "budget") != "1" || got.text("items", 0, "proposals", 0, "source") != "api" {
		t.Errorf("queue %s", got.raw)
	}
	if next := s.do(mia, "GET", "/api/conflicts?cursor="+got.text("items", 0, "id"), ""); next.at("counts") != nil {
		t.Errorf("counted again: %s", next.raw)
	}
	for _, bad := range []string{"source=fax", "sort=up", "older_than=soon", "older_than=-1h", "cursor=!.x", "cursor=YQ.k&sort=oldest", "sort=client&cursor=YQ.", "search=" + strings.Repeat("x", 300), "device=" + strings.Repeat("x", 300)} {
		s.want(400, s.do(mia, "GET", "/api/conflicts?"+bad, ""))
		s.want(400, s.do(mia, "GET", "/api/conflicts/export?"+bad, ""))
	}
}
