package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	startPatience = 30 * time.Second
	logName       = "bench.log" // in the data directory
)

// A server is a running subject.
type server struct {
	url     string
	process *exec.Cmd
	ended   chan error    // closed when the process has ended
	lag     time.Duration // of the subject
	profile string        // address that serves CPU profiles, empty for none
	// urlOf is the url for another user, metrics the address of the counters; only
	// the hub has them.
	urlOf   func(ctx context.Context, user, role string) (string, error)
	metrics string
	beside  []int // processes whose CPU time counts too: its database
}

func (s *server) pid() int { return s.process.Process.Pid }

// cpu is the CPU time that the server and what stands beside it have used, in seconds.
func (s *server) cpu() (float64, error) {
	used, err := cpuSeconds(s.pid())
	for _, pid := range s.beside {
		more, e := cpuSeconds(pid)
		used, err = used+more, errors.Join(err, e)
	}
	return used, err
}

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
		<-s.ended
		return errors.New("the server did not end on SIGTERM")
	}
}

// launch starts a process whose log goes to a file in data. Whoever starts it
// calls stop; the goroutine ends with the process.
func launch(cmd *exec.Cmd, data string) (*server, error) {
	log, err := os.OpenFile(filepath.Join(data, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
		case <-time.After(2 * time.Millisecond):
		}
	}
	return fmt.Errorf("nobody listens on %s", address)
}
