package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"wedsync/store/sqlite"
)

func TestDoctorNamesAccountsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	data, v := t.TempDir(), newVault(t)
	s, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Identity(t.Context())
	for _, id := range []string{"a1", "a2"} {
		err = errors.Join(err, s.SetAccount(t.Context(), sealedAccount(t, id, v)))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	wantParts(t, mustRun(t, "doctor", "--data", data, "--keys", v.Path()), "nothing is wrong")
	const keyless = `UPDATE accounts SET settings = CAST(replace(CAST(settings AS TEXT), '"key":"', '"key":"x') AS BLOB) WHERE id = 'a2'`
	for statement, want := range map[string][]string{
		`UPDATE accounts SET settings = x'7b' WHERE id = 'a2'`: {"the settings of an account cannot be read", "connect it again, then disconnect this one"},
		`UPDATE accounts SET id = 'a3' WHERE id = 'a2'`:        {"it was altered, or is another account's", "is damaged: connect it again"},
		keyless: {"the key of a secret is missing", "or have the file with that key brought back"},
	} {
		out, err := wedsync(t, "doctor", "--keys", v.Path(), "--data", tamper(t, data, statement))
		if err == nil || !strings.HasPrefix(err.Error(), "1 things are wrong") {
			t.Errorf("%s: %v", statement, err)
		}
		wantParts(t, out, append(want, "WRONG  the account a", " (microsoft) of barn\n    ", "what to do: ")...)
	}
	wantParts(t, mustRun(t, "doctor", "--data", tamper(t, data, keyless)), "2 accounts have tokens of which nobody knows", "nothing is wrong")
	if err := os.Chmod(v.Path(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := wedsync(t, "doctor", "--data", data, "--keys", v.Path())
	if err == nil {
		t.Error("nothing is wrong with a file of keys that everybody may read")
	}
	wantParts(t, out, "WRONG  the file of keys\n", "chmod 600", "2 accounts have tokens of which nobody knows")
}
