package source

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// Sift looks at ids, at most so many at once, and returns those that look says are
// gone, in their order. The first error ends it.
func Sift(ctx context.Context, ids []string, atOnce int, look func(ctx context.Context, id string) (bool, error)) (gone []string, err error) {
	missing := make([]bool, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, id := range ids {
		g.Go(func() (err error) {
			missing[i], err = look(ctx, id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, id := range ids {
		if missing[i] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// IsGone reports whether an error says that there is no such thing; it returns any other.
func IsGone(err error) (bool, error) {
	if errors.Is(err, ErrGone) {
		return true, nil
	}
	return false, err
}
