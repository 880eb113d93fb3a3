package ui

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// built is what cmd/webbuild leaves, in small.
func built() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	var packed strings.Builder
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("console.log(1)")) // into memory
	_ = w.Close()
	return fstest.MapFS{
		".gitignore": file("*"), "index.html": file("<!doctype html>the app"), "sw.js": file("worker"),
		"app/main-ABC.js": file("console.log(1)"), "app/main-ABC.js.gz": file(packed.String()), "app/automerge-ABC.wasm": file("\x00asm"),
	}
}

func serving(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	read, err := readFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return &handler{read, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
}

func ask(h http.Handler, method, path string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPagesGoToTheAppAndDataToTheHub(t *testing.T) {
	h := serving(t, built())
	const browser = "text/html,application/xhtml+xml"
	for _, c := range []struct {
		method, path, accept string
		want                 int
	}{
		{"GET", "/", "", 200},
		{"GET", "/inbox", browser, 200},
		{"HEAD", "/clients/01J0Q3Z9T5Q8B7V6N4M2K1H0GF", browser, 200},
		{"GET", "/sw.js", "*/*", 200},
		{"GET", "/inbox", "application/json", http.StatusTeapot},
		{"GET", "/api/nothing", browser, http.StatusTeapot},
		{"GET", "/app/main-OLD.js", browser, http.StatusTeapot},
		{"GET", "/app/main-ABC.js.gz", "*/*", http.StatusTeapot},
		{"GET", "/.gitignore", "*/*", http.StatusTeapot},
		{"GET", "/app/../.gitignore", "*/*", http.StatusTeapot},
		{"POST", "/inbox", browser, http.StatusTeapot},
	} {
		if got := ask(h, c.method, c.path, "Accept", c.accept).Code; got != c.want {
			t.Errorf("%s %s for %q: %d, want %d", c.method, c.path, c.accept, got, c.want)
		}
	}
}

func TestNothingInAPageRunsThatTheHubDoesNotServe(t *testing.T) {
	w := ask(serving(t, built()), "GET", "/")
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") {
		t.Errorf("the policy is %q", policy)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error("browsers may guess types")
	}
}

func TestNamesWithAHashAreKeptAndOthersChecked(t *testing.T) {
	h := serving(t, built())
	for path, want := range map[string]string{"/": checking, "/sw.js": checking, "/app/main-ABC.js": forGood} {
		w := ask(h, "GET", path)
		if got := w.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
		again := ask(h, "GET", path, "If-None-Match", w.Header().Get("ETag"))
		if again.Code != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d, want 304", path, again.Code)
		}
	}
}

func TestWhoTakesGzipGetsIt(t *testing.T) {
	h := serving(t, built())
	for accept, packed := range map[string]bool{
		"gzip, br": true, "br;q=1, GZIP;q=0.5": true, "": false, "br": false, "gzip;q=0": false, "gzip;q=0.000": false, "x-gzip-not": false,
	} {
		w := ask(h, "GET", "/app/main-ABC.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding %q: packed %t, want %t", accept, got, packed)
		}
		var body io.Reader = w.Body
		if packed {
			r, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = r
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != "console.log(1)" {
			t.Errorf("Accept-Encoding %q: %q, %v", accept, text, err)
		}
	}
	if got := ask(h, "GET", "/app/automerge-ABC.wasm").Header().Get("Content-Type"); got != "application/wasm" {
		t.Errorf("wasm is served as %q, which browsers do not compile while it loads", got)
	}
}

func TestAnAppThatIsNotBuiltSaysWhatToDo(t *testing.T) {
	h := serving(t, fstest.MapFS{".gitignore": &fstest.MapFile{Data: []byte("*")}})
	w := ask(h, "GET", "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "just web") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if got := ask(h, "GET", "/api/clients").Code; got != http.StatusTeapot {
		t.Errorf("the API answers %d beside it", got)
	}
}
