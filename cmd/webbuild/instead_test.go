package main

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

func TestWhatStandsForADependencyDoesAsItDoes(t *testing.T) {
	script := filepath.Join(t.TempDir(), "instead.mjs")
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{"testdata/instead.mjs"},
		Outfile:     script,
		Bundle:      true,
		Write:       true,
		Format:      api.FormatESModule,
		Platform:    api.PlatformNode,
		Conditions:  []string{"module"},
	})
	if len(r.Errors) > 0 {
		t.Fatal(r.Errors)
	}
	seed := strconv.FormatUint(uint64(rand.Uint32()), 10)
	if out, err := exec.Command("node", script, seed).CombinedOutput(); err != nil {
		t.Fatalf("seed %s: %v\n%s", seed, err, out)
	}
}
