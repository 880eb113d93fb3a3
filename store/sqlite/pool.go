package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A pool is a set of connections that read and keep their statements prepared.
type pool struct {
	db *sql.DB

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

// openPool opens connections that only read.
func openPool(file string, connections int) (*pool, error) {
	db, err := openDatabase(file, "normal", connections, "&_query_only=1")
	if err != nil {
		return nil, err
	}
	return &pool{db: db, statements: map[string]*sql.Stmt{}}, nil
}

func (p *pool) close() error { return errors.Join(closeAll(p.statements), p.db.Close()) }

// closeAll closes statements. A connection that has one left keeps its files open.
func closeAll(statements map[string]*sql.Stmt) error {
	var errs []error
	for _, st := range statements {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}

// statement prepares a query once. Queries are constants, so they are few.
func (p *pool) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	known := p.statements[query]
	p.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	made, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.statements[query]; known != nil {
		return known, made.Close()
	}
	p.statements[query] = made
	return made, nil
}

// row reads the one row of a query, or sql.ErrNoRows.
func (p *pool) row(ctx context.Context, query string, args []any, into ...any) error {
	st, err := p.statement(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// rows calls each for every row of a query until it returns an error.
func (p *pool) rows(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error {
	st, err := p.statement(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
