package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// A subject is a server that can be measured.
type subject struct {
	name  string // in the report
	start func(ctx context.Context, at place) (*server, error)
	// database is made for each place, if it is not nil.
	database func(context.Context) (*database, error)
	// encode prepares work in the form that the server speaks; subjects of the
	// same format share a corpus.
	format string
	encode func(ctx context.Context, w work) (corpus, error)
	// lag is how long the server may wait before it does the rest of the work:
	// storing or projecting what it has acknowledged counts too.
	lag time.Duration
	// durable says that what it has acknowledged is stored.
	durable bool
	// missing says why the subject cannot be measured, empty if it can.
	missing string
}

// A place is where a server keeps what it stores.
type place struct {
	dir      string
	database *database // nil if the directory is all
	more     []string  // flags of the hub that serves it
}

const (
	hubName      = "hub"
	postgresName = "hub on Postgres"
	syncName     = "sync-server"
	hocusName    = "hocuspocus"
	hocusStoring = 2500 * time.Millisecond // it stores 2 s after a change
	hubShowing   = 1300 * time.Millisecond // it projects 1 s after a change
)

// syncServer is automerge-repo-sync-server, installed in dir.
func syncServer(dir string) *subject {
	script := filepath.Join(dir, "node_modules/@automerge/automerge-repo-sync-server/src/index.js")
	return &subject{
		name: syncName, format: "automerge", encode: newHistories, missing: absent(script),
		lag: 300 * time.Millisecond,
		start: func(ctx context.Context, at place) (*server, error) {
			return startNode(ctx, at.dir, script)
		},
	}
}

// hocuspocus is Hocuspocus with its SQLite extension, installed in dir.
func hocuspocus(dir string) *subject {
	script := filepath.Join(dir, "server.js")
	return &subject{
		name: hocusName, format: "yjs", missing: absent(filepath.Join(dir, "node_modules/better-sqlite3/build/Release/better_sqlite3.node")),
		lag:    hocusStoring,
		encode: func(ctx context.Context, w work) (corpus, error) { return newUpdates(ctx, dir, w) },
		start: func(ctx context.Context, at place) (*server, error) {
			return startNode(ctx, at.dir, script)
		},
	}
}

func absent(file string) string {
	if _, err := os.Stat(file); err != nil {
		return "not installed (run: just bench): " + err.Error()
	}
	return ""
}

// startNode starts a server that takes its port and directory from the
// environment.
func startNode(ctx context.Context, data, script string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", script)
	cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "DATA_DIR="+data, "NODE_ENV=production")
	s, err := launch(cmd, data)
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	s.url = "ws://" + address + "/"
	if err := awaitPort(ctx, s, address); err != nil {
		_ = s.stop() // the error that matters is at hand
		return nil, fmt.Errorf("start %s: %w", script, err)
	}
	return s, nil
}
