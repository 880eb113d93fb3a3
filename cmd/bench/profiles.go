package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

const profiled = 6 // seconds: longer phases are cut off, shorter ones come with idle time

// Profiles collects CPU profiles of the hub in a directory, if it has one.
type profiles struct {
	dir      string
	postgres bool // of the hub on PostgreSQL; the files are named for it
}

// begin starts a profile; the function that it returns waits for its end. Its
// goroutine ends with the profile.
func (p *profiles) begin(s *server, phase string, round int) (stop func() error, err error) {
	if p.dir == "" || s.profile == "" {
		return func() error { return nil }, nil
	}
	if p.postgres {
		phase = "postgres-" + phase
	}
	file, err := os.Create(filepath.Join(p.dir, fmt.Sprintf("%s-%d.pprof", phase, round)))
	if err != nil {
		return nil, fmt.Errorf("keep a profile: %w", err)
	}
	finished := make(chan error, 1)
	go func() { finished <- fetch(fmt.Sprintf("%s?seconds=%d", s.profile, profiled), file) }()
	return func() error { return <-finished }, nil
}

func fetch(url string, into *os.File) error {
	answer, err := http.Get(url)
	if err != nil {
		return fmt.Errorf("fetch a profile: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // was read to its end
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch a profile: %s", answer.Status)
	}
	if _, err := io.Copy(into, answer.Body); err != nil {
		return fmt.Errorf("fetch a profile: %w", err)
	}
	return into.Close()
}
