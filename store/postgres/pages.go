package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

// errPageFull ends a page early.
var errPageFull = errors.New("page is full")

// page reads rows until they hold more than store.MaxPage bytes. scan reads one, and
// says how many it holds.
func page[T any](ctx context.Context, p *pgxpool.Pool, query string, args []any, scan func(pgx.Rows) (row T, bytes int, err error)) (found []T, err error) {
	size := 0
	rows, err := p.Query(ctx, query, args...)
	err = each(rows, err, func(rows pgx.Rows) error {
		row, bytes, err := scan(rows)
		if err != nil {
			return err
		}
		found = append(found, row)
		if size += bytes; size > store.MaxPage {
			return errPageFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, errPageFull) {
		return nil, err
	}
	return found, nil
}

// counts reads how many there are of whom, by state.
func counts[S ~string](ctx context.Context, p *pgxpool.Pool, query string, args ...any) (map[string]map[S]int, error) {
	found := make(map[string]map[S]int)
	rows, err := p.Query(ctx, query, args...)
	err = each(rows, err, func(rows pgx.Rows) error {
		var whose, state string
		var n int
		err := rows.Scan(&whose, &state, &n)
		whose = unescape(whose)
		if found[whose] == nil {
			found[whose] = make(map[S]int)
		}
		found[whose][S(state)] = n
		return err
	})
	return found, err
}
