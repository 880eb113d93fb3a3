package google

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"wedsync/server/communications/source"
)

var _ source.Checker = Source{}

// Gone implements [source.Checker]. Of calendars all is told whenever they are read
// again, what was removed too.
func (Source) Gone(ctx context.Context, a source.Account, scope string, ids []string) (gone []string, err error) {
	if scope != mailScope {
		return nil, nil
	}
	gone, err = source.Sift(ctx, ids, askers, func(ctx context.Context, id string) (bool, error) {
		if strings.HasPrefix(id, calendarScope) {
			return false, nil
		}
		q := url.Values{"format": {"minimal"}, "fields": {"id"}}
		return source.IsGone(ask(ctx, a, question{path: me + "/messages/" + url.PathEscape(id), query: q, cost: costGet}, new(reference)))
	})
	if err != nil {
		return nil, fmt.Errorf("look whether messages are there: %w", err)
	}
	return gone, nil
}
