package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hub is what all others are compared with. With profiling it serves profiles.
func hub(binary string, profiling bool) *subject {
	return &subject{
		name: hubName, format: "automerge", encode: newHistories, lag: hubShowing, durable: true, missing: absent(binary),
		start: func(ctx context.Context, at place) (*server, error) {
			args := append([]string{"serve", "--listen", "127.0.0.1:0"}, at.flags()...)
			args = append(args, at.more...)
			if profiling {
				args = append(args, "--pprof")
			}
			out, w, err := os.Pipe()
			if err != nil {
				return nil, fmt.Errorf("pipe for the hub's output: %w", err)
			}
			cmd := exec.Command(binary, args...)
			cmd.Stdout = w
			s, err := launch(cmd, at.dir)
			_ = w.Close() // the process has its own copy
			if err != nil {
				return nil, err
			}
			address, err := listening(out)
			if err != nil {
				return nil, errors.Join(err, s.stop())
			}
			token, err := hubToken(ctx, binary, at)
			if err != nil {
				return nil, errors.Join(err, s.stop())
			}
			s.url = syncURL(address, token)
			s.urlOf = func(ctx context.Context, user, role string) (string, error) {
				token, err := newToken(ctx, binary, at, user, role)
				return syncURL(address, token), err
			}
			if at.database != nil {
				s.beside = []int{at.database.pid}
			}
			s.metrics = "http://" + address + "/metrics"
			if profiling {
				s.profile = "http://" + address + "/debug/pprof/profile"
			}
			return s, nil
		},
	}
}

// flags tell a hub where it keeps what it stores.
func (p place) flags() []string {
	if p.database != nil {
		return []string{"--store", p.database.address}
	}
	return []string{"--data", p.dir}
}

func syncURL(address, token string) string { return "ws://" + address + "/sync?token=" + token }

// hubToken makes a token once for each data directory, so that a second start
// takes no longer than the hub needs.
func hubToken(ctx context.Context, binary string, at place) (string, error) {
	file := filepath.Join(at.dir, "bench.token")
	if token, err := os.ReadFile(file); err == nil {
		return string(token), nil
	}
	token, err := newToken(ctx, binary, at, "bench", "owner")
	if err != nil {
		return "", err
	}
	return token, os.WriteFile(file, []byte(token), 0o600)
}

func newToken(ctx context.Context, binary string, at place, user, role string) (string, error) {
	args := append([]string{"token", "--supplier", "bench", "--user", user, "--role", role}, at.flags()...)
	out, err := exec.CommandContext(ctx, binary, args...).Output()
	if err != nil {
		return "", fmt.Errorf("make a token for %s: %w", user, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// listening reads the hub's output up to the line that says where it serves,
// and drains the rest until the hub ends.
func listening(out *os.File) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "listening on http://"); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return strings.TrimSpace(address), nil
		}
	}
	return "", errors.Join(errors.New("the hub ended before it was listening"), lines.Err())
}
