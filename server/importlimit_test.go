package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// A tap gives as many bytes as are asked for and counts them.
type tap struct{ given atomic.Int64 }

func (t *tap) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = "x,\n"[i%3]
	}
	t.given.Add(int64(len(b)))
	return len(b), nil
}

func TestGigabyteIsRefusedEarly(t *testing.T) {
	s := newSite(t)
	for _, announced := range []int64{1 << 30, -1} {
		body := &tap{}
		r := httptest.NewRequest("POST", "/api/clients/import", io.LimitReader(body, 1<<30))
		r.ContentLength = announced
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Authorization", "Bearer "+s.token(mia))
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != 413 || !strings.Contains(w.Body.String(), "33554432 bytes") {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if given := body.given.Load(); announced > 0 && given > 0 || given > 64<<20 {
			t.Errorf("%d bytes were read", given)
		}
	}
}

func TestOneImportOfASupplierAtATime(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	s.hub.slow, s.hub.entered = make(chan struct{}), make(chan struct{}, 1)
	first := make(chan reply)
	go func() { first <- s.load(mia, "", "client_id,name\n"+client+",y\n") }()
	<-s.hub.entered
	if got := s.want(409, s.load(olga, "", "name\nx\n")); got.text("type") != "urn:wedsync:problem:import-busy" {
		t.Errorf("%s", got.raw)
	}
	s.want(200, s.load(rival, "", "name\nx\n"))
	close(s.hub.slow)
	s.want(200, <-first)
	s.want(200, s.load(olga, "", "name\nx\n"))
}

func TestImportThatBreaksOffSaysHowFarItIsAndGoesOn(t *testing.T) {
	s := newSite(t)
	table := "name\n" + strings.Repeat("x\n", 500)
	s.hub.failAfter = s.hub.commands + 200
	s.hub.failWith = hub.ErrUnavailable
	got := s.want(503, s.load(mia, "", table, "Idempotency-Key", "k"))
	if got.at("import", "created") != strconv.Itoa(len(s.hub.records)) || len(s.hub.records) == 0 || !strings.Contains(got.text("detail"), "broke off") {
		t.Errorf("%s", got.raw)
	}
	lines := s.want(200, s.load(mia, "", table, "Idempotency-Key", "k", "Accept", "application/x-ndjson"))
	if last := lines.raw[strings.LastIndex(strings.TrimSpace(lines.raw), "\n")+1:]; !strings.Contains(last, `{"problem":{"type":"urn:wedsync:problem:unavailable"`) {
		t.Errorf("ends %s", last)
	}
	s.hub.failWith = nil
	if got := s.want(200, s.load(mia, "", table, "Idempotency-Key", "k")); got.at("created") != "500" || len(s.hub.records) != 500 {
		t.Errorf("%d clients: %s", len(s.hub.records), got.raw)
	}
}

func TestImportEndsWhenItsCallersAccessIsTakenAway(t *testing.T) {
	for most, want := range map[conflicts.Role]string{
		conflicts.NoRole: "urn:wedsync:problem:revoked", conflicts.Viewer: "urn:wedsync:problem:forbidden",
	} {
		s := newSite(t)
		s.hub.onCommand = func(n int) {
			if n == 100 {
				s.hub.most = most
			}
		}
		got := s.want(403, s.load(mia, "", "name\n"+strings.Repeat("x\n", 5000)))
		if got.text("type") != want || got.at("import", "created") == "0" {
			t.Errorf("%s: %s", most, got.raw)
		}
		if n := len(s.hub.records); n < 100 || n > 100+512 {
			t.Errorf("%s: %d of 5000 rows were written after it was set at 100", most, n)
		}
	}
}

func TestExportEndsWhenItsCallersAccessIsTakenAway(t *testing.T) {
	s := newSite(t)
	s.want(200, s.load(mia, "", "name\n"+strings.Repeat("x\n", 450)))
	pages := 0
	s.hub.onList = func(crdt.RecordID) {
		if pages++; pages == 2 {
			s.hub.most = conflicts.NoRole
		}
	}
	if got := s.want(403, s.do(vera, "GET", "/api/clients/export", "")); got.text("type") != "urn:wedsync:problem:revoked" {
		t.Errorf("%s", got.raw)
	}
}

func TestImportStopsWhenItsCallerLeaves(t *testing.T) {
	s := newSite(t)
	ctx, leave := context.WithCancel(t.Context())
	s.hub.onCommand = func(n int) {
		if n == 100 {
			leave()
		}
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/clients/import", strings.NewReader("name\n"+strings.Repeat("x\n", 5000)))
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Authorization", "Bearer "+s.token(mia))
	s.handler.ServeHTTP(httptest.NewRecorder(), r)
	if n := len(s.hub.records); n < 100 || n > 100+512 {
		t.Errorf("%d of 5000 rows were written after the caller left at 100", n)
	}
}
