package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// packedEnd ends the names of files that are packed with gzip.
const packedEnd = ".gz"

// A file is one file of the app.
type file struct {
	kind          string // content type
	keep          string // Cache-Control
	plain, packed body
}

type body struct {
	data []byte
	tag  string // strong ETag
}

// readFiles reads all that was built.
func readFiles(built fs.FS) (map[string]*file, error) {
	files := make(map[string]*file)
	err := fs.WalkDir(built, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		whole, isPacked := strings.CutSuffix(name, packedEnd)
		f := files[whole]
		if f == nil {
			f = &file{kind: contentType(whole), keep: checking}
			if strings.HasPrefix(whole, "app/") {
				f.keep = forGood
			}
			files[whole] = f
		}
		if isPacked {
			f.packed = body{data, tag(data)}
		} else {
			f.plain = body{data, tag(data)}
		}
		return nil
	})
	return files, err
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	b := f.plain
	head := w.Header()
	head.Set("Vary", "Accept-Encoding")
	if f.packed.data != nil && takesGzip(r) {
		head.Set("Content-Encoding", "gzip")
		b = f.packed
	}
	head.Set("Content-Type", f.kind)
	head.Set("Cache-Control", f.keep)
	head.Set("ETag", b.tag)
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	// No Cross-Origin-Opener-Policy: it would have the browser start a process for the
	// page once its answer is there, which takes a fifth of a first view (just bench
	// --only web: 387 → 500 ms). The app has no frames to count, and listens to no window.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm" // or browsers do not compile it while it loads
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// tag is a strong ETag of data.
func tag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// takesGzip reports whether the caller names gzip, and not only to refuse it.
func takesGzip(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, weighed := strings.Cut(strings.TrimSpace(coding), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return !weighed || err == nil && q > 0
	}
	return false
}
