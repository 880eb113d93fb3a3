package sqlite

import (
	"errors"
	"strings"
	"testing"

	"wedsync/store"
	"wedsync/store/storetest"
)

func TestFullDiskIsUnavailableAndLosesNothing(t *testing.T) {
	s := opened(t, t.TempDir())
	storetest.AppendStep(t, s, 0)
	pragma(t, s, "PRAGMA max_page_count = 1") // SQLite keeps it at what is used
	large := storetest.Step(1)
	large[0].Batches[0].Chunks[0] = make([]byte, 1<<20)
	_, err := s.Append(t.Context(), large)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "disk is full") {
		t.Fatalf("got error %v, want one that says that the disk is full", err)
	}
	if !strings.Contains(err.Error(), s.file) {
		t.Errorf("error does not name %s: %v", s.file, err)
	}
	pragma(t, s, "PRAGMA max_page_count = 1000000")
	storetest.AppendStep(t, s, 1)
	st, err := s.Load(t.Context(), storetest.One)
	if err != nil || st.Version != 2 || len(st.Batches) != 2 {
		t.Errorf("after the disk has space: version %d, %d batches, %v", st.Version, len(st.Batches), err)
	}
}

func TestReadOnlyFileIsUnavailable(t *testing.T) {
	s := opened(t, t.TempDir())
	storetest.AppendStep(t, s, 0)
	pragma(t, s, "PRAGMA query_only = 1")
	if _, err := s.Append(t.Context(), storetest.Step(1)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("append: got error %v, want %v", err, store.ErrUnavailable)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ping: got error %v, want %v", err, store.ErrUnavailable)
	}
	if _, err := s.Load(t.Context(), storetest.One); err != nil {
		t.Errorf("load: %v", err)
	}
	pragma(t, s, "PRAGMA query_only = 0")
	storetest.AppendStep(t, s, 1)
}

func TestCorruptRowIsAnErrorThatNamesRecordAndRow(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		want      string // beside the record
	}{
		"body":        {`UPDATE batches SET body = x'0105' WHERE version = 2`, "version 2"},
		"body format": {`UPDATE batches SET body = x'77' WHERE version = 1`, "version 1"},
		"missing row": {`DELETE FROM batches WHERE version = 2`, "version 3 follow version 1"},
		"missing end": {`DELETE FROM batches WHERE version = 3`, "end at version 2"},
		"heads":       {`UPDATE records SET heads = x'00'`, "heads"},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, t.TempDir())
			for v := range uint64(3) {
				storetest.AppendStep(t, s, v)
			}
			change(t, s, c.statement)
			_, err := s.Load(t.Context(), storetest.One)
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("got error %v, want %v", err, store.ErrCorrupt)
			}
			for _, want := range []string{storetest.One.String(), c.want} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not name %q: %v", want, err)
				}
			}
		})
	}
}

func TestCorruptOriginsStopTheJournalWithTheirNumber(t *testing.T) {
	s := opened(t, t.TempDir())
	for v := range uint64(3) {
		storetest.AppendStep(t, s, v)
	}
	change(t, s, `UPDATE batches SET origins = '[]' WHERE version = 2`)
	_, err := s.Journal(t.Context(), "rose", 0, 9)
	if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "entry 2") {
		t.Errorf("got error %v, want a corrupt entry 2", err)
	}
}

// pragma sets something on the connection that commits.
func pragma(t *testing.T, s *Store, statement string) {
	t.Helper()
	if err := s.durable.tx.connect(t.Context(), s.durable.db); err != nil {
		t.Fatal(err)
	}
	if _, err := s.durable.tx.conn.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
