package demo

import (
	"bufio"
	"context"
	_ "embed" // for the scripts
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed device.mjs
var deviceScript string

//go:embed answers.mjs
var answersScript string

const devicePatience = 30 * time.Second // for one command of a device

// A device is an automerge-repo client, or several, in a Node process.
type device struct {
	name string // as the story calls it
	in   io.WriteCloser
	out  *bufio.Reader
	cmd  *exec.Cmd
}

// An answer is what a device shows after a command.
type answer struct {
	Fields map[string]any `json:"fields"`
	Heads  []string       `json:"heads"`
	Error  string         `json:"error"`
}

// startDevice starts a device that keeps its documents in storage.
func startDevice(ctx context.Context, nodeModules, name, peer, url, storage string) (*device, error) {
	options, err := json.Marshal(map[string]string{"url": url, "peer": peer, "storage": storage})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return startNode(ctx, nodeModules, name, deviceScript, "WEDSYNC_DEVICE="+string(options))
}

// startNode starts a script whose commands are then run as they come. It ends when its input is closed,
// with ctx, or with this process.
func startNode(ctx context.Context, nodeModules, name, script string, env ...string) (*device, error) {
	// Node resolves the imports of an evaluated script from its directory.
	cmd := exec.CommandContext(ctx, "node", "--input-type=module", "--eval", script+answersScript)
	cmd.Dir = filepath.Dir(nodeModules)
	cmd.Env = append(os.Environ(), env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (Node 20.19 or newer is needed): %w", name, err)
	}
	return &device{name: name, in: in, out: bufio.NewReader(out), cmd: cmd}, nil
}

// do runs one command and returns what the device shows then.
func (d *device) do(ctx context.Context, cmd string, args map[string]any) (answer, error) {
	line := maps.Clone(args)
	if line == nil {
		line = make(map[string]any, 1)
	}
	line["cmd"] = cmd
	b, err := json.Marshal(line)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %s: %w", d.name, cmd, err)
	}
	if _, err := d.in.Write(append(b, '\n')); err != nil {
		return answer{}, fmt.Errorf("%s: %s: %w", d.name, cmd, err)
	}
	a, err := d.read(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %s %v: %w", d.name, cmd, args, err)
	}
	return a, nil
}

// read reads one answer. If it does not come in time the device is ended,
// which also ends the goroutine that reads.
func (d *device) read(ctx context.Context) (answer, error) {
	type result struct {
		line []byte
		err  error
	}
	got := make(chan result, 1)
	go func() {
		line, err := d.out.ReadBytes('\n')
		got <- result{line, err}
	}()
	var a answer
	select {
	case r := <-got:
		if r.err != nil {
			return a, fmt.Errorf("the device has ended: %w", r.err)
		}
		if err := json.Unmarshal(r.line, &a); err != nil {
			return a, fmt.Errorf("answer %q: %w", r.line, err)
		}
	case <-time.After(devicePatience):
		_ = d.cmd.Process.Kill() // it is of no use any more
		return a, fmt.Errorf("no answer after %s", devicePatience)
	case <-ctx.Done():
		return a, ctx.Err()
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// stop ends the device and waits for it.
func (d *device) stop() {
	_ = d.in.Close() // the device ends when its input does
	_ = d.cmd.Wait() // how it ended no longer matters
}

// findNodeModules is where automerge-repo is installed: the folder that was
// named, or the nearest above the working directory or the binary.
func findNodeModules(named string) (string, error) {
	var starts []string
	if named != "" {
		if filepath.Base(named) == "node_modules" {
			named = filepath.Dir(named)
		}
		starts = []string{named}
	} else {
		if dir, err := os.Getwd(); err == nil {
			starts = append(starts, dir)
		}
		if binary, err := os.Executable(); err == nil {
			starts = append(starts, filepath.Dir(binary))
		}
	}
	for _, dir := range starts {
		for {
			modules := filepath.Join(dir, "node_modules")
			if _, err := os.Stat(filepath.Join(modules, "@automerge", "automerge-repo", "package.json")); err == nil {
				return filepath.Abs(modules)
			}
			parent := filepath.Dir(dir)
			if parent == dir || named != "" {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("the demo's devices are real automerge-repo clients, which are not installed here; " +
		"run it in the repository with `npx -y rust-just@1.57.0 run`, or name a folder with --node-modules after " +
		"`npm install @automerge/automerge@3.5.0 @automerge/automerge-repo@2.5.6 @automerge/automerge-repo-network-websocket@2.5.6 @automerge/automerge-repo-storage-nodefs@2.5.6` in it")
}
