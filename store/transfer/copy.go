package transfer

import (
	"context"
	"fmt"

	"wedsync/store"
)

// copy moves what has not arrived of a supplier.
func (t *transfer) copy(ctx context.Context, s *supplier) error {
	for _, step := range []func(context.Context, *supplier) error{t.policies, t.devices, t.access, t.records, t.journal, t.hooks, t.talks} {
		if err := step(ctx, s); err != nil {
			return fmt.Errorf("copy supplier %q: %w", s.name, err)
		}
	}
	t.progress.Suppliers++
	t.tell()
	return nil
}

// policies moves the policies that are newer than those that have arrived.
func (t *transfer) policies(ctx context.Context, s *supplier) error {
	there, err := t.From.PolicyVersions(ctx, s.name)
	if err != nil {
		return err
	}
	here, err := t.To.PolicyVersions(ctx, s.name)
	if err != nil {
		return err
	}
	for _, p := range there {
		if len(here) > 0 && p.Version <= here[len(here)-1].Version {
			continue
		}
		if err := t.To.SetPolicy(ctx, s.name, p); err != nil {
			return err
		}
	}
	return nil
}

func (t *transfer) devices(ctx context.Context, s *supplier) error {
	devices, err := t.From.DevicesOf(ctx, s.name)
	if err != nil {
		return err
	}
	return t.To.Seen(ctx, devices)
}

func (t *transfer) access(ctx context.Context, s *supplier) error {
	a, err := t.From.AccessOf(ctx, s.name)
	if err != nil {
		return err
	}
	return t.To.RestoreAccess(ctx, s.name, a)
}

func (t *transfer) records(ctx context.Context, s *supplier) error {
	read := s.last
	return pages(ctx, func(ctx context.Context) ([]store.Whole, error) {
		page, err := t.From.Wholes(ctx, s.name, read, pageRecords)
		if len(page) > 0 {
			read = page[len(page)-1].Record
		}
		return page, err
	}, func(page []store.Whole) error {
		if err := t.To.Restore(ctx, page); err != nil {
			return err
		}
		t.progress.Records += len(page)
		t.tell()
		return nil
	})
}

func (t *transfer) journal(ctx context.Context, s *supplier) error {
	read := s.entered
	return pages(ctx, func(ctx context.Context) ([]store.Entry, error) {
		page, err := t.From.Journal(ctx, s.name, read, pageEntries)
		read += uint64(len(page))
		return page, err
	}, func(page []store.Entry) error {
		if err := t.To.Enter(ctx, s.name, page); err != nil {
			return err
		}
		t.progress.Entries += uint64(len(page))
		t.tell()
		return nil
	})
}

// pages writes page after page until an empty one, and reads the next one
// meanwhile.
func pages[T any](ctx context.Context, read func(context.Context) ([]T, error), write func([]T) error) error {
	type answer struct {
		page []T
		err  error
	}
	ctx, stop := context.WithCancel(ctx)
	answers := make(chan answer)
	go func() { // ends after the last page, or when ctx does
		defer close(answers)
		for {
			page, err := read(ctx)
			select {
			case answers <- answer{page, err}:
			case <-ctx.Done():
				return
			}
			if err != nil || len(page) == 0 {
				return
			}
		}
	}()
	defer func() {
		stop()
		for range answers { // until it has ended
		}
	}()
	for {
		a, ok := <-answers
		switch {
		case !ok:
			return ctx.Err()
		case a.err != nil || len(a.page) == 0:
			return a.err
		}
		if err := write(a.page); err != nil {
			return err
		}
	}
}
