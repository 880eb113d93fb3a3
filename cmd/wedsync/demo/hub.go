package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const hubPatience = 30 * time.Second // to start, and to end

// A hub is `wedsync serve` in a process of its own.
type hub struct {
	binary  string
	data    string
	address string
	log     io.Writer
	flags   []string // besides
	process *exec.Cmd
	ended   chan error // gets one value when the process has ended
}

// start starts the process and returns once it serves. After the first start
// it keeps its address.
func (h *hub) start() error {
	cmd := exec.Command(h.binary, append([]string{"serve", "--data", h.data, "--listen", h.address}, h.flags...)...)
	cmd.Stderr = h.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start hub: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start hub: %w", err)
	}
	h.process, h.ended = cmd, make(chan error, 1)
	serves := make(chan string, 1)
	go func() { // ends with the process
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, address, ok := strings.Cut(lines.Text(), "listening on http://"); ok {
				serves <- strings.TrimSpace(address)
			}
		}
		h.ended <- cmd.Wait()
	}()
	select {
	case h.address = <-serves:
		return nil
	case err := <-h.ended:
		return fmt.Errorf("the hub ended before it served (see %s/hub.log): %w", h.data, err)
	case <-time.After(hubPatience):
		return errors.Join(fmt.Errorf("the hub does not serve after %s (see %s/hub.log)", hubPatience, h.data), h.stop())
	}
}

// stop asks the process to end and waits until it has.
func (h *hub) stop() error {
	if err := h.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop hub: %w", err)
	}
	select {
	case err := <-h.ended:
		h.ended <- err // for whoever asks again
		return nil
	case <-time.After(hubPatience):
		return fmt.Errorf("the hub still runs %s after SIGTERM (process %d)", hubPatience, h.process.Process.Pid)
	}
}

// wait returns when ctx ends or the hub ends by itself, which is an error.
func (h *hub) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-h.ended:
		h.ended <- err
		if ctx.Err() != nil {
			return nil // Ctrl-C reaches the hub by itself
		}
		return fmt.Errorf("the hub has ended (see %s/hub.log): %w", h.data, err)
	}
}

// token makes a token as an operator would.
func (h *hub) token(ctx context.Context, user, role, device string) (string, error) {
	args := []string{"token", "--data", h.data, "--supplier", supplier, "--user", user, "--role", role}
	if device != "" {
		args = append(args, "--device", device)
	}
	out, err := exec.CommandContext(ctx, h.binary, args...).Output()
	if err != nil {
		return "", fmt.Errorf("make a token for %s: %w", user, err)
	}
	return strings.TrimSpace(string(out)), nil
}
