package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxAttempts is how often a transaction is tried that others keep from its rows.
const maxAttempts = 5

// transact runs f in a transaction: all of it or, if f fails, nothing. A context
// that ends before the transaction began stops it; afterwards f gets one that
// ends only if the server does not answer.
func transact(ctx context.Context, pool *pgxpool.Pool, f func(context.Context, pgx.Tx) error) error {
	var err error
	for range maxAttempts {
		if err = ctx.Err(); err != nil {
			return err
		}
		if err = transactOnce(ctx, pool, f); !isContended(err) {
			return err
		}
	}
	return err
}

func transactOnce(ctx context.Context, pool *pgxpool.Pool, f func(context.Context, pgx.Tx) error) error {
	conn, err := acquire(ctx, pool)
	if err != nil {
		return err
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return f(ctx, tx) })
}

// acquire waits for a connection until the context ends, but not for ever.
func acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return pool.Acquire(ctx)
}

// isContended reports whether a transaction was undone because of what others
// did at the same time, so that it may succeed when tried again.
func isContended(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err != nil && pgconn.SafeToRetry(err)
	}
	switch e.Code {
	case "40P01", // deadlock
		"40001", // serialisation
		"55P03": // lock timeout
		return true
	case "23505": // two answered the same key at once
		return e.ConstraintName == "answers_pkey"
	}
	return false
}
