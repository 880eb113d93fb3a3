package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wedsync/store"
)

// jobPatience is how long a job may take that nothing keeps from being run.
const jobPatience = 30 * time.Second

// working has jobs worked on until it is called.
func (b *bench) working(workers map[string]store.Worker) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.WorkJobs(ctx, workers) }()
	return sync.OnceFunc(func() {
		cancel()
		b.ok("work jobs", <-ended)
	})
}

func (b *bench) put(jobs ...store.Job) {
	b.Helper()
	b.ok("put jobs", b.PutJobs(b.ctx, jobs...))
}

// await waits for something that jobs send.
func await[T any](b *bench, what string, from <-chan T) (got T) {
	b.Helper()
	select {
	case got = <-from:
	case <-time.After(jobPatience):
		b.Fatalf("%s: nothing after %s", what, jobPatience)
	}
	return got
}

var jobCases = []testcase{
	{"JobsAreRunAndSayWhatTheyWereGiven", func(b *bench) {
		ran := make(chan store.Job, 9)
		run := func(_ context.Context, j store.Job) error {
			j.At = time.Time{}
			ran <- j
			return nil
		}
		before := store.Job{Kind: "inbound_1", Supplier: "rose\x00", Key: "\xff k"}
		other := store.Job{Kind: "outbound", Supplier: "rose", Key: "k"}
		b.put(before, other)
		b.restart()
		stop := b.working(map[string]store.Worker{"inbound_1": {Run: run, AtOnce: 2}})
		b.same("job", await(b, "a job of before", ran), before)
		bare := store.Job{Kind: "inbound_1"}
		b.put(bare)
		b.same("job", await(b, "a job", ran), bare)
		stop()
		defer b.working(map[string]store.Worker{"outbound": {Run: run, AtOnce: 1}})()
		b.same("job of another kind", await(b, "a job of another kind", ran), other)
		b.same("others that ran", len(ran), 0)
	}},
	{"JobsRunLaterAgainAndAtIntervals", laterJobs},
	{"NoMoreJobsRunAtOnceThanAreToAndAllOfThemRun", func(b *bench) {
		const all, most = 60, 3
		var now, peak, ran atomic.Int32
		over := make(chan struct{})
		run := func(context.Context, store.Job) error {
			n := now.Add(1)
			for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
			defer now.Add(-1)
			if ran.Add(1) == all {
				close(over)
			}
			return nil
		}
		defer b.working(map[string]store.Worker{"inbound": {Run: run, AtOnce: most}})()
		for n := range all / 10 {
			var jobs []store.Job
			for m := range 10 {
				jobs = append(jobs, store.Job{Kind: "inbound", Key: fmt.Sprint(n, " ", m)})
			}
			b.put(jobs...)
		}
		await(b, "the last job", over)
		if peak.Load() > most {
			b.Errorf("%d jobs ran at once, want at most %d", peak.Load(), most)
		}
	}},
	{"WorkEndsWithItsContextAndWaitsForWhatRuns", func(b *bench) {
		began, ended := make(chan struct{}), make(chan struct{})
		run := func(ctx context.Context, _ store.Job) error {
			close(began)
			<-ctx.Done()
			_, err := b.Connections(b.ctx, "rose") // the store is still open
			close(ended)
			return errors.Join(err, ctx.Err())
		}
		stop := b.working(map[string]store.Worker{"inbound": {Run: run, AtOnce: 1}})
		b.put(store.Job{Kind: "inbound"})
		await(b, "the job", began)
		if err := b.WorkJobs(b.ctx, map[string]store.Worker{"other": {Run: run, AtOnce: 1}}); err == nil {
			b.Error("two work on the jobs of one store")
		}
		stop()
		select {
		case <-ended:
		default:
			b.Error("work ended before the job")
		}
	}},
	{"ClosedStoreEndsItsWork", func(b *bench) {
		began := make(chan struct{})
		run := func(ctx context.Context, _ store.Job) error {
			close(began)
			<-ctx.Done()
			_, err := b.Connections(context.WithoutCancel(ctx), "rose") // the store is still open
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- b.WorkJobs(b.ctx, map[string]store.Worker{"inbound": {Run: run, AtOnce: 1}}) }()
		b.put(store.Job{Kind: "inbound"})
		await(b, "the job", began)
		closed := b.Store
		b.ok("close", closed.Close())
		for what, err := range map[string]error{
			"work": await(b, "the end", ended), "put": closed.PutJobs(b.ctx, store.Job{Kind: "inbound"}),
			"work again": closed.WorkJobs(b.ctx, map[string]store.Worker{"inbound": {Run: run, AtOnce: 1}}),
		} {
			if !errors.Is(err, store.ErrUnavailable) {
				b.Errorf("%s: got error %v, want %v", what, err, store.ErrUnavailable)
			}
		}
		b.start()
	}},
	{"WhatIsNoJobOrWorkerIsRefused", func(b *bench) {
		run := func(context.Context, store.Job) error { return nil }
		for _, kind := range []string{"", "x", "Inbound", "in bound", "1st"} {
			if b.PutJobs(b.ctx, store.Job{Kind: kind}) == nil || b.WorkJobs(b.ctx, map[string]store.Worker{kind: {Run: run, AtOnce: 1}}) == nil {
				b.Errorf("kind %q is taken", kind)
			}
		}
		b.tooMany("a long key", b.PutJobs(b.ctx, store.Job{Kind: "inbound", Key: string(make([]byte, store.MaxJobKey+1))}))
		for what, w := range map[string]store.Worker{
			"none at once": {Run: run}, "nothing to run": {AtOnce: 1}, "every moment": {Run: run, AtOnce: 1, Every: 1},
			"long": {Run: run, AtOnce: 1, Within: store.MaxJobTime + 1},
		} {
			if b.WorkJobs(b.ctx, map[string]store.Worker{"inbound": w}) == nil {
				b.Errorf("a worker is taken: %s", what)
			}
		}
		b.ok("put none", b.PutJobs(b.ctx))
	}},
}

