package main

import (
	"errors"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/sqlite"
)

func TestDoctorNamesWhatIsWrongWithWebhooks(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Identity(t.Context())
	deliveries := []store.Delivery{{ID: "1.0", Due: time.Unix(1, 0)}, {ID: "2.0", Due: time.Unix(1, 0)}}
	_, identified := s.Identify(t.Context(), "barn", "crm", "7", crdt.RecordID{1})
	err = errors.Join(err, identified,
		s.SetPolicy(t.Context(), "barn", &conflicts.Policy{Version: 2}),
		s.SetEndpoint(t.Context(), store.Endpoint{Supplier: "barn", ID: "e1"}),
		s.AddDeliveries(t.Context(), "barn", "e1", deliveries),
		s.Close())
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, mustRun(t, "doctor", "--data", data), "nothing is wrong")
	for statement, want := range map[string]string{
		`UPDATE endpoints SET cursor = 3`: "the endpoint e1 of barn\n    it was sent entry 3 of the journal, which ends with 0",
		`UPDATE deliveries SET head = 0`:  "the endpoint e1 of barn\n    2 deliveries wait, and none of them is the first",
		`INSERT INTO records (id, supplier, version, state, heads) VALUES (x'01000000000000000000000000000000', 1, 1, 4, x'')`: "the object 7 of the connection crm of barn\n    it is record ",
	} {
		out, err := wedsync(t, "doctor", "--data", tamper(t, data, statement))
		if err == nil {
			t.Errorf("%s: nothing is found", statement)
		}
		wantParts(t, out, want)
	}
}
