// Package ui serves the web app, which cmd/webbuild bundles from web into dist
// and the binary embeds. Nothing that is built is committed: a hub that was
// compiled without says so in place of the app, and serves everything else.
package ui
