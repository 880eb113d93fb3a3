package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Holds returns an error that says so unless a directory holds a store.
func Holds(dir string) error {
	_, err := os.Stat(filepath.Join(dir, databaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds no hub's data: give the hub's directory with --data", dir)
	}
	return err
}

// maxFaults is how many faults of the file are told.
const maxFaults = 100

// Check has SQLite read the whole file, and returns what it finds wrong with its
// pages, tables and indexes.
func (s *Store) Check(ctx context.Context) (faults []string, err error) {
	query := fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxFaults)
	err = s.read(ctx, "check", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, nil, func(rows *sql.Rows) error {
			var fault string
			err := rows.Scan(&fault)
			if fault != "ok" {
				faults = append(faults, fault)
			}
			return err
		})
	})
	return faults, err
}
