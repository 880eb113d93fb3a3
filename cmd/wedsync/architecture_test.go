package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A goPackage is what the rules look at: the package's own files, no tests.
type goPackage struct {
	path  string // below the module, "crdt/engine"
	files map[string]*ast.File
	fset  *token.FileSet
}

// mayImport is the table of the house: which packages of ours a package may
// import. A folder stands for all below it; the longest entry counts.
var mayImport = map[string][]string{
	"crdt":                           {"crdt/internal"},
	"crdt/internal":                  {"crdt/internal"},
	"crdt/engine":                    {"crdt"},
	"syncproto":                      {"crdt"},
	"conflicts":                      {"crdt"},
	"store":                          {"crdt", "conflicts"},
	"store/jobs":                     {"store"},
	"store/talk":                     {"store"},
	"store/sqlite":                   {"crdt", "conflicts", "store", "store/jobs", "store/talk"},
	"store/postgres":                 {"crdt", "conflicts", "store", "store/jobs", "store/talk"},
	"store/postgres/pgtest":          {},
	"store/storetest":                {"crdt", "conflicts", "store"},
	"store/transfer":                 {"crdt", "conflicts", "store"},
	"server/metrics":                 {},
	"server/outbound":                {},
	"server/breaker":                 {},
	"server/auth":                    {"crdt", "conflicts", "store"},
	"server/hub":                     {"crdt", "crdt/engine", "syncproto", "conflicts", "store", "server/metrics"},
	"server/socket":                  {"crdt", "syncproto", "conflicts", "store", "server/auth", "server/hub", "server/metrics"},
	"server/activity":                {"crdt", "conflicts", "store", "server/auth", "server/hub"},
	"server/sheet":                   {"crdt", "conflicts"},
	"server/accepted":                {"crdt", "conflicts", "store"},
	"server/webhooks/mapping":        {"crdt"},
	"server/webhooks/sending":        {"crdt", "conflicts", "store", "server/accepted", "server/activity", "server/hub", "server/webhooks/connection"},
	"server/webhooks/signature":      {},
	"server/webhooks/connection":     {"conflicts", "store", "server/webhooks/signature"},
	"server/webhooks/source":         {"store", "server/outbound", "server/webhooks/connection", "server/webhooks/signature"},
	"server/webhooks/inbound":        {"store", "server/auth", "server/webhooks/connection", "server/webhooks/signature", "server/webhooks/source"},
	"server/webhooks/processing":     {"crdt", "conflicts", "store", "server/breaker", "server/hub", "server/webhooks/connection", "server/webhooks/inbound", "server/webhooks/mapping", "server/webhooks/source"},
	"server/communications/calling":  {"server/breaker", "server/communications/source"},
	"server/communications/pulling":  {"store", "server/communications/source"},
	"server/communications/pushing":  {"store", "server/auth", "server/communications/account", "server/communications/source", "server/webhooks/inbound", "server/webhooks/signature", "server/webhooks/source"},
	"server/communications/vault":    {},
	"server/communications/account":  {"conflicts", "store", "server/communications/source", "server/communications/vault", "server/outbound"},
	"server/communications/source":   {"store", "server/outbound", "server/communications/source"},
	"server/api":                     {"crdt", "conflicts", "store", "server/accepted", "server/activity", "server/auth", "server/communications", "server/breaker", "server/hub", "server/metrics", "server/sheet", "server/webhooks"},
	"server/communications/timeline": {"crdt", "conflicts", "store", "server/hub", "server/communications/pulling", "server/communications/source"},
	"server/openapi":                 {"server/api"},
	"server/ui":                      {},
	"server":                         {"crdt", "crdt/engine", "conflicts", "syncproto", "store", "server"},
	"cmd":                            {"crdt", "crdt/engine", "conflicts", "syncproto", "store", "store/sqlite", "store/postgres", "store/transfer", "server", "cmd/wedsync/demo", "cmd/chromium", "testdata/providers"},
	"cmd/wedsync/demo":               {"testdata/providers"},
	"cmd/webbuild":                   {},
	"cmd/chromium":                   {},
}

// onlyIn says which folders may use what stands outside.
var onlyIn = map[string][]string{
	"github.com/automerge/automerge-go":                   {"crdt/engine"},
	"C":                                                   {"crdt/engine"},
	"database/sql":                                        {"store/sqlite", "store/postgres"},
	"modernc.org/sqlite":                                  {"store/sqlite"},
	"github.com/jackc/pgx/v5":                             {"store/postgres"},
	"github.com/jackc/pgx/v5/pgxpool":                     {"store/postgres"},
	"github.com/pressly/goose/v3":                         {"store/sqlite", "store/postgres"},
	"github.com/riverqueue/river":                         {"store/jobs"},
	"github.com/riverqueue/river/riverdriver":             {"store/jobs"},
	"github.com/riverqueue/river/riverdriver/riverpgxv5":  {"store/postgres"},
	"github.com/riverqueue/river/riverdriver/riversqlite": {"store/sqlite"},

	"net/http":                           {"server", "cmd"},
	"github.com/coder/websocket":         {"server/socket", "server/activity", "cmd/bench"},
	"github.com/alecthomas/kong":         {"cmd"},
	"github.com/danielgtaylor/huma/v2":   {"server/api", "server/openapi"},
	"github.com/evanw/esbuild/pkg/api":   {"cmd/webbuild"},
	"golang.org/x/oauth2":                {"server/communications/account"},
	"github.com/nyaruka/phonenumbers":    {"server/communications/source"},
	"github.com/microcosm-cc/bluemonday": {"server/communications/source"},
	"github.com/sony/gobreaker/v2":       {"server/breaker"},
	"github.com/chromedp/chromedp":       {"cmd/chromium", "cmd/bench"},
}

