package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

func TestShowsWhatJavaScriptShows(t *testing.T) {
	seed := uint64(rand.Uint32())
	t.Logf("seed %d", seed)
	e := start(t, Options{})
	for _, d := range documents(t, seed, 200) {
		r := materialise(t, e, record, d.Chunks)
		inProcess(t, seed, d, r)
		var got any
		if err := json.Unmarshal(r.JSON, &got); err != nil {
			t.Fatalf("seed %d, %s: %v", seed, d.Name, err)
		}
		if diff := cmp.Diff(d.JSON, got); diff != "" {
			t.Fatalf("seed %d, %s: JavaScript shows -, we show +\n%s", seed, d.Name, diff)
		}
		var heads []string
		for _, h := range r.Heads {
			heads = append(heads, h.String())
		}
		if diff := cmp.Diff(d.Heads, heads); diff != "" {
			t.Fatalf("seed %d, %s: heads\n%s", seed, d.Name, diff)
		}
	}
}

// inProcess checks that what needs no engine comes to the same.
func inProcess(t *testing.T, seed uint64, d document, r *Result) {
	t.Helper()
	v, heads, err := crdt.Materialise(d.Chunks, 1<<20, 1<<30)
	if err != nil {
		t.Fatalf("seed %d, %s: %v", seed, d.Name, err)
	}
	got, err := crdt.EncodeJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(r.JSON), string(got)); diff != "" {
		t.Fatalf("seed %d, %s: automerge-go shows -, crdt shows +\n%s", seed, d.Name, diff)
	}
	if diff := cmp.Diff(r.Heads, heads); diff != "" {
		t.Fatalf("seed %d, %s: heads\n%s", seed, d.Name, diff)
	}
}

func TestNumbersKeepAllTheirDigits(t *testing.T) {
	d := documents(t, 1, 0)[0]
	r := materialise(t, start(t, Options{}), record, d.Chunks)
	for _, want := range []string{`"largest":9007199254740991`, `"whole":12500`, `"date":"2027-06-12T09:30:00.007Z"`, `"bytes":"AAH+/w=="`, `"markup":"<b>&"`, `"counter":7`, `"nan":null`} {
		if !strings.Contains(string(r.JSON), want) {
			t.Errorf("no %s in %s", want, r.JSON)
		}
	}
}

func TestEmptyHistoryIsAnEmptyRecord(t *testing.T) {
	r := materialise(t, start(t, Options{}), record, nil)
	if string(r.JSON) != "{}" || len(r.Heads) != 0 {
		t.Errorf("got %s at %v", r.JSON, r.Heads)
	}
}

func TestSavedDocumentLoadsInJavaScript(t *testing.T) {
	d := documents(t, 1, 0)[0]
	e := start(t, Options{})
	saved, err := e.Save(context.Background(), record, d.Chunks)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--input-type=module", "-e", `
		import * as A from "@automerge/automerge"
		const doc = A.load(Buffer.from(process.argv[1], "hex"))
		console.log(A.getHeads(doc).sort().join(" "))
	`, hex.EncodeToString(saved))
	cmd.Dir = "../../testdata/automerge"
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(out)), strings.Join(d.Heads, " "); got != want {
		t.Errorf("JavaScript loads heads %s, want %s", got, want)
	}
}

func TestConcurrentCallsShareTheWorkers(t *testing.T) {
	e := start(t, Options{Workers: 2})
	docs := documents(t, 7, 40)
	type answer struct {
		n    int
		err  error
		json string
	}
	answers := make(chan answer)
	for n, d := range docs {
		go func() { // ends with its one answer, which is received below
			r, err := e.Materialise(context.Background(), crdt.RecordID{byte(n)}, d.Chunks)
			if err != nil {
				answers <- answer{n: n, err: err}
				return
			}
			answers <- answer{n: n, json: string(r.JSON)}
		}()
	}
	for range docs {
		a := <-answers
		if a.err != nil {
			t.Error(a.err)
			continue
		}
		var got any
		if err := json.Unmarshal([]byte(a.json), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(docs[a.n].JSON, got); diff != "" {
			t.Errorf("%s: %s", docs[a.n].Name, diff)
		}
	}
}
