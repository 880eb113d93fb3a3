package engine

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

// workerArgument is how an engine starts a worker; the memory limit follows.
const workerArgument = "engine-worker"

// workerVariable is set in workers, so that a program which forgot to call Main
// does not start workers of workers.
const workerVariable = "WEDSYNC_ENGINE_WORKER"

// Main runs a worker on standard input and output if this process was started
// as one, and then exits; otherwise it returns at once. Call it first in main
// and in TestMain.
func Main() {
	if len(os.Args) != 3 || os.Args[1] != workerArgument {
		return
	}
	if err := work(os.Stdin, os.Stdout, os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "engine worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// work answers requests until in ends. Its first answer says that it is ready.
func work(in io.Reader, out io.Writer, limit string) error {
	bytes, err := strconv.ParseInt(limit, 10, 64)
	if err != nil {
		return fmt.Errorf("memory limit: %w", err)
	}
	if err := limitMemory(bytes); err != nil {
		return fmt.Errorf("set memory limit: %w", err)
	}
	w := bufio.NewWriter(out)
	if err := answer(w, answerDone, report{}); err != nil {
		return err
	}
	r := bufio.NewReader(in)
	loaded := 0
	for {
		kind, chunks, err := readFrame(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		done, err := perform(kind, chunks)
		if err != nil {
			err = answer(w, answerRefused, report{payload: []byte(err.Error())})
		} else {
			err = answer(w, answerDone, done)
		}
		if err != nil {
			return err
		}
		// Documents are freed by finalizers, and the collector does not see how
		// large they are. The engine has its answer and does not wait for this.
		if loaded += len(chunks); loaded >= collectAfter {
			runtime.GC()
			loaded = 0
		}
	}
}

// collectAfter is how many bytes of changes a worker loads between two
// collections. As documents they take some forty times as much.
const collectAfter = 256 << 10

func answer(w *bufio.Writer, kind byte, r report) error {
	r.rss, r.data = memoryUse()
	body := r.append(nil)
	if len(body) > maxFrame {
		kind, body = answerRefused, report{payload: []byte("the result is too large")}.append(nil)
	}
	if _, err := w.Write(appendHeader(nil, kind, len(body))); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}
