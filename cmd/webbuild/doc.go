// Webbuild bundles the web app: server/ui/web becomes server/ui/dist, which the
// hub embeds. Names of what may be cached for good carry a hash of the content;
// the service worker is told them all, and one hash of everything as its version.
//
//	go run ./cmd/webbuild             bundle if sources are newer than what was built
//	go run ./cmd/webbuild --force     bundle in any case
package main
