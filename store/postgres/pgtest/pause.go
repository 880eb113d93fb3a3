package pgtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Pause stops all processes of the server where they are: they say nothing any
// more, and keep what they hold. Resume lets them go on.
func (s *Server) Pause() error {
	s.paused = true
	// The one that makes the others comes first, so that none is missed.
	if err := syscall.Kill(s.PID(), syscall.SIGSTOP); err != nil {
		return err
	}
	return s.signalSessions(syscall.SIGSTOP)
}

// Resume ends a Pause.
func (s *Server) Resume() error {
	s.paused = false
	return errors.Join(s.signalSessions(syscall.SIGCONT), syscall.Kill(s.PID(), syscall.SIGCONT))
}

// signalSessions signals the processes that the server's first one has made.
func (s *Server) signalSessions(sig syscall.Signal) error {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var pid, parent int
		if _, err := fmt.Sscan(lines.Text(), &pid, &parent); err != nil || parent != s.PID() {
			continue
		}
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}
