package postgres

import (
	"context"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"wedsync/store"
)

func TestNodesMakeTheTablesOfJobsOnceAndShareThem(t *testing.T) {
	address := database(t)
	var g errgroup.Group
	nodes := []*Store{opened(t, address), opened(t, address), opened(t, address)}
	for _, s := range nodes {
		g.Go(func() error { return s.PutJobs(t.Context(), store.Job{Kind: "inbound"}) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var working errgroup.Group
	ran := make(chan struct{}, 99)
	for _, s := range nodes[1:] {
		working.Go(func() error {
			return s.WorkJobs(ctx, map[string]store.Worker{"inbound": {AtOnce: 1, Run: func(context.Context, store.Job) error {
				ran <- struct{}{}
				return nil
			}}})
		})
	}
	for range nodes {
		<-ran
	}
	if err := nodes[0].PutJobs(t.Context(), store.Job{Kind: "inbound"}); err != nil { // the others find it
		t.Fatal(err)
	}
	<-ran
	cancel()
	if err := working.Wait(); err != nil {
		t.Error(err)
	}
	if len(ran) > 0 {
		t.Errorf("%d jobs ran twice", len(ran))
	}
}

func TestMigrationMakesTheTablesOfJobs(t *testing.T) {
	address := database(t)
	for range 2 {
		if _, _, err := Migrate(t.Context(), address); err != nil {
			t.Fatal(err)
		}
	}
	var made bool
	if err := opened(t, address).readers.QueryRow(t.Context(), `SELECT to_regclass('river.river_job') IS NOT NULL`).Scan(&made); err != nil || !made {
		t.Errorf("made: %t, %v", made, err)
	}
}

func TestCallsOfOneNodeMakeTheTablesOfJobsOnce(t *testing.T) {
	s := opened(t, database(t))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := s.PutJobs(t.Context(), store.Job{Kind: "inbound"}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}
