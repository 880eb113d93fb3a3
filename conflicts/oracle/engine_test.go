package oracle_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/conflicts/oracle"
	"wedsync/crdt"
	"wedsync/crdt/engine"
)

func TestMain(m *testing.M) {
	engine.Main()
	os.Exit(m.Run())
}

// TestDocumentsAreAutomerges holds what the oracle materialises, at whatever
// set of changes, against automerge-go.
func TestDocumentsAreAutomerges(t *testing.T) {
	seed := seedOf(t)
	e, err := engine.Start(t.Context(), engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for i := range uint64(max(20, *histories/25)) {
		p := preparePlayer(seed + i)
		p.play(actionsOf(seed + i))
		rng := rand.New(rand.NewPCG(seed+i, 3))
		all := p.world.Of(p.world.All())
		views := []oracle.Past{p.world.All()}
		for range 8 {
			views = append(views, p.world.Past(pick(rng, all).Hash, pick(rng, all).Hash))
		}
		for _, view := range views {
			compareDocument(t, e, p.world, view, seed+i)
		}
	}
}

func compareDocument(t *testing.T, e *engine.Engine, h *oracle.History, view oracle.Past, seed uint64) {
	t.Helper()
	var chunks [][]byte
	for _, c := range h.Of(view) {
		chunks = append(chunks, c.Raw)
	}
	if len(chunks) == 0 {
		return
	}
	result, err := e.Materialise(context.Background(), crdt.RecordID{1}, chunks)
	if err != nil {
		t.Fatalf("history %d: %v", seed, err)
	}
	var got, want any
	if err := json.Unmarshal(result.JSON, &want); err != nil {
		t.Fatal(err)
	}
	own, err := json.Marshal(h.See(view).Root().JSON())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(own, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("history %d at %d changes (- automerge, + oracle):\n%s", seed, len(chunks), diff)
	}
}
