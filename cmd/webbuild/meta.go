package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Instead names what stands for a dependency of automerge-repo that brings much
// more than automerge-repo uses. testdata/instead.mjs holds each to the original.
var instead = map[string]string{
	"cbor-x":               "./src/instead/cbor.ts",
	"debug":                "./src/instead/debug.ts",
	"xstate":               "./src/instead/xstate.ts",
	"@noble/hashes/sha256": "./src/instead/sha256.ts",
	"fast-sha256":          "./src/instead/sha256.ts",
}

// Refs are a part of automerge-repo itself, which imports it by its file.
const refs = "./src/instead/ref.ts"

var withoutRefs = api.Plugin{
	Name: "without refs",
	Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^\./refs/ref\.js$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: filepath.Join(b.InitialOptions.AbsWorkingDir, filepath.FromSlash(refs))}, nil
		})
	},
}

// Meta is what esbuild says of its output.
type meta struct {
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
		Inputs     map[string]struct {
			BytesInOutput int `json:"bytesInOutput"`
		} `json:"inputs"`
		Imports []struct {
			Path string `json:"path"`
			Kind string `json:"kind"`
		} `json:"imports"`
	} `json:"outputs"`
}

func readMeta(text string) (m meta, err error) {
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, fmt.Errorf("read what esbuild says of its output: %w", err)
	}
	return m, nil
}

// entries says under which name of the page's template each entry came out.
func (m meta) entries() map[string]string {
	names := make(map[string]string)
	for out, o := range m.Outputs {
		if o.EntryPoint != "" {
			names[path.Base(o.EntryPoint)] = "/" + assets + "/" + path.Base(out)
		}
	}
	return names
}

// chunks are the URLs of what an entry imports, and its imports do, at once: not
// what is loaded when it is needed.
func (m meta) chunks(entry string) []string {
	var found []string
	seen := make(map[string]bool)
	var follow func(out string)
	follow = func(out string) {
		for _, i := range m.Outputs[out].Imports {
			if i.Kind != "import-statement" || seen[i.Path] {
				continue
			}
			seen[i.Path] = true
			found = append(found, "/"+assets+"/"+path.Base(i.Path))
			follow(i.Path)
		}
	}
	for out, o := range m.Outputs {
		if path.Base(o.EntryPoint) == entry {
			follow(out)
		}
	}
	return found
}

// standIns fails if one of them stands for nothing: what it replaced is gone, or
// is imported by another name and in the bundle after all.
func (m meta) standIns() error {
	used := make(map[string]bool)
	for _, o := range m.Outputs {
		for name := range o.Inputs {
			used[name] = true
		}
	}
	for dependency, file := range instead {
		if !used[path.Clean(file)] {
			return fmt.Errorf("%s stands for %s, which nothing imports: remove it, or find by which name it is imported now", file, dependency)
		}
	}
	if !used[path.Clean(refs)] {
		return fmt.Errorf("%s stands for automerge-repo's refs/ref.js, which nothing imports any more: remove it", refs)
	}
	return nil
}

// largest lists the n scripts and styles that the bundles have most of, by bytes.
func (m meta) largest(n int) string {
	of := make(map[string]int)
	for out, o := range m.Outputs {
		if path.Ext(out) == ".wasm" {
			continue
		}
		for name, input := range o.Inputs {
			of[name] += input.BytesInOutput
		}
	}
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(of[b]-of[a], strings.Compare(a, b))
	})
	var list strings.Builder
	for _, name := range names[:min(n, len(names))] {
		fmt.Fprintf(&list, "%8d %s\n", of[name], name)
	}
	return list.String()
}
