package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const startPatience = 30 * time.Second

// A subject is a server that can be measured.
type subject struct {
	name  string
	start func(ctx context.Context, data string) (*server, error)
}

// A server is a running subject.
type server struct {
	url     string
	process *exec.Cmd
	ended   chan error // closed when the process has ended
}

func (s *server) pid() int { return s.process.Process.Pid }

// stop asks the server to end and waits for it.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop server: %w", err)
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(startPatience):
		_ = s.process.Process.Kill() // it had its chance
		return errors.New("the server did not end on SIGTERM")
	}
}

// launch starts a process whose log goes to a file in data. Whoever starts it
// calls stop; the goroutine ends with the process.
func launch(cmd *exec.Cmd, data string) (*server, error) {
	log, err := os.OpenFile(filepath.Join(data, "bench.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open server log: %w", err)
	}
	cmd.Stderr = log
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	s := &server{process: cmd, ended: make(chan error, 1)}
	go func() {
		s.ended <- cmd.Wait()
		close(s.ended)
		_ = log.Close() // written by the process, not by us
	}()
	return s, nil
}

func hubSubject(binary string) *subject {
	return &subject{name: "hub", start: func(ctx context.Context, data string) (*server, error) {
		out, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("pipe for the hub's output: %w", err)
		}
		cmd := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0")
		cmd.Stdout = w
		s, err := launch(cmd, data)
		_ = w.Close() // the process has its own copy
		if err != nil {
			return nil, err
		}
		address, err := listening(out)
		if err != nil {
			return nil, errors.Join(err, s.stop())
		}
		token, err := exec.CommandContext(ctx, binary, "token", "--data", data, "--supplier", "bench", "--user", "bench").Output()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make a token: %w", err), s.stop())
		}
		s.url = "ws://" + address + "/sync?token=" + strings.TrimSpace(string(token))
		return s, nil
	}}
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
	return "", errors.Join(errors.New("the hub ended before it was listening; its log is bench.log in the data directory"), lines.Err())
}

func syncServerSubject(dir string) *subject {
	return &subject{name: "sync-server", start: func(ctx context.Context, data string) (*server, error) {
		script := filepath.Join(dir, "node_modules/@automerge/automerge-repo-sync-server/src/index.js")
		if _, err := os.Stat(script); err != nil {
			return nil, fmt.Errorf("automerge-repo-sync-server is not installed (run: just bench): %w", err)
		}
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
			return nil, errors.Join(err, s.stop())
		}
		return s, nil
	}}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func awaitPort(ctx context.Context, s *server, address string) error {
	for deadline := time.Now().Add(startPatience); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			return errors.New("the server ended before it was listening")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("nobody listens on %s", address)
}
