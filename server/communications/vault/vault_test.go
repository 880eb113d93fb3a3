package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/server/communications/vault"
)

var (
	now  = time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)
	mine = vault.Owner{Supplier: "barn", Account: "01A"}
)

const secret = "ya29.refresh-me-not"

// open makes a vault with a file.
func open(t *testing.T) *vault.Vault {
	t.Helper()
	v := vault.New(filepath.Join(t.TempDir(), "keys.json"))
	if err := v.Create(now); err != nil {
		t.Fatal(err)
	}
	return v
}

func seal(t *testing.T, v *vault.Vault) vault.Sealed {
	t.Helper()
	s, err := v.Seal(mine, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wants(t *testing.T, v *vault.Vault, s vault.Sealed) {
	t.Helper()
	if text, err := v.Open(mine, s); string(text) != secret || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestSecretComesBackForItsAccountAlone(t *testing.T) {
	v := open(t)
	s := seal(t, v)
	stored, err := json.Marshal(s)
	if err != nil || bytes.Contains(stored, []byte(secret)) {
		t.Fatalf("%s, %v", stored, err)
	}
	var back vault.Sealed
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	wants(t, v, back)
	wants(t, vault.New(v.Path()), back)
	for _, other := range []vault.Owner{{Supplier: "barn", Account: "01B"}, {Supplier: "mill", Account: "01A"}, {Supplier: "barn0", Account: "1A"}} {
		if text, err := v.Open(other, s); err == nil {
			t.Errorf("%v opens it: %q", other, text)
		}
	}
}

func TestEveryAlteredByteIsNoticed(t *testing.T) {
	v := open(t)
	s := seal(t, v)
	for _, part := range []func(*vault.Sealed) *[]byte{
		func(s *vault.Sealed) *[]byte { return &s.Data },
		func(s *vault.Sealed) *[]byte { return &s.Text },
	} {
		for i := range *part(&s) {
			altered := s
			*part(&altered) = bytes.Clone(*part(&s))
			(*part(&altered))[i] ^= 1
			if text, err := v.Open(mine, altered); err == nil {
				t.Fatalf("byte %d was altered, and it opens: %q", i, text)
			}
		}
		short := s
		*part(&short) = (*part(&s))[:5]
		if _, err := v.Open(mine, short); err == nil {
			t.Error("what was cut off opens")
		}
	}
}

func TestSameSecretIsNeverSealedAlike(t *testing.T) {
	v := open(t)
	a, b := seal(t, v), seal(t, v)
	if bytes.Equal(a.Text, b.Text) || bytes.Equal(a.Data, b.Data) {
		t.Error("who sees the store sees that two accounts have the same password")
	}
}

func TestNewKeySealsAndOldOneIsRetiredOnceNothingNeedsIt(t *testing.T) {
	hub := open(t)
	old := seal(t, hub)
	tool := vault.New(hub.Path())
	id, err := tool.Add(now)
	if err != nil {
		t.Fatal(err)
	}
	if s := seal(t, hub); s.Key != id {
		t.Errorf("a hub that runs seals with %s, not with the new key %s", s.Key, id)
	}
	wants(t, hub, old)
	moved, changed, err := tool.Reseal(mine, old)
	if err != nil || !changed || moved.Key != id || !bytes.Equal(moved.Text, old.Text) {
		t.Fatalf("%v, %v", changed, err)
	}
	if _, changed, err := tool.Reseal(mine, moved); changed || err != nil {
		t.Errorf("sealed with the newest key, and it changes: %v", err)
	}
	if retired, err := tool.Retire(func(id string) bool { return id == old.Key }); len(retired) != 0 || err != nil {
		t.Errorf("retired %v, %v, though it is needed", retired, err)
	}
	if retired, err := tool.Retire(func(string) bool { return false }); len(retired) != 1 || retired[0] != old.Key || err != nil {
		t.Errorf("retired %v, %v", retired, err)
	}
	wants(t, hub, moved)
	if _, err := vault.New(hub.Path()).Open(mine, old); !errors.Is(err, vault.ErrKey) || !strings.Contains(err.Error(), hub.Path()) {
		t.Errorf("the key is gone: %v", err)
	}
}

func TestHubThatRunsFindsKeysThatWereAddedSince(t *testing.T) {
	hub := open(t)
	seal(t, hub)
	tool := vault.New(hub.Path())
	if _, err := tool.Add(now); err != nil {
		t.Fatal(err)
	}
	wants(t, hub, seal(t, tool))
}

func TestKeysThatSeveralAddAtOnceAreAllThere(t *testing.T) {
	v := open(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := vault.New(v.Path()).Add(now); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if keys, err := v.Keys(); len(keys) != 9 || err != nil {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestFileOfKeysIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	v := open(t)
	s := seal(t, v)
	if err := vault.New(v.Path()).Create(now); err != nil {
		t.Fatal(err)
	}
	wants(t, vault.New(v.Path()), s)
	info, err := os.Stat(v.Path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(v.Path()), ".keys-*")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFileThatIsGoneIsNamed(t *testing.T) {
	v := open(t)
	s := seal(t, v)
	if err := os.Remove(v.Path()); err != nil {
		t.Fatal(err)
	}
	wants(t, v, s) // a hub that runs goes on
	_, err := vault.New(v.Path()).Open(mine, s)
	if !errors.Is(err, vault.ErrNoFile) || !strings.Contains(err.Error(), v.Path()) || !strings.Contains(err.Error(), "bring it back") {
		t.Errorf("got %v", err)
	}
	if _, err := v.Seal(mine, []byte(secret)); !errors.Is(err, vault.ErrNoFile) {
		t.Errorf("got %v", err)
	}
}

func TestFilesThatCannotBeUsedAreRefused(t *testing.T) {
	const key = `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`
	one := func(id, key string) string {
		return fmt.Sprintf(`{"id":%q,"created":"2027-01-01T00:00:00Z","key":%s}`, id, key)
	}
	for what, text := range map[string]string{
		"nothing":      "",
		"no JSON":      "x",
		"no keys":      `{"keys":[]}`,
		"short key":    `{"keys":[` + one("a", `"AAAA"`) + `]}`,
		"no id":        `{"keys":[` + one("", key) + `]}`,
		"same id":      `{"keys":[` + one("a", key) + "," + one("a", key) + `]}`,
		"unknown":      `{"keys":[` + one("a", key) + `],"more":1}`,
		"two objects":  `{"keys":[` + one("a", key) + `]}{}`,
		"no end of it": strings.Repeat(" ", 70<<10),
	} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.New(path).Keys(); !errors.Is(err, vault.ErrFile) || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: %v", what, err)
		}
	}
	v := open(t)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(v.Path(), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Keys(); !errors.Is(err, vault.ErrFile) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}
