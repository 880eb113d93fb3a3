package postgres

import (
	"errors"
	"strings"
	"testing"

	"wedsync/store"
	"wedsync/store/storetest"
)

func TestCorruptRowIsAnErrorThatNamesRecordAndRow(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		want      string // beside the record
	}{
		"body":        {`UPDATE wedsync.batches SET body = '\x0105' WHERE version = 2`, "version 2"},
		"body format": {`UPDATE wedsync.batches SET body = '\x77' WHERE version = 1`, "version 1"},
		"missing row": {`DELETE FROM wedsync.batches WHERE version = 2`, "version 3 follow version 1"},
		"missing end": {`DELETE FROM wedsync.batches WHERE version = 3`, "end at version 2"},
		"heads":       {`UPDATE wedsync.records SET heads = '\x00'`, "heads"},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, database(t))
			for v := range uint64(3) {
				storetest.AppendStep(t, s, v)
			}
			if _, err := s.durable.Exec(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}
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
