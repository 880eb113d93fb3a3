package main

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestDemoComesOutAsTold(t *testing.T) {
	t.Parallel()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "demo", "--once").CombinedOutput()
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	for _, want := range []string{
		"Sofia Rossi & Theo Laurent",
		"still offline, sees its own 2027-06-19",
		"Met at the barn: ramp needed. Peonies, no lilies. Deposit paid.",
		"wedding_date → 2027-06-19, from Maya on maya-phone",
		"the same heads",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "\033[") {
		t.Errorf("colours where there is no terminal:\n%q", out)
	}
}

func TestDemoLeavesTheHubServingUntilItIsStopped(t *testing.T) {
	t.Parallel()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	cmd := exec.CommandContext(t.Context(), path, "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	cmd.Stderr = &tail{}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
		if _, after, ok := strings.Cut(lines.Text(), "WEDSYNC_URL="); ok {
			url = after
		}
	}
	resp, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatalf("the hub of the demo does not serve: %v\n%s", err, cmd.Stderr)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Errorf("healthz: %s", resp.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v\n%s", err, cmd.Stderr)
	}
	if _, err := http.Get(url + "/healthz"); err == nil {
		t.Errorf("the hub has outlived the demo")
	}
	if left, err := os.ReadDir(work); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemoSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "demo", "--once", "--node-modules", t.TempDir())
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "npm install @automerge/automerge@3.5.0") {
		t.Errorf("got %v and %q, want an error that says what to install", err, out)
	}
}
