package ui

import "net/http"

const notBuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>WedSync: the app is not built</title>
<h1>UI not built: run <code>just web</code></h1>
<p>This hub was compiled without its web app. Run <code>just web</code> in the repository, or
<code>npx -y rust-just@1.57.0 web</code>, and compile it again. Sync and the API work as they are:
<a href="/docs">what the API offers</a>.
`

// notBuilt tells a person what to do about an app that is not there.
func notBuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(notBuiltPage)) // whoever asked may be gone
}
