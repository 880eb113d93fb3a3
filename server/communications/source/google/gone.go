package google

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"wedsync/server/communications/source"
)

var _ source.Checker = Source{}

// Gone implements [source.Checker]. Of calendars all is told whenever they are read
// again, what was removed too.
func (Source) Gone(ctx context.Context, a source.Account, scope string, ids []string) (gone []string, err error) {
	if scope != mailScope {
		return nil, nil
	}
	missing := make([]bool, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askers)
	for i, id := range ids {
		if strings.HasPrefix(id, calendarScope) {
			continue
		}
		g.Go(func() error {
			var m reference
			q := url.Values{"format": {"minimal"}, "fields": {"id"}}
			err := ask(ctx, a, question{path: me + "/messages/" + url.PathEscape(id), query: q, cost: costGet}, &m)
			if missing[i] = errors.Is(err, source.ErrGone); missing[i] {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("look whether messages are there: %w", err)
	}
	for i, id := range ids {
		if missing[i] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}
