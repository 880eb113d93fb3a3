package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	page   = "index.html"
	worker = "sw.js"
	assets = "app" // the folder whose names carry hashes, and the URL below which they are served
)

// A build is one bundling of the web app.
type build struct {
	root, web, out string
	files          map[string][]byte // by path below out, with slashes
	meta           meta
}

func newBuild(root string) *build {
	ui := filepath.Join(root, "server", "ui")
	return &build{root: root, web: filepath.Join(ui, "web"), out: filepath.Join(ui, "dist"), files: make(map[string][]byte)}
}

// scriptBudget is how much JavaScript and CSS the app may be, in bytes after gzip.
// Pages that load later and the service worker count; Automerge's WebAssembly does not.
// The page that owners alone look at has a budget of its own: nobody else loads it, and
// an owner only after everything else. It has webhooks and accounts of communication,
// which are better one file than two: they share their lists, dialogs and styles.
const (
	scriptBudget = 120_000
	ownersBudget = 20_000
)

// ownersPage is what the file of that page is called, before its hash.
const ownersPage = "integrations"

// Sizes are in bytes; packed means after gzip.
type sizes struct{ script, scriptPacked, ownersPacked, wasm, wasmPacked int }

// bundle makes all files and then puts them in place of those that were there,
// unless they are over the budget.
func (b *build) bundle() (sizes, error) {
	names, err := b.app()
	if err != nil {
		return sizes{}, err
	}
	if err := b.static(names); err != nil {
		return sizes{}, err
	}
	if err := b.worker(); err != nil {
		return sizes{}, err
	}
	s, err := b.pack()
	if err != nil {
		return s, err
	}
	if s.scriptPacked > scriptBudget {
		return s, fmt.Errorf("the app's scripts and styles are %d bytes after gzip, of which %d are allowed; before it, most of them are of\n%s",
			s.scriptPacked, scriptBudget, b.meta.largest(20))
	}
	if s.ownersPacked == 0 || s.ownersPacked > ownersBudget {
		return s, fmt.Errorf("the owners' page %s is %d bytes after gzip, of which %d are allowed", ownersPage, s.ownersPacked, ownersBudget)
	}
	return s, b.write()
}

// app bundles the scripts and styles of the page and says what each entry is
// called now.
func (b *build) app() (names map[string]string, err error) {
	r := api.Build(b.options(api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: "src/main.ts", OutputPath: "main"},
			{InputPath: "src/page.css", OutputPath: "page"},
		},
		EntryNames: "[name]-[hash]",
		ChunkNames: "[name]-[hash]",
		AssetNames: "[name]-[hash]",
		PublicPath: "/" + assets + "/",
		Splitting:  true,
		Metafile:   true,
		Loader:     map[string]api.Loader{".wasm": api.LoaderFile},
		Outdir:     filepath.Join(b.out, assets),
	}))
	if err := b.take(r); err != nil {
		return nil, err
	}
	if b.meta, err = readMeta(r.Metafile); err != nil {
		return nil, err
	}
	if err := b.meta.standIns(); err != nil {
		return nil, err
	}
	return b.meta.entries(), nil
}

