package api

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/accepted"
)

func FuzzParseEdit(f *testing.F) {
	for _, seed := range []string{
		`{"fields":{"notes":"x","budget":12500.50,"tags":["a",null,true],"nested":{"a":{"b":-1e-3}}}}`,
		`{"fields":{"a":1e999,"":2,"sync_conflicts":{}},"x":1}`, `{"fields":[]}`, `[`, `null`, "\xff", `{"fields":{"a":"\ud800"}}`,
	} {
		f.Add([]byte(seed))
	}
	policy := conflicts.DefaultPolicy()
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := parseEdit(body, policy)
		checkRefusal(t, err)
		if err != nil {
			return
		}
		if len(fields) == 0 {
			t.Error("an edit without fields was taken")
		}
		for path, v := range fields {
			if path == "" || path == accepted.ConflictsKey {
				t.Errorf("the field %q was taken", path)
			}
			if _, err := encode(v.JSON()); err != nil {
				t.Errorf("field %q cannot be shown: %v", path, err)
			}
		}
	})
}

func FuzzParseResolution(f *testing.F) {
	for _, seed := range []string{
		`{"version":3,"action":"accept","proposal_id":"p","note":"n"}`, `{"version":3,"action":"keep"}`,
		`{"version":18446744073709551616,"action":"custom","value":null}`, `{"version":-1,"action":1,"value":[[]],"x":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseResolution(body)
		checkRefusal(t, err)
		if err == nil && (s.Action == conflicts.Accept) != (s.Proposal != "") {
			t.Errorf("action %q with proposal %q was taken", s.Action, s.Proposal)
		}
	})
}

// checkRefusal says that whoever is refused learns which field broke which rule.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	p := problemOf(err)
	if p.Status != 400 && p.Status != 422 {
		t.Errorf("refused with %d: %v", p.Status, err)
	}
	if len(p.Errors) == 0 {
		t.Errorf("refused without naming a field: %v", err)
	}
	for _, e := range p.Errors {
		if e.Field == "" || e.Rule == "" {
			t.Errorf("fault %+v names no field or no rule", e)
		}
	}
	if _, err := encode(p); err != nil {
		t.Error(errors.Unwrap(err))
	}
}