// laterJobs has a job run at its time, one that fails again, one that takes too
// long ended, and one at intervals.
func laterJobs(b *bench) {
	at := time.Now().Add(time.Second)
	later, again, ended, sweep := make(chan time.Time, 9), make(chan struct{}, 9), make(chan error, 9), make(chan store.Job, 9)
	var failed atomic.Bool
	defer b.working(map[string]store.Worker{
		"later": {AtOnce: 1, Run: func(context.Context, store.Job) error { later <- time.Now(); return nil }},
		"again": {AtOnce: 1, Run: func(context.Context, store.Job) error {
			if !failed.Swap(true) {
				return errors.New("not yet")
			}
			again <- struct{}{}
			return nil
		}},
		"endless": {AtOnce: 1, Within: 50 * time.Millisecond, Run: func(ctx context.Context, _ store.Job) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil
		}},
		"sweep": {AtOnce: 1, Every: store.MinJobInterval, Run: func(_ context.Context, j store.Job) error { sweep <- j; return nil }},
	})()
	b.put(store.Job{Kind: "later", At: at}, store.Job{Kind: "again"}, store.Job{Kind: "endless"})
	if err := await(b, "the job that takes too long", ended); !errors.Is(err, context.DeadlineExceeded) {
		b.Errorf("it ended with %v", err)
	}
	await(b, "the job that failed", again)
	if ran := await(b, "the job of later", later); ran.Before(at) {
		b.Errorf("a job ran %s before its time", at.Sub(ran))
	}
	for range 2 {
		if j := await(b, "a sweep", sweep); j.Kind != "sweep" || j.Supplier != "" || j.Key != "" {
			b.Errorf("a sweep is %+v", j)
		}
	}
}
