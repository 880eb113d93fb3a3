package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"wedsync/store"
)

// explain says what an error of SQLite means for callers and, where a person
// can do something, what. Other errors stay as they are.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		return err
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_FULL:
		return store.Unavailable("the disk is full (free some space)", err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_CANTOPEN:
		return store.Unavailable("the file cannot be written (check its owner, mode and mount)", err)
	case codes.SQLITE_IOERR:
		return store.Unavailable("the disk fails (check the system's log)", err)
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return store.Unavailable("another process holds the file (stop it)", err)
	case codes.SQLITE_NOMEM:
		return store.Unavailable("out of memory", err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return fmt.Errorf("%w: the file is damaged (restore it from a backup): %w", store.ErrCorrupt, err)
	}
	return err
}

// isDuplicate reports whether a row would have broken a unique index.
func isDuplicate(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == codes.SQLITE_CONSTRAINT_UNIQUE
}
