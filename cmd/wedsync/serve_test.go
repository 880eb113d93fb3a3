package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server/auth"
	"wedsync/store/sqlite"
)

func TestTokenIsForTheHubOfItsDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	token := strings.TrimSpace(mustRun(t, "token", "--data", dir, "--supplier", "barn", "--user", "ada", "--role", "member", "--device", "phone", "--ttl", "1h"))
	identity, err := sqlite.Identity(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tokens := auth.New(identity.Secret, func() time.Time { return now })
	got, err := tokens.Session(t.Context(), token)
	if want := (conflicts.Principal{Supplier: "barn", User: "ada", Device: "phone", Role: conflicts.Member}); err != nil || got.Principal != want {
		t.Errorf("token of %+v, %v, want %+v", got, err, want)
	}
	now = now.Add(2 * time.Hour)
	if _, err := tokens.Session(t.Context(), token); err == nil {
		t.Error("the token outlives its time")
	}
}

func TestTokenRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"--supplier", "barn"},
		{"--supplier", "barn", "--user", ""},
		{"--supplier", "barn", "--user", "ada", "--role", "admin"},
		{"--supplier", "barn", "--user", "ada", "--ttl", "-1h"},
		{"--supplier", "barn", "--user", "ada", "--ttl", "soon"},
	} {
		if out, err := wedsync(t, append([]string{"token", "--data", dir}, args...)...); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
}

func TestServedHubTakesTokensMadeBesideItAndEndsInOrder(t *testing.T) {
	hub := startHub(t)
	a := hub.api(owner("olga"))
	if status := a.do("GET", "/api/clients", nil, nil); status != http.StatusOK {
		t.Errorf("a token made while the hub runs: %d", status)
	}
	t.Setenv("WEDSYNC_URL", a.base)
	t.Setenv("WEDSYNC_TOKEN", a.token)
	wantParts(t, mustRun(t, "conflicts", "list"), "No conflicts.")
	wantParts(t, mustRun(t, "status"), "0 records")
	hub.stop()
	if code := hub.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	hub.start()
	if status := a.do("GET", "/api/clients", nil, nil); status != http.StatusOK {
		t.Errorf("the token after a restart: %d", status)
	}
}

func TestSecondHubOnOneDirectoryIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	hub := startHub(t)
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "serve", "--data", hub.data, "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTakenAddressIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	hub := startHub(t)
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "serve", "--data", t.TempDir(), "--listen", hub.address).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--listen") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestStoppingHubTellsItsDevicesToComeBack(t *testing.T) {
	t.Parallel()
	hub := startHub(t)
	device := joinWire(t, hub.sync(member("ada")), "adas-phone")
	stopped := make(chan struct{})
	go func() { // ends with the process
		hub.stop()
		close(stopped)
	}()
	if code := device.awaitClose(); code != 1012 {
		t.Errorf("closed with %d, want 1012", code)
	}
	<-stopped
	if code := hub.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d with a device connected", code)
	}
}
