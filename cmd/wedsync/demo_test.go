package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
)

func TestDemoComesOutAsTold(t *testing.T) {
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
		"wedding_date → 2027-06-19, from maya on maya-phone",
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

func TestDemoSaysWhatToInstall(t *testing.T) {
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
