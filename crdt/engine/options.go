package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options say how an engine runs. Each zero field means its stated default.
type Options struct {
	Workers      int                   // processes; 1
	Deadline     time.Duration         // of one load in a worker; 10 s
	MemoryLimit  int64                 // bytes that one worker may take beyond what it starts with, enforced on Linux; 1 GiB
	RecycleAfter int                   // calls after which a worker is replaced by a fresh one; 1000
	Log          *slog.Logger          // slog.Default()
	Registerer   prometheus.Registerer // none
	Command      []string              // a program that calls Main, and its arguments; this executable
}

// minMemory is the least memory in which a worker handles small records.
const minMemory = 32 << 20

func (o Options) withDefaults() (Options, error) {
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.Deadline == 0 {
		o.Deadline = 10 * time.Second
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = 1 << 30
	}
	if o.RecycleAfter == 0 {
		o.RecycleAfter = 1000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Workers < 0 || o.Deadline < 0 || o.RecycleAfter < 0 {
		return o, errors.New("engine options: negative number")
	}
	if o.MemoryLimit < minMemory {
		return o, fmt.Errorf("engine options: memory limit of %d bytes, at least %d are needed", o.MemoryLimit, minMemory)
	}
	if len(o.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("engine options: find this executable: %w", err)
		}
		o.Command = []string{self}
	}
	return o, nil
}
