package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// counter reads one of a hub's counters.
func (s *server) counter(ctx context.Context, series string) (float64, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return 0, fmt.Errorf("ask for the hub's counters: %w", err)
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return 0, fmt.Errorf("ask for the hub's counters: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // was read as far as it matters
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if count, found := strings.CutPrefix(lines.Text(), series+" "); found {
			n, err := strconv.ParseFloat(count, 64)
			if err != nil {
				return 0, fmt.Errorf("the hub's counter %s: %w", series, err)
			}
			return n, nil
		}
	}
	return 0, errors.Join(fmt.Errorf("the hub does not count %s (%s)", series, answer.Status), lines.Err())
}

// shared counts the commits and the transactions that stored them so far.
// Servers that are no hubs have none.
func (s *server) shared(ctx context.Context) (commits, transactions float64, err error) {
	if s.metrics == "" {
		return 0, 0, nil
	}
	commits, err = s.counter(ctx, "wedsync_commits_total")
	if err == nil {
		transactions, err = s.counter(ctx, "wedsync_appends_total")
	}
	return commits, transactions, err
}
