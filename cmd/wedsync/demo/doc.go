// Package demo plays the product's story in a terminal: a hub, a supplier with
// ten client records, two real automerge-repo clients in Node, an edit that
// merges and one that waits for a person. The hub that goes on serving also has a
// season of a small studio in it, with something to see on each page of the app: two
// months that a hub in this process went through by a clock that was moved. The
// studio's mail, calendars and telephone are at a server in this process, too, which
// speaks as the providers do (testdata/providers); the hub reads them as it would read those.
//
// Everything goes through what anybody else would use: the wedsync binary in
// processes of its own, the HTTP API, and an unmodified npm package. Each line
// tells what was read back just now; a story that does not come out as told is
// an error.
package demo