// pure packages have no socket, disk, clock or goroutine.
var pure = []string{"crdt", "crdt/internal", "syncproto", "conflicts", "store/talk", "server/sheet", "server/webhooks/mapping", "server/webhooks/signature"}

func TestPackagesImportDownOnly(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		rule, ok := longest(maps.Keys(mayImport), p.path)
		if !ok {
			t.Errorf("%s has no line in the table of imports", p.path)
			continue
		}
		for _, imported := range p.imports(t) {
			if ours, ok := strings.CutPrefix(imported, "wedsync/"); ok {
				if !slices.Contains(mayImport[rule], ours) && !belowAny(mayImport[rule], ours) {
					t.Errorf("%s imports %s, which lies beside or above it", p.path, ours)
				}
				continue
			}
			if homes, ok := onlyIn[imported]; ok && !belowAny(homes, p.path) {
				t.Errorf("%s imports %s, whose place is in %v", p.path, imported, homes)
			}
		}
	}
}

func TestEachPackageHasOnePackageComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		var commented []string
		for name, f := range p.files {
			if f.Doc != nil {
				commented = append(commented, name)
			}
		}
		if len(commented) != 1 || commented[0] != "doc.go" {
			t.Errorf("%s: package comment in %v, want it in doc.go alone", p.path, commented)
		}
	}
}

func TestPurePackagesHaveNoSocketDiskClockOrGoroutine(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if home, _ := longest(slices.Values(append(slices.Collect(maps.Keys(mayImport)), pure...)), p.path); !slices.Contains(pure, home) {
			continue
		}
		for _, imported := range p.imports(t) {
			switch imported {
			case "os", "net", "net/http", "syscall", "io/fs", "sync", "context", "log/slog", "math/rand", "math/rand/v2", "crypto/rand":
				t.Errorf("%s imports %s", p.path, imported)
			}
		}
		p.each(func(n ast.Node) {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", p.fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "After", "NewTimer", "Sleep"}, n.Sel.Name) {
					t.Errorf("%s reads the clock: time.%s", p.fset.Position(n.Pos()), n.Sel.Name)
				}
			}
		})
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		p.each(func(n ast.Node) {
			if f, ok := n.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init", p.fset.Position(f.Pos()))
			}
		})
	}
}

func TestFilesStayReadable(t *testing.T) {
	t.Parallel()
	const most = 400 // lines; at that, ask which second thing has moved in
	for _, p := range packages(t) {
		for name, f := range p.files {
			if lines := p.fset.File(f.Pos()).LineCount(); lines > most {
				t.Errorf("%s/%s has %d lines, more than %d", p.path, name, lines, most)
			}
		}
	}
}

func (p *goPackage) imports(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, f := range p.files {
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, imported)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (p *goPackage) each(visit func(ast.Node)) {
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}

// packages parses all Go packages of the repository that are in the build.
func packages(t *testing.T) []*goPackage {
	t.Helper()
	all := make(map[string]*goPackage)
	err := filepath.WalkDir(repository, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name == "node_modules" || len(name) > 2 && name[0] == '.' {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return addFile(all, file)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Fatalf("found only %d packages: is the test looking at the repository?", len(all))
	}
	return slices.Collect(maps.Values(all))
}

func addFile(all map[string]*goPackage, file string) error {
	below, err := filepath.Rel(repository, filepath.Dir(file))
	if err != nil {
		return err
	}
	where := filepath.ToSlash(below)
	p, ok := all[where]
	if !ok {
		p = &goPackage{path: where, files: make(map[string]*ast.File), fset: token.NewFileSet()}
		all[where] = p
	}
	f, err := parser.ParseFile(p.fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p.files[path.Base(filepath.ToSlash(file))] = f
	return nil
}

// belowAny reports whether p is one of the folders or lies below one.
func belowAny(folders []string, p string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return p == folder || folder != "crdt" && folder != "store" && strings.HasPrefix(p, folder+"/")
	})
}

// longest is the longest of the folders that p is or lies below.
func longest(folders func(func(string) bool), p string) (string, bool) {
	found, ok := "", false
	for folder := range folders {
		if (p == folder || strings.HasPrefix(p, folder+"/")) && len(folder) > len(found) {
			found, ok = folder, true
		}
	}
	return found, ok
}
