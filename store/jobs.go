package store

import (
	"context"
	"time"
)

// MaxJobKey bounds the bytes of a job's supplier and of its key.
const MaxJobKey = 1 << 10

// A Job is a doorbell: it says that there is something to do, which is written
// down elsewhere.
type Job struct {
	Kind     string // of lower-case letters, digits and underscores, two to thirty-two
	Supplier string
	Key      string
	At       time.Time // when it is to be run; zero or past for now
}

// A Worker runs the jobs of one kind.
type Worker struct {
	// Run does what there is to do. After an error the job is run again, later
	// each time, until it has failed MaxJobAttempts times. It returns soon after ctx ends.
	Run    func(ctx context.Context, j Job) error
	AtOnce int // how many run on a node at the same time, at least 1
	// Every has a job of the kind with neither supplier nor key put at the start
	// and then at intervals, once for all nodes together; zero for never. It is
	// at least MinJobInterval.
	Every time.Duration
	// Within is how long one run may take before ctx ends; zero for MaxJobTime.
	Within time.Duration
}

// Bounds of jobs.
const (
	MaxJobAttempts = 10
	MinJobInterval = time.Second
	MaxJobTime     = time.Minute // after which a job is stuck and run again
)

// Jobs has jobs run. They go by the store's clock and the machine's, not by that
// which a test sets.
type Jobs interface {
	// PutJobs has jobs run, each at least once, at or soon after its time, on some
	// node that works on its kind, in no order. Two alike may both run, and at the
	// same time, also if one was put once. Jobs may be lost with the file that
	// holds them: what matters is to be found elsewhere.
	PutJobs(ctx context.Context, jobs ...Job) error
	// WorkJobs runs jobs until ctx ends, and then returns nil when those that run
	// have returned, whose ctx ended with it. It may be called once at a time.
	WorkJobs(ctx context.Context, workers map[string]Worker) error
}
