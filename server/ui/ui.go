package ui

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed all:dist
var embedded embed.FS

const page = "index.html"

// How long browsers may keep what they were given.
const (
	forGood  = "public, max-age=31536000, immutable" // its name changes with its content
	checking = "no-cache"
)

// policy lets the page load what the hub serves, and run nothing that stands in
// the page itself or comes from anywhere else.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler answers GET of the app's files, and of any other URL that a browser
// wants to show as a page with the app, which knows its own URLs. What is left
// it gives to other.
func Handler(other http.Handler) http.Handler {
	built, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // the name is constant
	}
	files, err := readFiles(built)
	if err != nil {
		panic(err) // they are in memory
	}
	return &handler{files, other}
}

type handler struct {
	files map[string]*file // by URL without the first slash
	other http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.other.ServeHTTP(w, r)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	f := h.files[name]
	if f == nil || name == page {
		if !isPage(r) {
			h.other.ServeHTTP(w, r)
			return
		}
		if f = h.files[page]; f == nil {
			notBuilt(w)
			return
		}
	}
	f.serve(w, r)
}

// isPage reports whether a browser asks for a page, not for data.
func isPage(r *http.Request) bool {
	if r.URL.Path == "/" {
		return true
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); first == "api" || first == "app" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
