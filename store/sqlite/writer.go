package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// A writer is one connection that writes when it is its turn.
type writer struct {
	db   *sql.DB
	turn chan struct{} // shared by all writers of a store; full while one writes
	tx   transaction   // touched only by who has the turn
}

// openWriter opens a connection whose commits are as durable as synchronous says. It
// overwrites what it frees, so that erasures need not look for it.
func openWriter(file, synchronous string, turn chan struct{}) (*writer, error) {
	db, err := openDatabase(file, synchronous, 1, "&_pragma=secure_delete(on)")
	if err != nil {
		return nil, err
	}
	return &writer{db: db, turn: turn}, nil
}

func (w *writer) close() error { return errors.Join(w.tx.close(), w.db.Close()) }

// do runs f in a transaction: all of it or, if f fails, nothing. A context that
// ends before the transaction began stops it; afterwards f gets one that does
// not end.
func (w *writer) do(ctx context.Context, f func(context.Context, *transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()

	ctx = context.WithoutCancel(ctx)
	if err := w.tx.connect(ctx, w.db); err != nil {
		return err
	}
	if _, err := w.tx.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(ctx, &w.tx)
	if err == nil {
		_, err = w.tx.exec(ctx, "COMMIT")
	}
	if err != nil {
		// It fails only if SQLite has already rolled back, which is as good.
		_, _ = w.tx.exec(ctx, "ROLLBACK")
	}
	return err
}

// A transaction runs statements on the writer's connection and keeps them
// prepared for the next. Queries are constants, so they are few.
type transaction struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func (t *transaction) connect(ctx context.Context, db *sql.DB) (err error) {
	if t.conn != nil {
		return nil
	}
	t.statements = map[string]*sql.Stmt{}
	t.conn, err = db.Conn(ctx)
	return err
}

func (t *transaction) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if known := t.statements[query]; known != nil {
		return known, nil
	}
	made, err := t.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	t.statements[query] = made
	return made, nil
}

// exec runs a statement and returns how many rows it changed.
func (t *transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := t.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row reads the one row of a query, or sql.ErrNoRows.
func (t *transaction) row(ctx context.Context, query string, args []any, into ...any) error {
	st, err := t.statement(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// rows calls each for every row of a query until it returns an error. It runs no
// other statement.
func (t *transaction) rows(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error {
	st, err := t.statement(ctx, query)
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

func (t *transaction) close() error {
	if t.conn == nil {
		return nil
	}
	return errors.Join(closeAll(t.statements), t.conn.Close())
}
