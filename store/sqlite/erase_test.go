package sqlite

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/storetest"
)

func TestErasedContentIsInNoFileOfTheStore(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	secret := bytes.Repeat([]byte("the couple's secret "), 1000) // more than a page
	lost := bytes.Repeat([]byte("a value that lost, "), 30)[:conflicts.MaxMergedValue]
	commit := storetest.Step(0)
	commit[0].Batches[0].Chunks = append(commit[0].Batches[0].Chunks, secret)
	commit[0].Ledger = []byte(`{"note":"` + string(secret[:60]) + `"}`)
	commit[0].Answer = &store.Answer{Principal: "ada", Key: "k", Body: secret[:60]}
	commit[0].Merged = []conflicts.Merged{{ID: "m", Record: storetest.One, Field: "notes", Status: conflicts.MergedOpen, Values: []conflicts.MergedValue{
		{Value: crdt.Value{Kind: crdt.Text, Str: string(lost)}, Cut: true},
	}}}
	if stale, err := s.Append(t.Context(), commit); err != nil || len(stale) > 0 {
		t.Fatal(stale, err)
	}
	if err := s.Project(t.Context(), store.Projection{Record: storetest.One, Heads: []crdt.Hash{{1}}, Fields: []byte(`{"name":"` + string(secret[:60]) + `","email":"secret.address@example.com"}`)}); err != nil {
		t.Fatal(err)
	}
	hooks := withContent(t, s)
	var name string
	if err := s.readers.row(t.Context(), `SELECT name FROM client_names`, nil, &name); err != nil || name != string(bytes.TrimSpace(secret[:60])) {
		t.Fatalf("the client's name is %q, %v", name, err)
	}
	all := append([][]byte{secret[:20], lost[:19]}, hooks...)
	for _, what := range all {
		if held(t, dir, what) == 0 {
			t.Fatalf("%q was never there: the test shows nothing", what)
		}
	}
	err := s.Erase(t.Context(), store.Erasure{Supplier: "rose", Record: storetest.One, Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range all {
		if n := held(t, dir, what); n > 0 {
			t.Errorf("the files still hold %q %d times", what, n)
		}
	}
}

// withContent stores an event and a delivery about [storetest.One], and returns
// what is to be found of them.
func withContent(t *testing.T, s *Store) [][]byte {
	t.Helper()
	e := store.InboxEvent{
		Supplier: "rose", Connection: "crm", ID: "1", External: "1", Subject: "7", State: store.EventReceived,
		Header: []byte("a header that came in"), Body: bytes.Repeat([]byte("a body that came in "), 1000),
	}
	if _, err := s.ReceiveEvents(t.Context(), []store.InboxEvent{e}); err != nil {
		t.Fatal(err)
	}
	e.Version, e.Record, e.State, e.Outcome = 1, storetest.One, store.EventDone, []byte("an outcome of it")
	d := store.Delivery{ID: "1.0", Number: 1, Record: storetest.One, Body: []byte("a body that goes out"), Log: []byte("a log of it")}
	if err := errors.Join(
		s.UpdateEvent(t.Context(), e),
		s.SetEndpoint(t.Context(), store.Endpoint{Supplier: "rose", ID: "e"}),
		s.Dispatch(t.Context(), "rose", "e", 0, 1, []store.Delivery{d}),
	); err != nil {
		t.Fatal(err)
	}
	return [][]byte{e.Header, e.Body[:20], e.Outcome, d.Body, d.Log, []byte("secret.address@")}
}

// held is how often the files of a store hold some bytes.
func held(t *testing.T, dir string, what []byte) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(content, what)
	}
	return n
}

// Answers that were stored before they named their record are found by what
// they say.
func TestAnswerOfAnOlderHubIsErasedToo(t *testing.T) {
	s := opened(t, t.TempDir())
	for v, body := range []string{`{"client_id":"` + storetest.One.ClientID() + `"}`, `{"document_id":"` + storetest.One.DocumentID() + `"}`, `{"client_id":"another"}`} {
		commit := storetest.Step(uint64(v))
		commit[0].Answer = &store.Answer{Principal: "ada", Key: body, Body: []byte(body)}
		if stale, err := s.Append(t.Context(), commit); err != nil || len(stale) > 0 {
			t.Fatal(stale, err)
		}
	}
	change(t, s, `UPDATE answers SET record = NULL`)
	if err := s.Erase(t.Context(), store.Erasure{Supplier: "rose", Record: storetest.One, Version: 3}); err != nil {
		t.Fatal(err)
	}
	var left string
	if err := s.readers.row(t.Context(), `SELECT key FROM answers`, nil, &left); err != nil || left != `{"client_id":"another"}` {
		t.Errorf("left is %q, %v", left, err)
	}
}

func TestErasedClientsWordsAreInNoFileOfTheStore(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	version := storetest.Talk(t, s)
	for _, what := range storetest.Secrets {
		if held(t, dir, []byte(what)) == 0 {
			t.Fatalf("%q was never there: the test shows nothing", what)
		}
	}
	if err := s.Erase(t.Context(), store.Erasure{Supplier: "rose", Record: storetest.One, Version: version, Contacts: storetest.Former}); err != nil {
		t.Fatal(err)
	}
	storetest.TalkAgain(t, s)
	for _, what := range storetest.Secrets {
		if n := held(t, dir, []byte(what)); n > 0 {
			t.Errorf("the files still hold %q %d times", what, n)
		}
	}
}
