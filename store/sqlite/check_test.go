package sqlite

import (
	"strings"
	"testing"

	"wedsync/store/storetest"
)

func TestCheckFindsATableThatItsIndexDoesNotMatch(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	storetest.AppendStep(t, s, 0)
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Fatalf("a sound file: %q, %v", faults, err)
	}
	// The index says that it is one of other records.
	change(t, s, `PRAGMA writable_schema = ON`)
	change(t, s, `UPDATE sqlite_schema SET sql = 'CREATE INDEX batches_by_record ON batches (version)' WHERE name = 'batches_by_record'`)
	change(t, s, `UPDATE records SET version = 7`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, dir)
	change(t, s, `UPDATE batches SET version = 9`)
	change(t, s, `PRAGMA writable_schema = ON`)
	change(t, s, `UPDATE sqlite_schema SET sql = 'CREATE INDEX batches_by_record ON batches (record)' WHERE name = 'batches_by_record'`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	faults, err := opened(t, dir).Check(t.Context())
	if err != nil || len(faults) == 0 || !strings.Contains(strings.Join(faults, "\n"), "batches_by_record") {
		t.Errorf("found %q, %v", faults, err)
	}
}

func TestDirectoryWithoutAStoreHoldsNone(t *testing.T) {
	dir := t.TempDir()
	if err := Holds(dir); err == nil || !strings.Contains(err.Error(), "holds no hub's data") {
		t.Errorf("an empty directory: %v", err)
	}
	opened(t, dir)
	if err := Holds(dir); err != nil {
		t.Errorf("a directory with a store: %v", err)
	}
}
