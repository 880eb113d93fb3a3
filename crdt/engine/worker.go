package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// A worker is a process that answers one request at a time. Whoever holds its
// slot owns it.
type worker struct {
	cmd    *exec.Cmd
	in     *os.File // its standard input
	out    *os.File // its standard output
	stderr notes
	gone   chan struct{} // closed when the process has ended and is reaped
	calls  int
	rss    int64
	data   int64 // what it holds of what is limited
	base   int64 // what it held of that when it was ready
}

// startWorker starts a process that lives until kill or until life is done, and
// waits until it is ready.
func startWorker(ctx, life context.Context, o Options) (*worker, error) {
	w := &worker{gone: make(chan struct{})}
	arguments := slices.Concat(o.Command[1:], []string{workerArgument, strconv.FormatInt(o.MemoryLimit, 10)})
	w.cmd = exec.CommandContext(life, o.Command[0], arguments...)
	w.cmd.Stderr = &w.stderr
	w.cmd.Env = append(environment(), workerVariable+"=1", "GOTRACEBACK=none")
	w.cmd.SysProcAttr = attributes()
	if err := w.launch(); err != nil {
		return nil, fmt.Errorf("%w: start %s: %w", ErrWorker, o.Command[0], err)
	}
	ready, err := w.exchange(ctx, o.Deadline, nil)
	var d *death
	if errors.As(err, &d) {
		return nil, fmt.Errorf("%w: %s was not ready to work: %s", d.err, o.Command[0], d.detail)
	}
	if err != nil {
		w.kill()
		return nil, err
	}
	w.base = ready.data
	return w, nil
}

// launch starts the process. Its ends of the pipes are closed here, so that
// reading from it ends when it does.
func (w *worker) launch() error {
	inR, inW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer inR.Close()
	outR, outW, err := os.Pipe()
	if err != nil {
		inW.Close()
		return err
	}
	defer outW.Close()
	w.cmd.Stdin, w.cmd.Stdout = inR, outW
	w.in, w.out = inW, outR
	started := make(chan error)
	go w.run(started)
	if err := <-started; err != nil {
		inW.Close()
		outR.Close()
		return err
	}
	return nil
}

// environment is what the dynamic loader needs: the hub's secrets are no
// business of a worker.
func environment() []string {
	var keep []string
	for _, name := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GOCOVERDIR", "GORACE"} {
		if v, ok := os.LookupEnv(name); ok {
			keep = append(keep, name+"="+v)
		}
	}
	return keep
}

// run is the worker's one goroutine. It ends when the process has ended. It
// keeps its thread, since the kernel kills the process when that thread ends.
func (w *worker) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(w.gone)
	err := w.cmd.Start()
	started <- err
	if err == nil {
		// How the process ended stands in cmd.ProcessState.
		_ = w.cmd.Wait()
	}
}

// ended reports whether the process has ended.
func (w *worker) ended() bool {
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}

// kill ends the process and returns when it is gone.
func (w *worker) kill() {
	// The one error is that it has ended already.
	_ = w.cmd.Process.Kill()
	<-w.gone
	w.in.Close()
	w.out.Close()
}

// call sends a task and its history, and returns the answer. On a *death the
// worker is gone; on ErrRefused it lives.
func (w *worker) call(ctx context.Context, deadline time.Duration, task byte, h history) (report, error) {
	w.calls++
	return w.exchange(ctx, deadline, func(in io.Writer) error {
		var b bytes.Buffer
		b.Grow(frameHeader + h.size())
		b.Write(appendHeader(b.AvailableBuffer(), task, h.size()))
		for _, c := range h {
			b.Write(c.raw)
		}
		_, err := in.Write(b.Bytes())
		return err
	})
}

// exchange writes a request, if there is one, and reads an answer.
func (w *worker) exchange(ctx context.Context, deadline time.Duration, request func(io.Writer) error) (report, error) {
	until := time.Now().Add(deadline)
	if err := errors.Join(w.in.SetDeadline(until), w.out.SetDeadline(until)); err != nil {
		return report{}, w.buried(ctx, err)
	}
	// A caller that gives up costs the worker: it may be in native code, which
	// nothing else interrupts.
	stop := context.AfterFunc(ctx, func() { _ = w.cmd.Process.Kill() })
	defer func() {
		if !stop() {
			<-w.gone // so that the next call does not meet a dying worker
		}
	}()
	if request != nil {
		if err := request(w.in); err != nil {
			return report{}, w.buried(ctx, err)
		}
	}
	kind, body, err := readFrame(w.out)
	if err != nil {
		return report{}, w.buried(ctx, err)
	}
	r, err := readReport(body)
	if err != nil {
		return report{}, w.buried(ctx, err)
	}
	w.rss, w.data = r.rss, r.data
	switch kind {
	case answerDone:
		return r, nil
	case answerRefused:
		return report{}, fmt.Errorf("%w: %.500q", ErrRefused, r.payload)
	}
	return report{}, w.buried(ctx, fmt.Errorf("answer %q: %w", kind, errFrame))
}
