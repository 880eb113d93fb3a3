package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"wedsync/store"
)

// explain says what an error of PostgreSQL or of the way there means for callers
// and, where a person can do something, what. Other errors stay as they are.
// ctx is the caller's: what it ended is the caller's.
func explain(ctx context.Context, err error) error {
	var commit *store.CommitError
	var server *pgconn.PgError
	var network net.Error
	var connecting *pgconn.ConnectError
	switch {
	case isNone(err):
		return store.ErrNotFound
	case errors.As(err, &commit), isOurs(err), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	case errors.As(err, &server):
		return explainServer(server, err)
	case errors.As(err, &connecting):
		return store.Unavailable("cannot be reached (is the server running, and the address right?)", err)
	case errors.Is(err, context.DeadlineExceeded):
		return store.Unavailable("does not answer", err)
	case errors.As(err, &network), errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isClosed(err):
		return store.Unavailable("the connection was lost", err)
	}
	return err
}

// isOurs reports whether callers already know what the error means.
func isOurs(err error) bool {
	for _, known := range []error{
		store.ErrNotFound, store.ErrUnavailable, store.ErrStale, store.ErrNotEmpty, store.ErrTooMany, store.ErrCorrupt,
		store.ErrUnfinished,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// isClosed reports whether pgx refused to use a connection that had been lost.
func isClosed(err error) bool {
	return pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}

// explainServer explains what the server itself said.
func explainServer(e *pgconn.PgError, err error) error {
	unavailable := func(reason string) error { return store.Unavailable(reason, err) }
	switch e.Code {
	case "25006":
		return unavailable("the server only lets read (is it a standby? give the address of the primary)")
	case "53100":
		return unavailable("the server's disk is full (free some space)")
	case "53200":
		return unavailable("the server is out of memory")
	case "53300", "53400":
		return unavailable("the server is out of connections (raise max_connections, or run fewer nodes)")
	case "57P01", "57P02", "57P03":
		return unavailable("the server is stopping or starting")
	case "25P03", "57014", "57P05":
		return unavailable("the server ended what took too long")
	case "40P01", "40001", "55P03":
		return unavailable("others hold the rows")
	case "58030":
		return unavailable("the server's disk fails (check its log)")
	case "XX001", "XX002":
		return fmt.Errorf("%w: the database is damaged (restore it from a backup): %w", store.ErrCorrupt, err)
	case "3D000":
		return unavailable("there is no such database (create it)")
	case "42501":
		return unavailable("the user may not do that (the hub's user owns its tables)")
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58":
		return unavailable("the server cannot work now")
	case "28":
		return unavailable("the server does not let the user in (check user and password)")
	}
	return err
}