// static takes over the page, with the names of its scripts and styles, and
// what stays as it is.
func (b *build) static(names map[string]string) error {
	index, err := os.ReadFile(filepath.Join(b.web, page))
	if err != nil {
		return err
	}
	text := string(index)
	for entry, name := range names {
		text = strings.ReplaceAll(text, "{{"+entry+"}}", name)
	}
	// Without this, the browser learns of them only from the script.
	var early strings.Builder
	for _, name := range b.meta.chunks("main.ts") {
		fmt.Fprintf(&early, "<link rel=\"modulepreload\" href=\"%s\">", name)
	}
	text = strings.ReplaceAll(text, "{{chunks}}", early.String())
	if at := strings.Index(text, "{{"); at >= 0 {
		return fmt.Errorf("%s names something that is not built: %.40s", page, text[at:])
	}
	b.files[page] = []byte(text)
	for _, name := range []string{"manifest.webmanifest", "icons/icon.svg", "icons/maskable.svg"} {
		data, err := os.ReadFile(filepath.Join(b.web, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		b.files[path.Base(name)] = data
	}
	return nil
}

// worker bundles the service worker, which knows all that was built before it.
func (b *build) worker() error {
	all := sha256.New()
	files := make([]string, 0, len(b.files))
	for name := range b.files {
		files = append(files, name)
	}
	slices.Sort(files)
	for i, name := range files {
		fmt.Fprintf(all, "%s %d\n", name, len(b.files[name]))
		all.Write(b.files[name])
		files[i] = "/" + name
		if name == page {
			files[i] = "/"
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return b.take(api.Build(b.options(api.BuildOptions{
		EntryPoints: []string{"src/sw.ts"},
		Define:      map[string]string{"FILES": string(list), "VERSION": `"` + hex.EncodeToString(all.Sum(nil)[:8]) + `"`},
		Outfile:     filepath.Join(b.out, worker),
	})))
}

// options are what all bundles have in common.
func (b *build) options(o api.BuildOptions) api.BuildOptions {
	o.AbsWorkingDir, _ = filepath.Abs(b.web)
	o.Outdir, o.Outfile = absolute(o.Outdir), absolute(o.Outfile)
	o.Bundle = true
	o.Format = api.FormatESModule
	o.Platform = api.PlatformBrowser
	o.Target = api.ES2022
	o.MinifySyntax, o.MinifyWhitespace, o.MinifyIdentifiers = true, true, true
	o.LegalComments = api.LegalCommentsNone
	o.Sourcemap = api.SourceMapNone
	o.Write = false
	if o.Define == nil {
		o.Define = make(map[string]string)
	}
	o.Define["process.env.NODE_ENV"] = `"production"`
	o.Conditions = []string{"browser", "module", "production"}
	o.Alias = instead
	o.Plugins = []api.Plugin{templates, withoutRefs}
	return o
}

func absolute(name string) string {
	if name == "" {
		return ""
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	return abs
}

// take takes over what esbuild made, or says what it complains of.
func (b *build) take(r api.BuildResult) error {
	if len(r.Errors)+len(r.Warnings) > 0 {
		messages := append(api.FormatMessages(r.Errors, api.FormatMessagesOptions{}),
			api.FormatMessages(r.Warnings, api.FormatMessagesOptions{Kind: api.WarningMessage})...)
		return errors.New(strings.Join(messages, ""))
	}
	out := absolute(b.out)
	for _, f := range r.OutputFiles {
		name, err := filepath.Rel(out, f.Path)
		if err != nil {
			return err
		}
		b.files[filepath.ToSlash(name)] = f.Contents
	}
	return nil
}

// pack puts a gzip beside each file, and counts.
func (b *build) pack() (s sizes, err error) {
	packed := make(map[string][]byte, len(b.files))
	for name, data := range b.files {
		var buf bytes.Buffer
		w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		if err != nil {
			return s, err
		}
		if _, err := w.Write(data); err != nil {
			return s, err
		}
		if err := w.Close(); err != nil {
			return s, err
		}
		packed[name+".gz"] = buf.Bytes()
		switch ext := path.Ext(name); {
		case strings.HasPrefix(name, assets+"/"+ownersPage+"-"):
			s.ownersPacked += buf.Len()
		case ext == ".js" || ext == ".css":
			s.script, s.scriptPacked = s.script+len(data), s.scriptPacked+buf.Len()
		case ext == ".wasm":
			s.wasm, s.wasmPacked = s.wasm+len(data), s.wasmPacked+buf.Len()
		}
	}
	for name, data := range packed {
		b.files[name] = data
	}
	return s, nil
}

// write replaces what was built before. The page comes last: by it fresh knows
// that all of it is there.
func (b *build) write() error {
	old, err := os.ReadDir(b.out)
	if err != nil {
		return err
	}
	for _, entry := range old {
		if entry.Name() == ".gitignore" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(b.out, entry.Name())); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(b.files))
	for name := range b.files {
		if name != page {
			names = append(names, name)
		}
	}
	for _, name := range append(names, page) {
		file := filepath.Join(b.out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, b.files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
